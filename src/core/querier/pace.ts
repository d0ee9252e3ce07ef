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
  readonly #due: Float64Array<ArrayBufferLike>;

  /**
   * `spacing`: microseconds between two events at the limit; at most 100,000, ten a second. `due`: -Infinity at first; in memory that
   * threads share, they have one pace. Two that take at the same instant may count as one: what is left for bunches covers that.
   */
  constructor(spacing: number, due: Float64Array<ArrayBufferLike> = new Float64Array([-Infinity])) {
    this.#due = due;
    this.#step = spacing / SUSTAINED;
    this.#tolerance = (Math.max(1, Math.floor((AT_ONCE * 1_000_000) / spacing)) - 1) * this.#step;
  }

  /** From when on the next one may be. */
  get next(): number {
    return this.#due[0]! - this.#tolerance;
  }

  /** Counts one that is now. */
  take(now: number): void {
    this.#due[0] = Math.max(this.#due[0]!, now) + this.#step;
  }
}
