const BITS = 32;

/**
 * Which update numbers of one server have arrived. A gap that is not filled soon means that a Cache Update was lost, and
 * with it the truth of anything learnt from that server.
 */
export class UpdateWindow {
  /** Every number up to this one has arrived. */
  #complete = 0;
  /** Bit n: number complete + 1 + n has arrived. */
  #beyond = 0;
  #started = false;

  get complete(): number {
    return this.#complete;
  }

  /** Forgets the past: what the server says it issued last is taken as received (all that was learnt before is flushed). */
  restart(counter: number): void {
    this.#complete = counter;
    this.#beyond = 0;
    this.#started = true;
  }

  /** A Cache Update with this number has come; false when it had come before. */
  receive(number: number): boolean {
    if (!this.#started) this.restart((number - 1) >>> 0);
    const distance = (number - this.#complete) | 0;
    if (distance <= 0) return false;
    if (distance > BITS) return true;
    const bit = 1 << (distance - 1);
    if ((this.#beyond & bit) !== 0) return false;
    this.#beyond |= bit;
    while ((this.#beyond & 1) !== 0) {
      this.#beyond >>>= 1;
      this.#complete = (this.#complete + 1) >>> 0;
    }
    return true;
  }

  /**
   * Whether a number up to `counter` has not arrived. A counter a little behind comes from a reply overtaken by an update;
   * one far off means that the server has forgotten us and counts anew from elsewhere.
   */
  misses(counter: number): boolean {
    if (!this.#started) this.restart(counter);
    const distance = (counter - this.#complete) | 0;
    return distance > 0 || distance < -BITS;
  }

  /** Whether an update has come ahead of one that has not. */
  get hasGap(): boolean {
    return this.#beyond !== 0;
  }
}
