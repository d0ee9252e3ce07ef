import type { PackedPrefixes } from "../../address/packed-prefixes.ts";

/** Octets of the longest item: `2:`, four groups of four digits with their colons, another colon, `/64`, and the end of the line. */
const MOST_ITEM_OCTETS = 2 + 4 * 5 + 1 + 3 + 1;
const [LINE_END, DOT, SLASH, ZERO, COLON] = [..."\n./0:"].map((character) => character.charCodeAt(0)) as [number, number, number, number, number];
const HEX_DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/** Enough for what a bucket that is split as it should be has. */
const SCRATCH = new Uint8Array(16_384);

/**
 * `aplItemText` of each, on lines, as octets: as strings, those of 200,000 would cost more than all else that is done with them. Good until the
 * next call.
 */
export function aplLines(prefixes: PackedPrefixes): Uint8Array {
  const most = prefixes.size * MOST_ITEM_OCTETS;
  const octets = most <= SCRATCH.length ? SCRATCH : new Uint8Array(most);
  let at = 0;
  for (let row = 0; row < prefixes.size; row++) {
    if (row > 0) octets[at++] = LINE_END;
    at = prefixes.family(row) === 4 ? putIpv4(octets, at, prefixes.hi(row)) : putIpv6(octets, at, prefixes.hi(row), prefixes.lo(row));
    octets[at++] = SLASH;
    at = putDecimal(octets, at, prefixes.length(row));
  }
  return octets.subarray(0, at);
}

function putIpv4(octets: Uint8Array, start: number, word: number): number {
  octets[start] = ZERO + 1;
  octets[start + 1] = COLON;
  let at = putDecimal(octets, start + 2, word >>> 24);
  for (let shift = 16; shift >= 0; shift -= 8) {
    octets[at] = DOT;
    at = putDecimal(octets, at + 1, (word >>> shift) & 255);
  }
  return at;
}

/** RFC 5952: the lower half is zero, and with it the last run of zeros is the longest. */
function putIpv6(octets: Uint8Array, start: number, hi: number, lo: number): number {
  octets[start] = ZERO + 2;
  octets[start + 1] = COLON;
  let at = start + 2;
  for (let group = 0; group < groupCount(hi, lo); group++) {
    at = putHex(octets, at, ((group < 2 ? hi : lo) >>> (group % 2 === 0 ? 16 : 0)) & 0xffff);
    octets[at++] = COLON;
  }
  if (at === start + 2) octets[at++] = COLON;
  octets[at] = COLON;
  return at + 1;
}

/** Groups up to the last that is not zero. */
function groupCount(hi: number, lo: number): number {
  if (lo !== 0) return (lo & 0xffff) === 0 ? 3 : 4;
  if (hi === 0) return 0;
  return (hi & 0xffff) === 0 ? 1 : 2;
}

/** Below 1000. */
function putDecimal(octets: Uint8Array, start: number, value: number): number {
  let at = start;
  if (value >= 100) octets[at++] = ZERO + Math.trunc(value / 100);
  if (value >= 10) octets[at++] = ZERO + (Math.trunc(value / 10) % 10);
  octets[at] = ZERO + (value % 10);
  return at + 1;
}

/** Below 65,536. */
function putHex(octets: Uint8Array, start: number, value: number): number {
  let at = start;
  for (let shift = 12; shift >= 0; shift -= 4) if (shift === 0 || value >>> shift !== 0) octets[at++] = HEX_DIGITS[(value >>> shift) & 15]!;
  return at;
}
