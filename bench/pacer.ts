/** Says how many requests are due by a clock, whatever became of those before. Times are milliseconds from the start. */
export class Pacer {
  readonly #perMs: number;
  readonly #least: number;
  readonly #most: number;
  #given = 0;

  /** `least`: what is less waits for more; `most` at a time. */
  constructor(perSecond: number, least: number, most: number) {
    this.#perMs = perSecond / 1000;
    this.#least = least;
    this.#most = most;
  }

  restart(): void {
    this.#given = 0;
  }

  /** How many are due now. */
  take(now: number): number {
    const due = Math.floor(now * this.#perMs) - this.#given;
    if (due < this.#least) return 0;
    const taken = Math.min(due, this.#most);
    this.#given += taken;
    return taken;
  }

  /** When one of those given last was due, the last of them being number 0. */
  due(before: number): number {
    return (this.#given - before) / this.#perMs;
  }
}
