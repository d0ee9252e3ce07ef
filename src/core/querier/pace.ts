/** How much of the limit is used on average, and how much of it may come at once after a pause: together below the limit. */
const SUSTAINED = 0.94;
const AT_ONCE = 0.04;

/**
 * Keeps events apart, so that no stretch of a second has more than 1 s / `spacing` of them, with 2 % left for those that
 * bunch up on their way. A few may come at once, so that a timer that is late costs nothing. Virtual scheduling, as in
 * ITU-T I.371 annex A (GCRA). Times are microseconds.
 */
export class Pace {
  readonly #step: number;
  readonly #tolerance: number;
  /** When the next would be due, were all evenly apart. */
  #due = -Infinity;

  /** `spacing`: microseconds between two events at the limit; at most 100,000, ten a second. */
  constructor(spacing: number) {
    this.#step = spacing / SUSTAINED;
    this.#tolerance = (Math.max(1, Math.floor((AT_ONCE * 1_000_000) / spacing)) - 1) * this.#step;
  }

  /** From when on the next one may be. */
  get next(): number {
    return this.#due - this.#tolerance;
  }

  /** Counts one that is now. */
  take(now: number): void {
    this.#due = Math.max(this.#due, now) + this.#step;
  }
}
