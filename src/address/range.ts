import { AddressError } from "./errors.ts";
import { formatWords, parseIp } from "./ip.ts";
import { type Family, type Key, compareKeys, keyBits } from "./key.ts";
import { type Prefix, formatPrefix, parsePrefix, prefixAround, prefixLast } from "./prefix.ts";

/** Whole IPv4 addresses, or whole IPv6 /64s, from first to last, both counted: the shape of a micronet. */
export interface Range {
  readonly family: Family;
  readonly first: Key;
  readonly last: Key;
}

/**
 * Reads `192.0.2.0-192.0.2.99`, `192.0.2.0/24`, `192.0.2.7`, `2001:db8::-2001:db8:0:4::` or `2001:db8::/60`. Both ends
 * of an IPv6 range name whole /64s; the lower half of the last may also be written as all ones. Throws AddressError.
 */
export function parseRange(text: string): Range {
  const dash = text.indexOf("-");
  if (dash < 0) return text.includes("/") ? prefixRange(parsePrefix(text)) : parseSingle(text);
  const first = parseIp(text.slice(0, dash));
  const last = parseIp(text.slice(dash + 1));
  if (first.family !== last.family) throw new AddressError(text, "mixes IPv4 and IPv6");
  requireWhole64(text, first.words[2] === 0 && first.words[3] === 0);
  requireWhole64(text, last.words[2] === last.words[3] && (last.words[2] === 0 || last.words[2] === 0xffffffff));
  const range = rangeOf(first.family, first.words[0], first.words[1], last.words[0], last.words[1]);
  if (compareKeys(range.first.hi, range.first.lo, range.last.hi, range.last.lo) > 0) {
    throw new AddressError(text, "ends before it begins");
  }
  return range;
}

export function rangeOf(family: Family, firstHi: number, firstLo: number, lastHi: number, lastLo: number): Range {
  return { family, first: { hi: firstHi, lo: firstLo }, last: { hi: lastHi, lo: lastLo } };
}

/** All keys of a prefix. */
export function prefixRange(prefix: Prefix): Range {
  return { family: prefix.family, first: { hi: prefix.hi, lo: prefix.lo }, last: prefixLast(prefix) };
}

/** The shortest usual writing: a single IPv4 address, a prefix where the range is one, else `first-last`. */
export function formatRange(range: Range): string {
  const { family, first, last } = range;
  const prefix = asPrefix(range);
  if (prefix !== undefined && !(family === 4 && prefix.length === 32)) return formatPrefix(prefix);
  const start = formatWords(family, first.hi, first.lo, 0, 0);
  return prefix !== undefined ? start : `${start}-${formatWords(family, last.hi, last.lo, 0, 0)}`;
}

/** The prefix that is exactly this range, where there is one. */
export function asPrefix({ family, first, last }: Range): Prefix | undefined {
  const common = commonBits(first, last);
  const prefix = prefixAround(family, first.hi, first.lo, Math.min(common, keyBits(family)));
  const end = prefixLast(prefix);
  const exact = prefix.hi === first.hi && prefix.lo === first.lo && end.hi === last.hi && end.lo === last.lo;
  return exact ? prefix : undefined;
}

export function rangesOverlap(a: Range, b: Range): boolean {
  return (
    a.family === b.family &&
    compareKeys(a.first.hi, a.first.lo, b.last.hi, b.last.lo) <= 0 &&
    compareKeys(b.first.hi, b.first.lo, a.last.hi, a.last.lo) <= 0
  );
}

export function rangeContains(outer: Range, inner: Range): boolean {
  return (
    outer.family === inner.family &&
    compareKeys(outer.first.hi, outer.first.lo, inner.first.hi, inner.first.lo) <= 0 &&
    compareKeys(inner.last.hi, inner.last.lo, outer.last.hi, outer.last.lo) <= 0
  );
}

function parseSingle(text: string): Range {
  const { family, words } = parseIp(text);
  requireWhole64(text, words[2] === 0 && words[3] === 0);
  return rangeOf(family, words[0], words[1], words[0], words[1]);
}

function requireWhole64(text: string, whole: boolean): void {
  if (!whole) throw new AddressError(text, "does not end on a whole /64");
}

function commonBits(a: Key, b: Key): number {
  const high = Math.clz32(a.hi ^ b.hi);
  return high < 32 ? high : 32 + Math.clz32(a.lo ^ b.lo);
}
