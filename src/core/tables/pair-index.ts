/** Links are slots plus one, so that fresh memory, all zero, is an empty table: what is never used is never touched. */
const END = 0;

/** The least power of two that is not below a number of at least 1. */
export function powerOfTwoFrom(least: number): number {
  return least <= 1 ? 1 : 2 ** (32 - Math.clz32(least - 1));
}

/** Finds slots (small integers) by a pair of 32-bit numbers, each pair at most once; a chained hash in typed arrays. */
export class PairIndex {
  readonly #a: Uint32Array;
  readonly #b: Uint32Array;
  readonly #next: Int32Array;
  readonly #buckets: Int32Array;

  constructor(capacity: number) {
    this.#a = new Uint32Array(capacity);
    this.#b = new Uint32Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#buckets = new Int32Array(powerOfTwoFrom(capacity));
  }

  /** The slot filed under this pair; -1 when there is none. */
  find(a: number, b: number): number {
    for (let link = this.#buckets[this.#bucket(a, b)]!; link !== END; link = this.#next[link - 1]!) {
      if (this.#a[link - 1] === a && this.#b[link - 1] === b) return link - 1;
    }
    return -1;
  }

  insert(slot: number, a: number, b: number): void {
    const bucket = this.#bucket(a, b);
    this.#a[slot] = a;
    this.#b[slot] = b;
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot + 1;
  }

  remove(slot: number): void {
    const bucket = this.#bucket(this.#a[slot]!, this.#b[slot]!);
    let link = this.#buckets[bucket]!;
    if (link === slot + 1) {
      this.#buckets[bucket] = this.#next[slot]!;
      return;
    }
    while (this.#next[link - 1] !== slot + 1) link = this.#next[link - 1]!;
    this.#next[link - 1] = this.#next[slot]!;
  }

  first(slot: number): number {
    return this.#a[slot]!;
  }

  second(slot: number): number {
    return this.#b[slot]!;
  }

  #bucket(a: number, b: number): number {
    const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1);
  }
}
