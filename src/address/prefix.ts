import { AddressError } from "./errors.ts";
import { formatWords, parseIp } from "./ip.ts";
import { type Family, type Key, compareKeys, keyBits, maskBits } from "./key.ts";

/** A prefix of edge space: at most 32 bits for IPv4, at most 64 for IPv6. Its host bits are zero. */
export interface Prefix {
  readonly family: Family;
  readonly hi: number;
  readonly lo: number;
  readonly length: number;
}

/** Reads `192.0.2.0/24` or `2001:db8::/32`. Host bits must be zero. Throws AddressError. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf("/");
  if (slash < 0) throw new AddressError(text, "is not a prefix: it has no /length");
  const { family, words } = parseIp(text.slice(0, slash));
  const length = parseLength(text, text.slice(slash + 1), keyBits(family));
  const prefix = { family, hi: words[0], lo: words[1], length };
  if (words[2] !== 0 || words[3] !== 0 || !hostBitsAreZero(prefix)) {
    throw new AddressError(text, `has bits set after its first ${length}`);
  }
  return prefix;
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatWords(prefix.family, prefix.hi, prefix.lo, 0, 0)}/${prefix.length}`;
}

export function hostBitsAreZero({ hi, lo, length }: Prefix): boolean {
  return (hi & ~maskBits(length)) === 0 && (lo & ~maskBits(length - 32)) === 0;
}

/** The prefix of this length that contains the key. */
export function prefixAround(family: Family, hi: number, lo: number, length: number): Prefix {
  return { family, hi: (hi & maskBits(length)) >>> 0, lo: (lo & maskBits(length - 32)) >>> 0, length };
}

export function prefixLast(prefix: Prefix): Key {
  const hi = (prefix.hi | ~maskBits(prefix.length)) >>> 0;
  return { hi, lo: prefix.family === 4 ? 0 : (prefix.lo | ~maskBits(prefix.length - 32)) >>> 0 };
}

export function prefixContains(prefix: Prefix, family: Family, hi: number, lo: number): boolean {
  if (family !== prefix.family) return false;
  return ((hi ^ prefix.hi) & maskBits(prefix.length)) === 0 && ((lo ^ prefix.lo) & maskBits(prefix.length - 32)) === 0;
}

/** Order of family, then first key, then length: a prefix comes before what it contains. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return a.family - b.family || compareKeys(a.hi, a.lo, b.hi, b.lo) || a.length - b.length;
}

function parseLength(text: string, digits: string, most: number): number {
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) throw new AddressError(text, `has no valid length after "/"`);
  const length = Number(digits);
  if (length > most) throw new AddressError(text, `has a length above ${most}`);
  return length;
}
