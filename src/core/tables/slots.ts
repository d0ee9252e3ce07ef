/** Numbers 0 to capacity - 1, handed out and taken back; the least recently returned comes last. */
export class Slots {
  readonly #free: Int32Array;
  #count: number;

  constructor(capacity: number) {
    this.#free = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
    this.#count = capacity;
  }

  /** A free number; -1 when all are taken. */
  take(): number {
    return this.#count === 0 ? -1 : this.#free[--this.#count]!;
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
