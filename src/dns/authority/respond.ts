import { CLASS_IN, Flag, HEADER_OCTETS, type Header, MessageError, type MessageParts, Opcode, type Outline, Rcode, RecordCursor, UDP_PAYLOAD, encodeMessage, outlineOf, readHeader, readOpt } from "../message/index.ts";
import { isSubdomain } from "../records/index.ts";
import type { Zone } from "./zone.ts";

/** Without EDNS (RFC 1035 section 4.2.1). */
const PLAIN_UDP_PAYLOAD = 512;
/** IXFR, AXFR, MAILB, MAILA, ANY: what asks for more than one RRset. */
const FIRST_META_TYPE = 251;
const LAST_META_TYPE = 255;

interface Request extends Outline {
  /** The question section as it was asked. */
  readonly octets: Uint8Array;
  /** Octets that an answer over UDP may have by RFC 1035 or EDNS. */
  readonly udpRoom: number;
  readonly hasEdns: boolean;
}

/**
 * The response of a server that has these zones, of at most `limit(udpRoom)` octets, where `udpRoom` is what the asker takes over
 * UDP; undefined for what is a response itself: two servers that answer each other would never end. Throws MessageError for what
 * has no header.
 */
export function respond(message: Uint8Array, zones: Iterable<Zone>, limit: (udpRoom: number) => number): Uint8Array | undefined {
  const header = readHeader(message);
  if (header.isResponse) return undefined;
  if (header.opcode !== Opcode.QUERY) return refusal(header, Rcode.NOTIMP);
  const request = readRequest(message);
  if (request?.question === undefined) return refusal(header, Rcode.FORMERR);
  const response = answer(request, zones);
  const whole = encodeMessage(response);
  return whole.length <= limit(request.udpRoom) ? whole : encodeMessage(truncated(response));
}

/** Undefined for what is malformed. */
function readRequest(message: Uint8Array): Request | undefined {
  try {
    const outline = outlineOf(message);
    const { answers, authority, additional } = outline.header;
    const opt = readOpt(new RecordCursor(message, outline.answersAt), answers + authority + additional);
    const udpRoom = opt === undefined ? PLAIN_UDP_PAYLOAD : Math.min(UDP_PAYLOAD, Math.max(PLAIN_UDP_PAYLOAD, opt.payload));
    return { ...outline, octets: message.subarray(HEADER_OCTETS, outline.answersAt), udpRoom, hasEdns: opt !== undefined };
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}

function answer({ header, question, octets, hasEdns }: Request, zones: Iterable<Zone>): MessageParts {
  const { name, type, class: asked } = question!;
  const base = { ...headOf(header), question: { name, type, octets }, edns: hasEdns };
  const isMeta = type >= FIRST_META_TYPE && type <= LAST_META_TYPE;
  const zone = asked === CLASS_IN && !isMeta ? zoneOf(name, zones) : undefined;
  if (zone === undefined) return { ...base, rcode: Rcode.REFUSED };
  const { exists, answers, authority } = zone.lookUp(name, type);
  return { ...base, flags: base.flags | Flag.authoritative, rcode: exists ? Rcode.NOERROR : Rcode.NXDOMAIN, answers, authority };
}

/** RFC 2181 section 9: TC, and what does not fit left out whole. */
function truncated(response: MessageParts): MessageParts {
  return { ...response, flags: response.flags! | Flag.truncated, answers: [], authority: [] };
}

function refusal(header: Header, rcode: number): Uint8Array {
  return encodeMessage({ ...headOf(header), rcode });
}

function headOf({ id, opcode, recursionDesired }: Header): { id: number; opcode: number; flags: number } {
  return { id, opcode, flags: Flag.response | (recursionDesired ? Flag.recursionDesired : 0) };
}

/** The zone with the longest apex around a name. */
function zoneOf(name: string, zones: Iterable<Zone>): Zone | undefined {
  let best: Zone | undefined;
  for (const zone of zones) {
    if (isSubdomain(name, zone.apex) && zone.apex.length > (best?.apex.length ?? 0)) best = zone;
  }
  return best;
}
