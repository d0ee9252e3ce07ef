import { type Family, type Prefix, formatPrefix, hostBitsAreZero, keyBits } from "../../address/index.ts";
import { RdataReader, concatBytes, uint16Bytes } from "./rdata-reader.ts";

/** IANA address family numbers, as APL carries them (RFC 3123 section 4). */
const WIRE_FAMILY = { 4: 1, 6: 2 } as const;

/**
 * Prefixes of an APL record (RFC 3123). Stricter than the RFC, so that a prefix has one form only: host bits, trailing
 * zero octets (section 4 says MUST NOT), negation and IPv6 lengths above 64 are refused. Throws RdataError.
 */
export function decodeApl(bytes: Uint8Array): Prefix[] {
  const reader = new RdataReader("APL", bytes);
  const prefixes: Prefix[] = [];
  while (reader.remaining > 0) prefixes.push(readItem(reader, prefixes.length + 1));
  return prefixes;
}

export function encodeApl(prefixes: readonly Prefix[]): Uint8Array {
  return concatBytes(prefixes.map(encodeItem));
}

/** Octets that one prefix takes in an APL record. */
export function aplItemLength(prefix: Prefix): number {
  return 4 + addressPart(prefix).length;
}

/** `1:192.0.2.0/24`, the presentation form (RFC 3123 section 5). */
export function aplItemText(prefix: Prefix): string {
  return `${WIRE_FAMILY[prefix.family]}:${formatPrefix(prefix)}`;
}

function readItem(reader: RdataReader, ordinal: number): Prefix {
  const what = `item ${ordinal}`;
  const family = familyOf(reader, reader.uint16(what), what);
  const length = reader.uint8(what);
  const flags = reader.uint8(what);
  if (flags > 127) reader.fail(`${what} is negated ("!"): a MAB list has no exceptions`);
  if (length > keyBits(family)) reader.fail(`${what} has length /${length}: at most /${keyBits(family)} for IPv${family}`);
  const address = reader.bytes(flags, what);
  const prefix = prefixFromOctets(family, length, address);
  if (address.length > 0 && address.at(-1) === 0) reader.fail(`${what} has trailing zero octets (RFC 3123 section 4)`);
  if (address.length > Math.ceil(length / 8) || !hostBitsAreZero(prefix)) {
    reader.fail(`${what} has bits set after its first ${length}`);
  }
  return prefix;
}

function familyOf(reader: RdataReader, wire: number, what: string): Family {
  if (wire === WIRE_FAMILY[4]) return 4;
  if (wire === WIRE_FAMILY[6]) return 6;
  return reader.fail(`${what} has address family ${wire}: only 1 (IPv4) and 2 (IPv6) are known`);
}

function prefixFromOctets(family: Family, length: number, octets: Uint8Array): Prefix {
  const word = (at: number): number =>
    (((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)) >>> 0;
  return { family, hi: word(0), lo: family === 4 ? 0 : word(4), length };
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
