import { NO_ENTRY } from "../cache/entry-table.ts";

/** Words of a row: two rows lie in one line of the processor's cache. */
const WIDTH = 8;
/** NO_ENTRY as 32 bits. */
const ENTRY = 0;
const EXPIRY = 1;
const ATTEMPTS = 2;
const IS_LATEST = 3;
/** A double, the last two words. */
const SENT_AT = 3;

/** What is known of each Cache Update on its way, by slot. */
export class UpdateRows {
  readonly #words: Uint32Array;
  /** The same memory. */
  readonly #doubles: Float64Array;

  constructor(capacity: number) {
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#doubles = new Float64Array(this.#words.buffer);
  }

  /** One that has not been sent yet; of one about an entry it is the latest. */
  start(slot: number, entry: number, expiryMs: number): void {
    const at = slot * WIDTH;
    this.#words[at + ENTRY] = entry;
    this.#words[at + EXPIRY] = expiryMs;
    this.#words[at + ATTEMPTS] = 0;
    this.#words[at + IS_LATEST] = entry === NO_ENTRY ? 0 : 1;
  }

  /** What it is about; NO_ENTRY where that is more than one. */
  entry(slot: number): number {
    return this.#words[slot * WIDTH + ENTRY]! | 0;
  }

  /** When what it is about expires at its receiver. */
  expiry(slot: number): number {
    return this.#words[slot * WIDTH + EXPIRY]!;
  }

  setExpiry(slot: number, expiryMs: number): void {
    this.#words[slot * WIDTH + EXPIRY] = expiryMs;
  }

  /** How often it has been sent. */
  attempts(slot: number): number {
    return this.#words[slot * WIDTH + ATTEMPTS]!;
  }

  /** Whether it is the latest about its entry to its querier. */
  isLatest(slot: number): boolean {
    return this.#words[slot * WIDTH + IS_LATEST] === 1;
  }

  noteOvertaken(slot: number): void {
    this.#words[slot * WIDTH + IS_LATEST] = 0;
  }

  /** When it was sent last. */
  sentAt(slot: number): number {
    return this.#doubles[(slot * WIDTH) / 2 + SENT_AT]!;
  }

  noteSent(slot: number, now: number): void {
    this.#words[slot * WIDTH + ATTEMPTS]!++;
    this.#doubles[(slot * WIDTH) / 2 + SENT_AT] = now;
  }
}
