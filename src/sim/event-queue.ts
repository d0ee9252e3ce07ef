import { FarEvents } from "./far-events.ts";

/** A slot holds what happens within so many microseconds; together the slots are a window of 16.8 s, which steps through time. */
const SLOT = 1024;
const SLOTS = 1 << 14;
const WINDOW = SLOT * SLOTS;
/** An event's row: when it is due, what it is, and the row after it in the list of its slot or of free rows. */
const AT = 0;
const WHAT = 1;
const AFTER = 2;
const ROW = 4;
const FIRST_CAPACITY = 256 * ROW;
/** No row: the first is never used, so that fresh memory, all zero, is an empty window. */
const END = 0;

/**
 * What is going to happen, by time; of events at one time the one that was added first comes first. A timing wheel (Varghese and Lauck): the
 * slots of a window, each a short list in order; what is beyond the window waits in a heap until the window comes to it. An event is a number,
 * nothing is allocated for it.
 */
export class EventQueue {
  #rows = new Float64Array(FIRST_CAPACITY);
  #free = END;
  #highWater = ROW;
  /** The first row of each. */
  readonly #slots = new Int32Array(SLOTS);
  /** One bit a slot: whether it has events. */
  readonly #filled = new Int32Array(SLOTS >> 5);
  readonly #far = new FarEvents();
  #windowAt = 0;
  /** The first slot that has events, where there are any in the window; none before has. */
  #cursor = SLOTS;
  #near = 0;
  /** When the first is due; Infinity when there is none. */
  next = Infinity;

  /** `start`: no event is earlier. */
  constructor(start: number) {
    this.#windowAt = start;
  }

  get size(): number {
    return this.#near + this.#far.size;
  }

  /** Not before the last event that was taken. `what`: 32 bits with a sign. */
  add(at: number, what: number): void {
    if (at < this.#windowAt + WINDOW) this.#file(at, what);
    else this.#far.add(at, what);
    if (at < this.next) this.next = at;
  }

  /** Takes the first event out, of at least one: the one due at `next`. Gives what it is. */
  take(): number {
    if (this.#near === 0) this.#moveWindow();
    const rows = this.#rows;
    const slot = this.#cursor;
    const row = this.#slots[slot]!;
    const after = rows[row + AFTER]! | 0;
    this.#slots[slot] = after;
    rows[row + AFTER] = this.#free;
    this.#free = row;
    this.#near--;
    if (after === END) this.#leave(slot);
    this.next = this.#near > 0 ? rows[this.#slots[this.#cursor]! + AT]! : this.#far.next;
    return rows[row + WHAT]! | 0;
  }

  #file(at: number, what: number): void {
    const row = this.#newRow();
    const rows = this.#rows;
    const slot = ((at - this.#windowAt) / SLOT) | 0;
    let before = END;
    let after = this.#slots[slot]!;
    while (after !== END && rows[after + AT]! <= at) {
      before = after;
      after = rows[after + AFTER]! | 0;
    }
    rows[row + AT] = at;
    rows[row + WHAT] = what;
    rows[row + AFTER] = after;
    if (before === END) this.#slots[slot] = row;
    else rows[before + AFTER] = row;
    this.#filled[slot >> 5]! |= 1 << (slot & 31);
    if (slot < this.#cursor) this.#cursor = slot;
    this.#near++;
  }

  /** A slot has become empty: goes on to the next that is not. */
  #leave(slot: number): void {
    this.#filled[slot >> 5]! &= ~(1 << (slot & 31));
    let word = slot >> 5;
    while (word < SLOTS >> 5 && this.#filled[word] === 0) word++;
    this.#cursor = word < SLOTS >> 5 ? (word << 5) + lowestBit(this.#filled[word]!) : SLOTS;
  }

  /** Goes over to the window of the first far event. */
  #moveWindow(): void {
    const far = this.#far;
    this.#windowAt += WINDOW * Math.floor((far.next - this.#windowAt) / WINDOW);
    const end = this.#windowAt + WINDOW;
    while (far.next < end) {
      const at = far.next;
      this.#file(at, far.take());
    }
  }

  #newRow(): number {
    const row = this.#free;
    if (row !== END) {
      this.#free = this.#rows[row + AFTER]! | 0;
      return row;
    }
    if (this.#highWater === this.#rows.length) this.#grow();
    this.#highWater += ROW;
    return this.#highWater - ROW;
  }

  #grow(): void {
    const rows = new Float64Array(2 * this.#rows.length);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
