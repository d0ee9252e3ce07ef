/** Numbers 0 to capacity - 1, handed out and taken back: the lowest first, and the last returned before one never used. */
export class Slots {
  readonly #free: Int32Array;
  #count: number;
  #highWater = 0;

  constructor(capacity: number) {
    this.#free = new Int32Array(capacity);
    for (let index = 0; index < capacity; index++) this.#free[index] = capacity - 1 - index;
    this.#count = capacity;
  }

  /** A free number; -1 when all are taken. */
  take(): number {
    if (this.#count === 0) return -1;
    const slot = this.#free[--this.#count]!;
    if (slot >= this.#highWater) this.#highWater = slot + 1;
    return slot;
  }

  /** Numbers at or above this one have never been taken. */
  get highWater(): number {
    return this.#highWater;
  }

  give(slot: number): void {
    this.#free[this.#count++] = slot;
  }

  get available(): number {
    return this.#count;
  }

  get taken(): number {
    return this.#free.length - this.#count;
  }
}
