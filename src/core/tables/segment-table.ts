import { type Family, compareKeys } from "../../address/index.ts";

export const NO_PREFIX = -1;

/** Where a key lies: the longest prefix around it, and the stretch of keys around it for which that is so. */
export class Segment {
  /** Number of the longest matching prefix; NO_PREFIX when none matches. */
  prefix = NO_PREFIX;
  firstHi = 0;
  firstLo = 0;
  lastHi = 0;
  lastLo = 0;
}

/** Columns of a SegmentTable, in memory that threads can share. */
export interface SegmentColumns {
  readonly family: Family;
  /** The first key of each segment, ascending; the first of all is zero. */
  readonly firstHi: Uint32Array;
  /** Of IPv6 alone: a key of IPv4 has one word. */
  readonly firstLo: Uint32Array;
  /** Its longest prefix, by place among those of its family; NO_PREFIX for none. */
  readonly prefix: Int32Array;
  /** By the first bits of a key: the last segment that begins at or before the first key with these bits. */
  readonly directory: Uint32Array;
  /** How far to shift a key's first word to get its place in the directory. */
  readonly shift: number;
}

/** The second word of a segment's first key. */
export function firstLoOf({ family, firstLo }: SegmentColumns, segment: number): number {
  return family === 4 ? 0 : firstLo[segment]!;
}

/**
 * Longest match over the prefixes of one family, flattened: the whole key space is cut into disjoint segments, each with
 * its longest prefix or none, so that a look-up is one search in sorted arrays. A directory over the first bits (16, or
 * fewer for a small table) makes that search short.
 */
export class SegmentTable {
  readonly columns: SegmentColumns;
  readonly #firstHi: Uint32Array;
  readonly #firstLo: Uint32Array;
  readonly #prefix: Int32Array;
  readonly #directory: Uint32Array;
  readonly #shift: number;
  readonly #lastLo: number;
  readonly #firstRow: number;

  /** `firstRow`: the number of the first prefix of this family. */
  constructor(columns: SegmentColumns, firstRow: number) {
    this.columns = columns;
    this.#firstRow = firstRow;
    this.#firstHi = columns.firstHi;
    this.#firstLo = columns.firstLo;
    this.#prefix = columns.prefix;
    this.#directory = columns.directory;
    this.#shift = columns.shift;
    this.#lastLo = columns.family === 4 ? 0 : 0xffffffff;
  }

  get segments(): number {
    return this.#prefix.length;
  }

  find(hi: number, lo: number, out: Segment): void {
    this.#read(this.#locate(hi, lo), out);
  }

  /** The longest prefix around a key, or NO_PREFIX. */
  match(hi: number, lo: number): number {
    return this.#rowOf(this.#locate(hi, lo));
  }

  #rowOf(segment: number): number {
    const place = this.#prefix[segment]!;
    return place === NO_PREFIX ? NO_PREFIX : this.#firstRow + place;
  }

  /** Zero is the last of the second words of IPv4, and the only one. */
  #lo(segment: number): number {
    return this.#lastLo === 0 ? 0 : this.#firstLo[segment]!;
  }

  #locate(hi: number, lo: number): number {
    const entry = hi >>> this.#shift;
    let low = this.#directory[entry]!;
    let high = this.#directory[entry + 1]!;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#firstHi[middle]!, this.#lo(middle), hi, lo) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #read(segment: number, out: Segment): void {
    out.prefix = this.#rowOf(segment);
    out.firstHi = this.#firstHi[segment]!;
    out.firstLo = this.#lo(segment);
    if (segment + 1 === this.#prefix.length) {
      out.lastHi = 0xffffffff;
      out.lastLo = this.#lastLo;
      return;
    }
    const nextLo = this.#lo(segment + 1);
    const borrow = this.#lastLo === 0 || nextLo === 0;
    out.lastHi = borrow ? this.#firstHi[segment + 1]! - 1 : this.#firstHi[segment + 1]!;
    out.lastLo = borrow ? this.#lastLo : nextLo - 1;
  }
}
