/** Numbers 0 to capacity - 1, handed out and taken back: the last returned first, and the lowest of those never used. */
export class Slots {
  readonly #capacity: number;
  readonly #returned: Int32Array;
  #returnedCount = 0;
  #highWater = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#returned = new Int32Array(capacity);
  }

  /** A free number; -1 when all are taken. */
  take(): number {
    if (this.#returnedCount > 0) return this.#returned[--this.#returnedCount]!;
    return this.#highWater < this.#capacity ? this.#highWater++ : -1;
  }

  /** Numbers at or above this one have never been taken. */
  get highWater(): number {
    return this.#highWater;
  }

  give(slot: number): void {
    this.#returned[this.#returnedCount++] = slot;
  }

  get available(): number {
    return this.#capacity - this.taken;
  }

  get taken(): number {
    return this.#highWater - this.#returnedCount;
  }
}
