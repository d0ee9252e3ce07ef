import { type ResourceRecord, concatBytes, encodeName, uint16Bytes, uint32Bytes } from "../records/index.ts";

export const Rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

export interface Response {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly authoritative: boolean;
  readonly rcode: number;
  /** As asked, letter case kept: clients check it (0x20). */
  readonly question?: { readonly wireName: Uint8Array; readonly name: string; readonly type: number; readonly class: number };
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** The payload size to announce; undefined for a question without EDNS (RFC 6891 section 7). */
  readonly edns: number | undefined;
}

const CLASS_IN = 1;
const OPT = 41;
const QUESTION_POINTER = Uint8Array.of(0xc0, 12);

/** The message, or its truncated form (TC, no records) when it is longer than `limit` octets. */
export function encodeResponse(response: Response, limit: number): Uint8Array {
  const whole = encode(response, false);
  return whole.length <= limit ? whole : encode({ ...response, answers: [], authority: [] }, true);
}

function encode(response: Response, truncated: boolean): Uint8Array {
  const { question, answers, authority, edns } = response;
  return concatBytes([
    uint16Bytes(response.id),
    uint16Bytes(flags(response, truncated)),
    ...[question === undefined ? 0 : 1, answers.length, authority.length, edns === undefined ? 0 : 1].map(uint16Bytes),
    ...(question === undefined ? [] : [question.wireName, uint16Bytes(question.type), uint16Bytes(question.class)]),
    ...[...answers, ...authority].flatMap((record) => encodeRecord(record, question?.name)),
    ...(edns === undefined ? [] : [Uint8Array.of(0), uint16Bytes(OPT), uint16Bytes(edns), uint32Bytes(0), uint16Bytes(0)]),
  ]);
}

function flags({ opcode, authoritative, recursionDesired, rcode }: Response, truncated: boolean): number {
  return 0x8000 | (opcode << 11) | (authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) | (recursionDesired ? 0x0100 : 0) | rcode;
}

/** An owner that is the question's name is a pointer to it (RFC 1035 section 4.1.4). */
function encodeRecord({ name, type, ttl, data }: ResourceRecord, questionName: string | undefined): Uint8Array[] {
  const owner = name === questionName ? QUESTION_POINTER : encodeName(name);
  return [owner, uint16Bytes(type), uint16Bytes(CLASS_IN), uint32Bytes(ttl), uint16Bytes(data.length), data];
}
