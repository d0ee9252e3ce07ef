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

  add({ first, last }: Range, etr: IpAddress, version: number): number {
    const row = this.#free.pop() ?? this.#rows++;
    if ((row + 1) * WIDTH > this.#words.length) this.#grow();
    const at = row * WIDTH;
    this.#words[at] = first.hi;
    this.#words[at + 1] = first.lo;
    this.#words[at + 2] = last.hi;
    this.#words[at + 3] = last.lo;
    this.setMapping(row, etr, version);
    return row;
  }

  remove(row: number): void {
    this.#free.push(row);
  }

  setMapping(row: number, etr: IpAddress, version: number): void {
    const at = row * WIDTH;
    for (let word = 0; word < 4; word++) this.#words[at + 4 + word] = etr.words[word]!;
    this.#words[at + VERSION_LOW] = version >>> 0;
    this.#words[at + VERSION_HIGH] = Math.floor(version / 2 ** 32) + (etr.family === 6 ? FAMILY_BIT : 0);
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
