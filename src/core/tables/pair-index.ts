/** Links are slots plus one, so that fresh memory, all zero, is an empty table: what is never used is never touched. */
const END = 0;

/** The least power of two that is not below a number of at least 1. */
export function powerOfTwoFrom(least: number): number {
  return least <= 1 ? 1 : 2 ** (32 - Math.clz32(least - 1));
}

/** Words of a row: four rows lie in one line of the processor's cache. */
const WIDTH = 4;
const FIRST = 0;
const SECOND = 1;
/** The link to the next of the same bucket. */
const NEXT = 2;

/** Finds slots (small integers) by a pair of 32-bit numbers, each pair at most once; a chained hash in typed arrays. */
export class PairIndex {
  /** By slot. */
  readonly #words: Uint32Array;
  readonly #buckets: Int32Array;

  constructor(capacity: number) {
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#buckets = new Int32Array(powerOfTwoFrom(capacity));
  }

  /** The slot filed under this pair; -1 when there is none. */
  find(a: number, b: number): number {
    const words = this.#words;
    let link = this.#buckets[this.#bucket(a, b)]!;
    while (link !== END) {
      const at = (link - 1) * WIDTH;
      if (words[at + FIRST] === a && words[at + SECOND] === b) break;
      link = words[at + NEXT]!;
    }
    return link - 1;
  }

  insert(slot: number, a: number, b: number): void {
    const bucket = this.#bucket(a, b);
    const at = slot * WIDTH;
    this.#words[at + FIRST] = a;
    this.#words[at + SECOND] = b;
    this.#words[at + NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot + 1;
  }

  remove(slot: number): void {
    const words = this.#words;
    const bucket = this.#bucket(this.first(slot), this.second(slot));
    const following = words[slot * WIDTH + NEXT]!;
    let link = this.#buckets[bucket]!;
    if (link === slot + 1) {
      this.#buckets[bucket] = following;
      return;
    }
    while (words[(link - 1) * WIDTH + NEXT] !== slot + 1) link = words[(link - 1) * WIDTH + NEXT]!;
    words[(link - 1) * WIDTH + NEXT] = following;
  }

  first(slot: number): number {
    return this.#words[slot * WIDTH + FIRST]!;
  }

  second(slot: number): number {
    return this.#words[slot * WIDTH + SECOND]!;
  }

  #bucket(a: number, b: number): number {
    const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1);
  }
}
