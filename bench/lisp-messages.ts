/**
 * The two LISP messages that a Map-Server is measured with, of IPv4 only: a Map-Request (RFC 9301 section 5.2) in an Encapsulated
 * Control Message (section 5.8), as ITRs send it to a Map-Resolver, and the Map-Reply (section 5.4).
 */

export const LISP_CONTROL_PORT = 4342;
export const ENCAPSULATED_REQUEST_OCTETS = 64;

/** Message types, in the first four bits (RFC 9301 section 5.1). */
const MAP_REQUEST = 1;
const MAP_REPLY = 2;
const ENCAPSULATED = 8;
/** Address family numbers of IANA. */
const AFI_IPV4 = 1;
const IPPROTO_UDP = 17;
const ADDRESS_BITS = 32;

/** Where the headers begin in an Encapsulated Control Message. */
const IP = 4;
const UDP = 24;
const LISP = 32;
const UDP_OCTETS = ENCAPSULATED_REQUEST_OCTETS - UDP;

export interface LispRequest {
  /** An ITR's address and port, to which the reply goes; addresses are 32-bit numbers. */
  readonly itr: number;
  readonly port: number;
  readonly nonceHi: number;
  readonly nonceLo: number;
  /** The address that mapping is wanted for. */
  readonly eid: number;
}

export interface LispReply {
  readonly nonceHi: number;
  readonly nonceLo: number;
  /** The EID-Prefix that the mapping is for. */
  readonly prefix: number;
  readonly length: number;
  /** Of the only locator; undefined where there is none: a negative Map-Reply. */
  readonly rloc: number | undefined;
}

/** Writes ENCAPSULATED_REQUEST_OCTETS. Both checksums inside are computed, as RFC 9301 has it: who takes the message may look at them. */
export function encodeEncapsulatedRequest(out: DataView, { itr, port, nonceHi, nonceLo, eid }: LispRequest): void {
  out.setUint32(0, ENCAPSULATED << 28);
  encodeIp(out, itr, eid);
  out.setUint16(UDP, port);
  out.setUint16(UDP + 2, LISP_CONTROL_PORT);
  out.setUint16(UDP + 4, UDP_OCTETS);
  out.setUint16(UDP + 6, 0);
  // No flags; ITR-RLOC Count 0 means one; one record.
  out.setUint32(LISP, (MAP_REQUEST << 28) | 1);
  out.setUint32(LISP + 4, nonceHi);
  out.setUint32(LISP + 8, nonceLo);
  setAddress(out, LISP + 12, itr);
  setAddress(out, LISP + 18, itr);
  out.setUint16(LISP + 24, 0);
  out.setUint8(LISP + 25, ADDRESS_BITS);
  setAddress(out, LISP + 26, eid);
  // With the pseudo-header: both addresses, the protocol and the length (RFC 768); a sum of 0 is sent as all ones.
  out.setUint16(UDP + 6, checksum(out, IP + 12, ENCAPSULATED_REQUEST_OCTETS, IPPROTO_UDP + UDP_OCTETS) || 0xffff);
}

/** Reads a Map-Reply with one record; throws an Error that says what else it is. */
export function decodeMapReply(message: DataView, length: number): LispReply {
  if (length < 28) throw new Error(`a LISP message of ${length} octets is no Map-Reply with a record of IPv4`);
  const type = message.getUint8(0) >>> 4;
  if (type !== MAP_REPLY) throw new Error(`a LISP message of type ${type} where a Map-Reply (${MAP_REPLY}) was due`);
  if (message.getUint8(3) !== 1) throw new Error(`a Map-Reply with ${message.getUint8(3)} records in place of one`);
  const locators = message.getUint8(16);
  if (locators > 1 || length !== 28 + 12 * locators) throw new Error(`a Map-Reply of ${length} octets with ${locators} locators, in place of one locator of IPv4`);
  const reply = { nonceHi: message.getUint32(4), nonceLo: message.getUint32(8), prefix: address(message, 22), length: message.getUint8(17) };
  return { ...reply, rloc: locators === 0 ? undefined : address(message, 34) };
}

function encodeIp(out: DataView, source: number, destination: number): void {
  // Version 4, a header of five words.
  out.setUint16(IP, 0x4500);
  out.setUint16(IP + 2, ENCAPSULATED_REQUEST_OCTETS - IP);
  out.setUint32(IP + 4, 0);
  // A time to live of 64; no checksum yet.
  out.setUint32(IP + 8, (64 << 24) | (IPPROTO_UDP << 16));
  out.setUint32(IP + 12, source);
  out.setUint32(IP + 16, destination);
  out.setUint16(IP + 10, checksum(out, IP, UDP, 0));
}

/** The Internet checksum (RFC 1071) of an even number of octets, and of what is given. */
function checksum(octets: DataView, from: number, to: number, more: number): number {
  let sum = more;
  for (let at = from; at < to; at += 2) sum += octets.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function setAddress(out: DataView, at: number, word: number): void {
  out.setUint16(at, AFI_IPV4);
  out.setUint32(at + 2, word);
}

function address(message: DataView, at: number): number {
  const family = message.getUint16(at);
  if (family !== AFI_IPV4) throw new Error(`an address of family ${family} in a Map-Reply, in place of one of IPv4 (${AFI_IPV4})`);
  return message.getUint32(at + 2);
}
