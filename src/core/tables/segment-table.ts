import { type Family, type Prefix, compareKeys, keyAfter, prefixLast } from "../../address/index.ts";

export const NO_PREFIX = -1;

/** Where a key lies: the longest prefix around it, and the stretch of keys around it for which that is so. */
export class Segment {
  /** Index of the longest matching prefix; NO_PREFIX when none matches. */
  prefix = NO_PREFIX;
  firstHi = 0;
  firstLo = 0;
  lastHi = 0;
  lastLo = 0;
}

const MOST_DIRECTORY_BITS = 16;

/**
 * Longest match over the prefixes of one family, flattened: the whole key space is cut into disjoint segments, each with
 * its longest prefix or none, so that a look-up is one search in sorted arrays. A directory over the first bits (16, or
 * fewer for a small table) makes that search short.
 */
export class SegmentTable {
  readonly #firstHi: Uint32Array;
  readonly #firstLo: Uint32Array;
  readonly #prefix: Int32Array;
  readonly #directory: Uint32Array;
  /** How far to shift a key's first word to get its place in the directory. */
  readonly #shift: number;
  readonly #lastLo: number;

  /** `prefixes` in comparePrefixes order, without duplicates, all of this family; `ids` are what a look-up gives back. */
  constructor(family: Family, prefixes: readonly Prefix[], ids: readonly number[]) {
    this.#lastLo = family === 4 ? 0 : 0xffffffff;
    const cuts = flatten(family, prefixes, ids);
    this.#firstHi = Uint32Array.from(cuts, (cut) => cut.hi);
    this.#firstLo = Uint32Array.from(cuts, (cut) => cut.lo);
    this.#prefix = Int32Array.from(cuts, (cut) => cut.prefix);
    const bits = Math.min(MOST_DIRECTORY_BITS, Math.max(1, 32 - Math.clz32(cuts.length)));
    this.#shift = 32 - bits;
    this.#directory = new Uint32Array((1 << bits) + 1);
    this.#fillDirectory();
  }

  get segments(): number {
    return this.#prefix.length;
  }

  find(hi: number, lo: number, out: Segment): void {
    this.#read(this.#locate(hi, lo), out);
  }

  /** The longest prefix around a key, or NO_PREFIX. */
  match(hi: number, lo: number): number {
    return this.#prefix[this.#locate(hi, lo)]!;
  }

  #locate(hi: number, lo: number): number {
    const entry = hi >>> this.#shift;
    let low = this.#directory[entry]!;
    let high = this.#directory[entry + 1]!;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#firstHi[middle]!, this.#firstLo[middle]!, hi, lo) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #read(segment: number, out: Segment): void {
    out.prefix = this.#prefix[segment]!;
    out.firstHi = this.#firstHi[segment]!;
    out.firstLo = this.#firstLo[segment]!;
    if (segment + 1 === this.#prefix.length) {
      out.lastHi = 0xffffffff;
      out.lastLo = this.#lastLo;
      return;
    }
    const nextLo = this.#firstLo[segment + 1]!;
    const borrow = this.#lastLo === 0 || nextLo === 0;
    out.lastHi = borrow ? this.#firstHi[segment + 1]! - 1 : this.#firstHi[segment + 1]!;
    out.lastLo = borrow ? this.#lastLo : nextLo - 1;
  }

  /** Entry n: the last segment that begins at or before the first key whose first bits are n. */
  #fillDirectory(): void {
    let segment = 0;
    for (let entry = 0; entry < this.#directory.length - 1; entry++) {
      const start = (entry << this.#shift) >>> 0;
      while (segment + 1 < this.segments && compareKeys(this.#firstHi[segment + 1]!, this.#firstLo[segment + 1]!, start, 0) <= 0) {
        segment++;
      }
      this.#directory[entry] = segment;
    }
    this.#directory[this.#directory.length - 1] = this.segments - 1;
  }
}

interface Cut {
  hi: number;
  lo: number;
  prefix: number;
}

/** Sweeps over nested prefixes with a stack: each opens a segment where it begins, its parent resumes where it ends. */
function flatten(family: Family, prefixes: readonly Prefix[], ids: readonly number[]): Cut[] {
  const cuts: Cut[] = [{ hi: 0, lo: 0, prefix: NO_PREFIX }];
  const open: { prefix: Prefix; id: number }[] = [];
  const closeBefore = (hi: number, lo: number): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const last = prefixLast(top.prefix);
      if (compareKeys(last.hi, last.lo, hi, lo) >= 0) return;
      closeTop(family, open, cuts);
    }
  };
  for (const [index, prefix] of prefixes.entries()) {
    closeBefore(prefix.hi, prefix.lo);
    open.push({ prefix, id: ids[index]! });
    addCut(cuts, prefix.hi, prefix.lo, ids[index]!);
  }
  while (open.length > 0) closeTop(family, open, cuts);
  return cuts;
}

function closeTop(family: Family, open: { prefix: Prefix; id: number }[], cuts: Cut[]): void {
  const closed = open.pop()!;
  const after = keyAfter(family, prefixLast(closed.prefix));
  if (after !== undefined) addCut(cuts, after.hi, after.lo, open.at(-1)?.id ?? NO_PREFIX);
}

/** A later cut at the same key takes the place of the earlier one, which would be empty. */
function addCut(cuts: Cut[], hi: number, lo: number, prefix: number): void {
  const last = cuts.at(-1)!;
  if (last.hi === hi && last.lo === lo) last.prefix = prefix;
  else cuts.push({ hi, lo, prefix });
}
