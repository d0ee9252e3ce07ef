/** Numbers that may come ahead of one that has not: a power of two. A server has fewer than this on their way. */
const WINDOW = 256;
/** Of all servers whose updates come in order, or not at all: thousands of them are met at one time. */
const NONE_BEYOND = new Uint32Array(WINDOW / 32);

export const Arrival = {
  new: 0,
  duplicate: 1,
  /** Too far from the others to be kept apart from them: it will come again. */
  beyond: 2,
} as const;

export type Arrival = (typeof Arrival)[keyof typeof Arrival];

/**
 * Which update numbers of one server have arrived. A gap that is not filled soon means that a Cache Update was lost, and
 * with it the truth of anything learnt from that server.
 */
export class UpdateWindow {
  /** Every number up to this one has arrived. */
  #complete = 0;
  /** The highest number that has arrived. */
  #latest = 0;
  /** One bit for each number of the window beyond that, by the number's low bits. */
  #beyond = NONE_BEYOND;
  #ahead = 0;
  #started = false;

  get complete(): number {
    return this.#complete;
  }

  /** Forgets the past: what the server says it issued last is taken as received (all that was learnt before is flushed). */
  restart(counter: number): void {
    this.#complete = counter;
    this.#latest = counter;
    if (this.#beyond !== NONE_BEYOND) this.#beyond.fill(0);
    this.#ahead = 0;
    this.#started = true;
  }

  /** A Cache Update with this number has come. */
  receive(number: number): Arrival {
    if (!this.#started) this.restart((number - 1) >>> 0);
    const distance = (number - this.#complete) | 0;
    if (distance > WINDOW || distance < -WINDOW) return Arrival.beyond;
    if (distance <= 0 || this.#has(number)) return Arrival.duplicate;
    this.#set(number);
    if (((number - this.#latest) | 0) > 0) this.#latest = number;
    this.#close();
    return Arrival.new;
  }

  /** Takes every number up to this one, which is ahead, as received. Those beyond it that have arrived stay so. */
  skipTo(number: number): void {
    if (!this.#started || ((number - this.#complete) | 0) > WINDOW) {
      this.restart(number);
      return;
    }
    for (let missing = this.#complete + 1; ((number - missing) | 0) >= 0; missing++) if (!this.#has(missing)) this.#set(missing);
    if (((number - this.#latest) | 0) > 0) this.#latest = number;
    this.#close();
  }

  /**
   * Whether a number up to `counter` has not arrived. A counter a little behind comes from a reply overtaken by an update;
   * one far off means that the server has forgotten us and counts anew from elsewhere.
   */
  misses(counter: number): boolean {
    if (!this.#started) this.restart(counter);
    const distance = (counter - this.#complete) | 0;
    return distance > 0 || distance < -WINDOW;
  }

  /** Whether a counter is of another count than the numbers that have arrived, though it does not lie ahead of them. */
  isFarBehind(counter: number): boolean {
    return ((counter - this.#complete) | 0) < -WINDOW;
  }

  /** Whether a reply with this counter was sent before an update that has arrived already: the update may be about what it says. */
  hasOvertaken(counter: number): boolean {
    const distance = (counter - this.#latest) | 0;
    return distance < 0 && distance >= -WINDOW;
  }

  /** Whether an update has come ahead of one that has not. */
  get hasGap(): boolean {
    return this.#ahead > 0;
  }

  /** Goes on to the last number before one that is missing. */
  #close(): void {
    while (this.#ahead > 0 && this.#has(this.#complete + 1)) {
      this.#complete = (this.#complete + 1) >>> 0;
      this.#clear(this.#complete);
    }
  }

  #has(number: number): boolean {
    return (this.#beyond[(number & (WINDOW - 1)) >> 5]! & (1 << (number & 31))) !== 0;
  }

  #set(number: number): void {
    if (this.#beyond === NONE_BEYOND) this.#beyond = new Uint32Array(WINDOW / 32);
    this.#beyond[(number & (WINDOW - 1)) >> 5]! |= 1 << (number & 31);
    this.#ahead++;
  }

  #clear(number: number): void {
    this.#beyond[(number & (WINDOW - 1)) >> 5]! &= ~(1 << (number & 31));
    this.#ahead--;
  }
}
