const FIRST = 0x0a000000;
const ADDRESSES = 1 << 24;

/** The first address of a micronet, of so many that lie in 10.0.0.0/8 at equal distances. */
export function keyOf(index: number, micronets: number): number {
  return FIRST + index * Math.floor(ADDRESSES / micronets);
}
