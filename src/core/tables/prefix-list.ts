import { type Family, type Key, type Prefix, compareKeys, maskBits } from "../../address/index.ts";
import { freshMemory } from "./column-memory.ts";

/** Columns of a PrefixList; shared between threads when their memory is. */
export interface PrefixColumns {
  readonly hi: Uint32Array;
  /** Of IPv6 alone: a key of IPv4 has one word. */
  readonly lo: Uint32Array;
  readonly lengths: Uint8Array;
  /** How many are IPv4: they come first. */
  readonly ipv4: number;
}

/** Prefixes in comparePrefixes order, each once, in columns: a prefix is a row number, not an object. */
export class PrefixList {
  readonly columns: PrefixColumns;

  constructor(columns: PrefixColumns) {
    this.columns = columns;
  }

  /** `prefixes` in comparePrefixes order, without duplicates. */
  static of(prefixes: readonly Prefix[]): PrefixList {
    const columns = newPrefixColumns(prefixes.length, prefixes.filter(({ family }) => family === 4).length);
    for (const [row, { hi, lo, length }] of prefixes.entries()) {
      columns.hi[row] = hi;
      if (row >= columns.ipv4) columns.lo[row - columns.ipv4] = lo;
      columns.lengths[row] = length;
    }
    return new PrefixList(columns);
  }

  get size(): number {
    return this.columns.lengths.length;
  }

  /** The first row of a family. */
  start(family: Family): number {
    return family === 4 ? 0 : this.columns.ipv4;
  }

  /** The row after the last of a family. */
  end(family: Family): number {
    return family === 4 ? this.columns.ipv4 : this.size;
  }

  family(row: number): Family {
    return row < this.columns.ipv4 ? 4 : 6;
  }

  hi(row: number): number {
    return this.columns.hi[row]!;
  }

  lo(row: number): number {
    const { ipv4, lo } = this.columns;
    return row < ipv4 ? 0 : lo[row - ipv4]!;
  }

  length(row: number): number {
    return this.columns.lengths[row]!;
  }

  at(row: number): Prefix {
    return { family: this.family(row), hi: this.hi(row), lo: this.lo(row), length: this.length(row) };
  }

  /** The row of a prefix; -1 when it is not here. */
  find(family: Family, hi: number, lo: number, length: number): number {
    const row = this.firstAtOrAfter(family, hi, lo, length);
    return row < this.end(family) && this.#compare(row, hi, lo, length) === 0 ? row : -1;
  }

  /** The first row of a family that is not below a prefix; the row after its last when all are. */
  firstAtOrAfter(family: Family, hi: number, lo: number, length: number): number {
    let low = this.start(family);
    let high = this.end(family);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, hi, lo, length) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row of the longest prefix around another that is shorter than that; -1 when there is none. */
  around(family: Family, hi: number, lo: number, length: number): number {
    for (let shorter = length - 1; shorter >= 0; shorter--) {
      const row = this.find(family, (hi & maskBits(shorter)) >>> 0, (lo & maskBits(shorter - 32)) >>> 0, shorter);
      if (row >= 0) return row;
    }
    return -1;
  }

  #compare(row: number, hi: number, lo: number, length: number): number {
    return compareKeys(this.hi(row), this.lo(row), hi, lo) || this.length(row) - length;
  }

  /** Fills `out` with the last key of a prefix. */
  last(row: number, out: Key): Key {
    out.hi = (this.hi(row) | ~maskBits(this.length(row))) >>> 0;
    out.lo = this.family(row) === 4 ? 0 : (this.lo(row) | ~maskBits(this.length(row) - 32)) >>> 0;
    return out;
  }
}

/** Columns for so many prefixes, all zero, in memory that threads can share. */
export function newPrefixColumns(size: number, ipv4: number, memory = freshMemory): PrefixColumns {
  return {
    hi: new Uint32Array(memory(4 * size), 0, size),
    lo: new Uint32Array(memory(4 * (size - ipv4)), 0, size - ipv4),
    lengths: new Uint8Array(memory(size), 0, size),
    ipv4,
  };
}
