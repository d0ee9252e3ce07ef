import { type IpAddress, sameIp } from "../../address/index.ts";
import { CLASS_IN, Flag, MessageError, Opcode, type Outline, Rcode, RecordCursor, encodeMessage, outlineOf } from "../message/index.ts";
import { RdataError, RecordType, decodeSoa, typeName } from "../records/index.ts";
import { type CheckedRequest, type TsigCrypto, type TsigKey, signAnswer, verifyRequest } from "../tsig/index.ts";
import { rcodeName } from "./error.ts";

/** Who may say of one zone that it has changed: these addresses, and whoever signs with one of these keys. */
export interface NotifyZone {
  readonly apex: string;
  readonly sources: readonly IpAddress[];
  readonly keys: readonly TsigKey[];
  /** Whether all that may say so have a key. */
  readonly areAllKeyed?: boolean;
}

export interface Notice {
  readonly apex: string;
  /** The new serial, where the message says it: a hint that nobody has signed for. */
  readonly serial: number | undefined;
  /** It is not signed, although all that may send it could have: the address may be forged. */
  readonly isDoubtful: boolean;
}

/** What is to be done about a message. */
export interface Hearing {
  readonly answer: Uint8Array | undefined;
  readonly notice: Notice | undefined;
  /** Why there is no notice, for the log. */
  readonly problem: string | undefined;
}

interface Verdict {
  readonly rcode: number;
  readonly problem?: string;
}

/** Hears one message that may be a NOTIFY (RFC 1996) from `source`; `now` is in seconds since 1970. */
export function hearNotify(message: Uint8Array, source: IpAddress, zones: readonly NotifyZone[], crypto: TsigCrypto, now: number): Hearing {
  const outline = readable(message);
  // A response is never answered: two that answer each other would never end.
  if (outline === undefined || outline.header.isResponse) return { answer: undefined, notice: undefined, problem: "it is no DNS request" };
  const { tsigAt } = outline;
  const request = tsigAt === undefined ? undefined : verifyRequest(message, tsigAt, zones.flatMap(({ keys }) => keys), crypto, now);
  const verdict = tsigAt !== undefined && request === undefined ? { rcode: Rcode.FORMERR, problem: "its TSIG record is malformed" } : judge(outline, source, zones, request);
  const answer = answerTo(outline, verdict.rcode);
  const isDoubtful = request === undefined && zones.some(({ apex, areAllKeyed }) => apex === outline.question?.name && areAllKeyed);
  return {
    answer: request === undefined ? answer : signAnswer(answer, request, crypto, now),
    notice: verdict.rcode === Rcode.NOERROR ? { apex: outline.question!.name, serial: serialIn(message, outline), isDoubtful } : undefined,
    problem: verdict.problem === undefined ? undefined : `${verdict.problem} (answered ${rcodeName(verdict.rcode)})`,
  };
}

function judge({ header, question }: Outline, source: IpAddress, zones: readonly NotifyZone[], request: CheckedRequest | undefined): Verdict {
  if (header.opcode !== Opcode.NOTIFY) return { rcode: Rcode.NOTIMP, problem: "it is no NOTIFY, and nothing else is heard here" };
  if (question === undefined) return { rcode: Rcode.FORMERR, problem: "it names no zone" };
  const { name, type } = question;
  if (type !== RecordType.SOA || question.class !== CLASS_IN) return { rcode: Rcode.NOTIMP, problem: `it is about ${name} ${typeName(type)}: only the SOA of a zone is heard` };
  if (request?.error !== undefined) return { rcode: Rcode.NOTAUTH, problem: `NOTIFY of ${name}: ${request.error.message}` };
  const zone = zones.find(({ apex }) => apex === name);
  if (zone === undefined) return { rcode: Rcode.NOTAUTH, problem: `NOTIFY of ${name}, which is no zone of ours` };
  const isKnown = zone.sources.some((known) => sameIp(known, source)) || zone.keys.some((key) => key === request?.key);
  return isKnown ? { rcode: Rcode.NOERROR } : { rcode: Rcode.REFUSED, problem: `NOTIFY of ${name} from an address that is no primary's, without a signature: name the address or a TSIG key` };
}

/** RFC 1996 section 4.7: the request with QR set. */
function answerTo({ header, question }: Outline, rcode: number): Uint8Array {
  const { id, opcode } = header;
  const flags = Flag.response | (rcode === Rcode.NOERROR ? Flag.authoritative : 0);
  return encodeMessage({ id, opcode, flags, rcode, ...(question?.class === CLASS_IN ? { question } : {}) });
}

function readable(message: Uint8Array): Outline | undefined {
  try {
    return outlineOf(message);
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}

/** RFC 1996 section 3.7: the new SOA may be there, as a hint. */
function serialIn(message: Uint8Array, { header, answersAt, question }: Outline): number | undefined {
  try {
    if (header.answers === 0) return undefined;
    const cursor = new RecordCursor(message, answersAt);
    cursor.next();
    return cursor.type === RecordType.SOA && cursor.name === question!.name ? decodeSoa(cursor.data()).serial : undefined;
  } catch (error) {
    if (error instanceof MessageError || error instanceof RdataError) return undefined;
    throw error;
  }
}
