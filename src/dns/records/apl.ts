import { type Family, type Prefix, formatPrefix, keyBits, maskBits } from "../../address/index.ts";
import { PrefixPacker } from "../../address/packed-prefixes.ts";
import { concatBytes, uint16Bytes } from "./rdata-reader.ts";
import { RdataError } from "./record.ts";

/** IANA address family numbers, as APL carries them (RFC 3123 section 4). */
const WIRE_FAMILY = { 4: 1, 6: 2 } as const;
/** ADDRESSFAMILY, PREFIX, and the octet of N and AFDLENGTH. */
const HEAD_OCTETS = 4;
/** Of prefixes as they are taken here. */
const MOST_ADDRESS_OCTETS = 8;

/**
 * Prefixes of an APL record (RFC 3123). Stricter than the RFC, so that a prefix has one form only: host bits, trailing
 * zero octets (section 4 says MUST NOT), negation and IPv6 lengths above 64 are refused. Throws RdataError.
 */
export function decodeApl(bytes: Uint8Array): Prefix[] {
  const packer = new PrefixPacker();
  packApl(bytes, packer);
  return [...packer.packed()];
}

/** The same for many of them, packed without an object for each. Throws RdataError. */
export function packApl(bytes: Uint8Array, packer: PrefixPacker): void {
  for (let at = 0, ordinal = 1; at < bytes.length; ordinal++) at = packItem(bytes, at, ordinal, packer);
}

/** By the first addresses: records that divide an area between them are in its order then, and so are all their prefixes. */
export function compareApl(a: Uint8Array, b: Uint8Array): number {
  for (let octet = 0; octet < MOST_ADDRESS_OCTETS; octet++) {
    const order = firstAddressOctet(a, octet) - firstAddressOctet(b, octet);
    if (order !== 0) return order;
  }
  return 0;
}

export function encodeApl(prefixes: readonly Prefix[]): Uint8Array {
  return concatBytes(prefixes.map(encodeItem));
}

/** Octets that one prefix takes in an APL record. */
export function aplItemLength(prefix: Prefix): number {
  return HEAD_OCTETS + addressPart(prefix).length;
}

/** `1:192.0.2.0/24`, the presentation form (RFC 3123 section 5). */
export function aplItemText(prefix: Prefix): string {
  return `${WIRE_FAMILY[prefix.family]}:${formatPrefix(prefix)}`;
}

/** Those that are not written are zero. */
function firstAddressOctet(bytes: Uint8Array, octet: number): number {
  return octet < (bytes[HEAD_OCTETS - 1] ?? 0) ? (bytes[HEAD_OCTETS + octet] ?? 0) : 0;
}

/** Gives where the next item begins. */
function packItem(bytes: Uint8Array, at: number, ordinal: number, packer: PrefixPacker): number {
  if (at + HEAD_OCTETS > bytes.length) fail(ordinal, undefined);
  const wire = bytes[at]! * 256 + bytes[at + 1]!;
  if (wire !== WIRE_FAMILY[4] && wire !== WIRE_FAMILY[6]) fail(ordinal, `has address family ${wire}: only 1 (IPv4) and 2 (IPv6) are known`);
  const family: Family = wire === WIRE_FAMILY[4] ? 4 : 6;
  const length = bytes[at + 2]!;
  const octets = bytes[at + 3]!;
  if (octets > 127) fail(ordinal, 'is negated ("!"): a MAB list has no exceptions');
  if (length > keyBits(family)) fail(ordinal, `has length /${length}: at most /${keyBits(family)} for IPv${family}`);
  const first = at + HEAD_OCTETS;
  const end = first + octets;
  if (end > bytes.length) fail(ordinal, undefined);
  if (octets > 0 && bytes[end - 1] === 0) fail(ordinal, "has trailing zero octets (RFC 3123 section 4)");
  const hi = wordAt(bytes, first, end);
  const lo = family === 4 ? 0 : wordAt(bytes, first + 4, end);
  if (octets > (length + 7) >>> 3 || (hi & ~maskBits(length)) !== 0 || (lo & ~maskBits(length - 32)) !== 0) fail(ordinal, `has bits set after its first ${length}`);
  packer.push(family, hi, lo, length);
  return end;
}

/** Four octets; those from `end` on count as zero. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let place = at; place < at + 4; place++) word = (word << 8) | (place < end ? bytes[place]! : 0);
  return word >>> 0;
}

/** Without a problem: it is cut off. */
function fail(ordinal: number, problem: string | undefined): never {
  throw new RdataError("APL", problem === undefined ? `ends within its item ${ordinal}` : `item ${ordinal} ${problem}`);
}

function encodeItem(prefix: Prefix): Uint8Array {
  const address = addressPart(prefix);
  const head = [...uint16Bytes(WIRE_FAMILY[prefix.family]), prefix.length, address.length];
  return Uint8Array.from([...head, ...address]);
}

/** AFDPART: the address without its trailing zero octets. */
function addressPart({ hi, lo }: Prefix): number[] {
  const octets = [hi >>> 24, (hi >>> 16) & 255, (hi >>> 8) & 255, hi & 255, lo >>> 24, (lo >>> 16) & 255, (lo >>> 8) & 255, lo & 255];
  while (octets.length > 0 && octets.at(-1) === 0) octets.pop();
  return octets;
}
