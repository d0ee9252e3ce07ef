import { powerOfTwoFrom } from "./pair-index.ts";

const WIDTH = 6;
/** Where all rows are used, which is rare: with more buckets, few addresses would be spread over much memory. */
const ROWS_A_BUCKET = 16;
const HOLDERS = 4;
/** Of the same bucket; of a free row: the next free one. */
const NEXT = 5;

/**
 * IPv6 addresses that many rows of other tables have in common, each once, named by a number from 1 on for as long as somebody holds
 * it. The seed keeps others from choosing addresses that fall into one bucket.
 */
export class AddressTable {
  readonly #words: Uint32Array;
  readonly #buckets: Uint32Array;
  readonly #seed: number;
  #free = 0;
  #fresh = 0;

  /** `capacity`: addresses at one time; who holds no more than so many numbers always finds room. */
  constructor(capacity: number, seed: number) {
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#buckets = new Uint32Array(powerOfTwoFrom(Math.ceil(capacity / ROWS_A_BUCKET)));
    this.#seed = seed;
  }

  /** The number of an address, held once more. */
  hold(w0: number, w1: number, w2: number, w3: number): number {
    const words = this.#words;
    const bucket = this.#bucket(w0, w1, w2, w3);
    for (let number = this.#buckets[bucket]!; number !== 0; number = words[at(number) + NEXT]!) {
      const row = at(number);
      if (words[row] !== w0 || words[row + 1] !== w1 || words[row + 2] !== w2 || words[row + 3] !== w3) continue;
      words[row + HOLDERS]!++;
      return number;
    }
    const number = this.#take();
    const row = at(number);
    words[row] = w0;
    words[row + 1] = w1;
    words[row + 2] = w2;
    words[row + 3] = w3;
    words[row + HOLDERS] = 1;
    words[row + NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = number;
    return number;
  }

  release(number: number): void {
    const words = this.#words;
    const row = at(number);
    if (--words[row + HOLDERS]! > 0) return;
    const bucket = this.#bucket(words[row]!, words[row + 1]!, words[row + 2]!, words[row + 3]!);
    if (this.#buckets[bucket] === number) {
      this.#buckets[bucket] = words[row + NEXT]!;
    } else {
      let before = at(this.#buckets[bucket]!);
      while (words[before + NEXT] !== number) before = at(words[before + NEXT]!);
      words[before + NEXT] = words[row + NEXT]!;
    }
    words[row + NEXT] = this.#free;
    this.#free = number;
  }

  /** One of the four 32-bit words of an address. */
  word(number: number, index: 0 | 1 | 2 | 3): number {
    return this.#words[at(number) + index]!;
  }

  #take(): number {
    if (this.#free === 0) return ++this.#fresh;
    const number = this.#free;
    this.#free = this.#words[at(number) + NEXT]!;
    return number;
  }

  #bucket(w0: number, w1: number, w2: number, w3: number): number {
    const hash = mix(mix(mix(mix(this.#seed, w0), w1), w2), w3);
    return hash & (this.#buckets.length - 1);
  }
}

function at(number: number): number {
  return (number - 1) * WIDTH;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) ^ (mixed >>> 13);
}
