import {
  HEADER_OCTETS,
  INVARIANT_OCTETS,
  MAGIC,
  MAGIC_AND_VERSION,
  MAX_DATAGRAM_OCTETS,
  MessageType,
} from "./constants.ts";
import { Fault } from "./fault.ts";

/** The header of every message (docs/protocol.md section 4). 64-bit values are two uint32, high half first. */
export class Header {
  type = 0;
  flags = 0;
  sequence = 0;
  nonceHi = 0;
  nonceLo = 0;
  clientCookieHi = 0;
  clientCookieLo = 0;
  /** The server cookie; four zeros when there is none. */
  server0 = 0;
  server1 = 0;
  server2 = 0;
  server3 = 0;

  get hasServerCookie(): boolean {
    return (this.server0 | this.server1 | this.server2 | this.server3) !== 0;
  }
}

export function encodeHeader(view: DataView, header: Header, type: MessageType): void {
  view.setUint32(0, (MAGIC_AND_VERSION << 24) | (type << 16) | (header.flags & 0xffff));
  view.setUint32(4, header.sequence);
  view.setUint32(8, header.nonceHi);
  view.setUint32(12, header.nonceLo);
  view.setUint32(16, header.clientCookieHi);
  view.setUint32(20, header.clientCookieLo);
  view.setUint32(24, header.server0);
  view.setUint32(28, header.server1);
  view.setUint32(32, header.server2);
  view.setUint32(36, header.server3);
}

/** What is wrong with the header of a datagram of `length` octets, without reading it. */
export function checkHeader(view: DataView, length: number): Fault {
  if (length < INVARIANT_OCTETS) return Fault.tooShort;
  const first = view.getUint8(0);
  if ((first & 0xf0) !== MAGIC) return Fault.notDrtm;
  if (first !== MAGIC_AND_VERSION) return Fault.unsupportedVersion;
  if (length < HEADER_OCTETS) return Fault.tooShort;
  if (length > MAX_DATAGRAM_OCTETS) return Fault.tooLong;
  const type = typeOf(view);
  return type < MessageType.mapRequest || type > MessageType.cacheUpdateAck ? Fault.unknownType : Fault.none;
}

/** The type of a message of at least INVARIANT_OCTETS, of any version. */
export function typeOf(view: DataView): number {
  return view.getUint8(1);
}

/**
 * Reads the header of a datagram of `length` octets. Whatever the fault, `into` keeps nothing of the datagram before: what
 * could not be read is zero. With `unsupportedVersion` the invariant part has been read, so that it can be answered.
 */
export function decodeHeader(view: DataView, length: number, into: Header): Fault {
  const fault = checkHeader(view, length);
  if (fault === Fault.none) {
    readInvariant(view, into);
    readCookies(view, into);
    return fault;
  }
  clear(into);
  const hasInvariant = length >= INVARIANT_OCTETS && fault !== Fault.notDrtm;
  if (hasInvariant) readInvariant(view, into);
  if (hasInvariant && fault !== Fault.unsupportedVersion && length >= HEADER_OCTETS) readCookies(view, into);
  return fault;
}

/** Reads a header that must be of one type and whose message has at least `octets`. */
export function decodeHeaderOf(view: DataView, length: number, into: Header, type: MessageType, octets: number): Fault {
  const fault = decodeHeader(view, length, into);
  if (fault !== Fault.none) return fault;
  if (into.type !== type) return Fault.wrongType;
  return length < octets ? Fault.tooShort : Fault.none;
}

function readInvariant(view: DataView, into: Header): void {
  const first = view.getUint32(0);
  into.type = (first >>> 16) & 0xff;
  into.flags = first & 0xffff;
  into.sequence = view.getUint32(4);
  into.nonceHi = view.getUint32(8);
  into.nonceLo = view.getUint32(12);
}

function readCookies(view: DataView, into: Header): void {
  into.clientCookieHi = view.getUint32(16);
  into.clientCookieLo = view.getUint32(20);
  into.server0 = view.getUint32(24);
  into.server1 = view.getUint32(28);
  into.server2 = view.getUint32(32);
  into.server3 = view.getUint32(36);
}

function clear(header: Header): void {
  header.type = 0;
  header.flags = 0;
  header.sequence = 0;
  header.nonceHi = 0;
  header.nonceLo = 0;
  header.clientCookieHi = 0;
  header.clientCookieLo = 0;
  header.server0 = 0;
  header.server1 = 0;
  header.server2 = 0;
  header.server3 = 0;
}
