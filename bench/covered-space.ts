import { type Family, type Key, compareKeys } from "../src/address/index.ts";
import type { Catalogue } from "../src/core/mabs/catalogue.ts";
import { NO_PREFIX, type SegmentColumns, firstLoOf } from "../src/core/tables/segment-table.ts";

const WORD = 2 ** 32;

/** Keys to look up, in columns. */
export interface Keys {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
}

/** The address space of one family that MABs cover: stretches with the same longest match. `random` gives words of 32 bits. */
export class CoveredSpace {
  readonly #columns: SegmentColumns;
  readonly #covered: Uint32Array;
  /** By covered segment: how many keys are in it and in those before it. */
  readonly #cumulated: Float64Array;
  readonly #random: () => number;

  constructor(catalogue: Catalogue, family: Family, random: () => number) {
    const columns = family === 4 ? catalogue.columns.ipv4 : catalogue.columns.ipv6;
    this.#columns = columns;
    this.#random = random;
    this.#covered = Uint32Array.from(columns.prefix.keys()).filter((segment) => columns.prefix[segment] !== NO_PREFIX && segment + 1 < columns.prefix.length);
    let sum = 0;
    this.#cumulated = Float64Array.from(this.#covered, (segment) => (sum += this.#keysIn(segment)));
  }

  /** Segments, and the memory that look-ups read. */
  get size(): string {
    const { firstHi, firstLo, prefix, directory } = this.#columns;
    const octets = firstHi.byteLength + firstLo.byteLength + prefix.byteLength + directory.byteLength;
    return `${prefix.length.toLocaleString("en")} segments, ${Math.round(octets / 1024).toLocaleString("en")} KiB`;
  }

  /** How often a look-up halves what the directory leaves, on average. */
  halvings({ hi }: Keys): number {
    const { directory, shift } = this.#columns;
    const sum = hi.reduce((total, word) => total + Math.log2(directory[(word >>> shift) + 1]! - directory[word >>> shift]! + 1), 0);
    return sum / hi.length;
  }

  /** Keys drawn evenly from all that is covered: large MABs have most of them. */
  byAddress(count: number): Keys {
    return this.#draw(count, () => this.#segmentAt(this.#fraction() * this.#cumulated.at(-1)!));
  }

  /** Keys drawn from segments that are drawn evenly: all MABs have as many. */
  bySegment(count: number): Keys {
    return this.#draw(count, () => this.#covered[Math.floor(this.#fraction() * this.#covered.length)]!);
  }

  #draw(count: number, segment: () => number): Keys {
    const keys = { hi: new Uint32Array(count), lo: new Uint32Array(count) };
    for (let index = 0; index < count; index++) {
      const { hi, lo } = this.#keyIn(segment());
      keys.hi[index] = hi;
      keys.lo[index] = lo;
    }
    return keys;
  }

  #keyIn(segment: number): Key {
    const { hi, lo } = this.#first(segment);
    const offset = Math.floor(this.#fraction() * this.#keysIn(segment));
    if (this.#columns.family === 4) return { hi: hi + offset, lo };
    return { hi: hi + Math.floor((lo + offset) / WORD), lo: (lo + offset) % WORD };
  }

  #keysIn(segment: number): number {
    const [first, next] = [this.#first(segment), this.#first(segment + 1)];
    return this.#columns.family === 4 ? next.hi - first.hi : (next.hi - first.hi) * WORD + next.lo - first.lo;
  }

  #segmentAt(key: number): number {
    let low = 0;
    let high = this.#cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulated[middle]! > key) high = middle;
      else low = middle + 1;
    }
    return this.#covered[low]!;
  }

  #first(segment: number): Key {
    return { hi: this.#columns.firstHi[segment]!, lo: firstLoOf(this.#columns, segment) };
  }

  #fraction(): number {
    return (this.#random() + this.#random() / WORD) / WORD;
  }
}

/** The same keys in ascending order. */
export function ascending({ hi, lo }: Keys): Keys {
  const order = Uint32Array.from(hi.keys()).toSorted((a, b) => compareKeys(hi[a]!, lo[a]!, hi[b]!, lo[b]!));
  return { hi: Uint32Array.from(order, (at) => hi[at]!), lo: Uint32Array.from(order, (at) => lo[at]!) };
}

/** The first few of them, each as often as the others, in an order drawn by lot. */
export function hotSet({ hi, lo }: Keys, few: number, random: () => number): Keys {
  const order = Uint32Array.from(hi, () => random() % few);
  return { hi: Uint32Array.from(order, (at) => hi[at]!), lo: Uint32Array.from(order, (at) => lo[at]!) };
}
