import type { Family, IpAddress, Range } from "../../address/index.ts";

/** One micronet: a range, where its packets go, and the change that put it there. */
export interface Micronet {
  readonly range: Range;
  /** 0.0.0.0 or :: means drop. */
  readonly etr: IpAddress;
  /** The number of the change within its MAB. */
  readonly version: number;
}

const WIDTH = 10;
const VERSION_LOW = 8;
const VERSION_HIGH = 9;
const FAMILY_BIT = 0x80000000;

/** Rows of micronets in one growing typed array: range, ETR, version. */
export class MicronetTable {
  #words = new Uint32Array(1024 * WIDTH);
  #rows = 0;
  readonly #free: number[] = [];

  get size(): number {
    return this.#rows - this.#free.length;
  }

  add(micronet: Micronet): number {
    const row = this.#free.pop() ?? this.#rows++;
    if ((row + 1) * WIDTH > this.#words.length) this.#grow();
    const { first, last } = micronet.range;
    this.#words.set([first.hi, first.lo, last.hi, last.lo], row * WIDTH);
    this.setMapping(row, micronet.etr, micronet.version);
    return row;
  }

  remove(row: number): void {
    this.#free.push(row);
  }

  setMapping(row: number, etr: IpAddress, version: number): void {
    this.#words.set(etr.words, row * WIDTH + 4);
    this.#words[row * WIDTH + VERSION_LOW] = version >>> 0;
    this.#words[row * WIDTH + VERSION_HIGH] = Math.floor(version / 2 ** 32) + (etr.family === 6 ? FAMILY_BIT : 0);
  }

  firstHi(row: number): number {
    return this.#words[row * WIDTH]!;
  }

  firstLo(row: number): number {
    return this.#words[row * WIDTH + 1]!;
  }

  lastHi(row: number): number {
    return this.#words[row * WIDTH + 2]!;
  }

  lastLo(row: number): number {
    return this.#words[row * WIDTH + 3]!;
  }

  etrFamily(row: number): Family {
    return this.#words[row * WIDTH + VERSION_HIGH]! >= FAMILY_BIT ? 6 : 4;
  }

  etrWord(row: number, index: 0 | 1 | 2 | 3): number {
    return this.#words[row * WIDTH + 4 + index]!;
  }

  versionHi(row: number): number {
    return this.#words[row * WIDTH + VERSION_HIGH]! % FAMILY_BIT;
  }

  versionLo(row: number): number {
    return this.#words[row * WIDTH + VERSION_LOW]!;
  }

  /** The row as a value, for reports and changes; not for the packet path. */
  read(row: number, family: Family): Micronet {
    return {
      range: {
        family,
        first: { hi: this.firstHi(row), lo: this.firstLo(row) },
        last: { hi: this.lastHi(row), lo: this.lastLo(row) },
      },
      etr: {
        family: this.etrFamily(row),
        words: [this.etrWord(row, 0), this.etrWord(row, 1), this.etrWord(row, 2), this.etrWord(row, 3)],
      },
      version: this.versionHi(row) * 2 ** 32 + this.versionLo(row),
    };
  }

  #grow(): void {
    const bigger = new Uint32Array(this.#words.length * 2);
    bigger.set(this.#words);
    this.#words = bigger;
  }
}
