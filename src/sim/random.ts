/** Seeded randomness: sfc32 (Chris Doty-Humphrey's Small Fast Counter), integers only, so the same on every machine. */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;
  /** Uniform 32 bits, as a function: what engines take for their randomness. */
  readonly u32 = (): number => this.next();

  /** `stream` tells apart the generators of one seed: what one part of the world draws moves no other part's draws. */
  constructor(seed: number, stream: number) {
    this.#a = (seed ^ 0x9e3779b9) | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = Math.imul(stream + 1, 0x85ebca6b);
    for (let round = 0; round < 16; round++) this.next();
  }

  next(): number {
    const result = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least);
  }

  /** True once in so many: `chance(0.1)` one time in ten. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** The items in random order. */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }
}
