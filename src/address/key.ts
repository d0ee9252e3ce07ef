/**
 * A key is the part of an address that mapping distinguishes: all 32 bits of an IPv4 address, or the upper 64 bits of an
 * IPv6 address (micronets are whole /64s). It travels as two uint32, `hi` and `lo`; IPv4 lives in `hi`, with `lo` zero.
 */

export type Family = 4 | 6;

export interface Key {
  hi: number;
  lo: number;
}

const ALL_ONES = 0xffffffff;

/** Bits of a key: 32 for IPv4, 64 for IPv6. */
export function keyBits(family: Family): 32 | 64 {
  return family === 4 ? 32 : 64;
}

export function compareKeys(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return aHi === bHi ? aLo - bLo : aHi - bHi;
}

/** The last key of a family. */
export function lastKey(family: Family): Key {
  return { hi: ALL_ONES, lo: family === 4 ? 0 : ALL_ONES };
}

/** The key after this one; undefined after the last of its family. */
export function keyAfter(family: Family, key: Key): Key | undefined {
  if (family === 4) return key.hi === ALL_ONES ? undefined : { hi: key.hi + 1, lo: 0 };
  if (key.lo !== ALL_ONES) return { hi: key.hi, lo: key.lo + 1 };
  return key.hi === ALL_ONES ? undefined : { hi: key.hi + 1, lo: 0 };
}

/** The key before this one; undefined before zero. */
export function keyBefore(family: Family, key: Key): Key | undefined {
  if (family === 6 && key.lo !== 0) return { hi: key.hi, lo: key.lo - 1 };
  return key.hi === 0 ? undefined : { hi: key.hi - 1, lo: family === 4 ? 0 : ALL_ONES };
}

/** How many keys lie between two, both counted, as a double (exact up to 2^53). */
export function keysBetween(family: Family, first: Key, last: Key): number {
  if (family === 4) return last.hi - first.hi + 1;
  return (last.hi - first.hi) * 2 ** 32 + (last.lo - first.lo) + 1;
}

/** A uint32 with its first `bits` bits set, 0 to 32. */
export function maskBits(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? ALL_ONES : (ALL_ONES << (32 - bits)) >>> 0;
}
