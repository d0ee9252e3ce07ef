import { FarEvents } from "./far-events.ts";

/** A slot holds what happens within so many microseconds; together the slots are a window of 16.8 s, which steps through time. */
const SLOT = 1024;
const SLOTS = 1 << 14;
const WINDOW = SLOT * SLOTS;
const FIRST_CAPACITY = 1024;
/** Links are places plus one, so that fresh memory, all zero, is an empty window. */
const END = 0;

/**
 * What is going to happen, by time; of events at one time the one that was added first comes first. A timing wheel (Varghese and Lauck): the
 * slots of a window, each a short list in order; what is beyond the window waits in a heap until the window comes to it. An event is a kind
 * and a number, nothing is allocated for it.
 */
export class EventQueue {
  #at = new Float64Array(FIRST_CAPACITY);
  #kind = new Uint8Array(FIRST_CAPACITY);
  #value = new Int32Array(FIRST_CAPACITY);
  /** Of the list of a slot, or of the places that are free. */
  #link = new Int32Array(FIRST_CAPACITY);
  #free = END;
  #highWater = 0;
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
  /** The event that `take` took out. */
  at = 0;
  kind = 0;
  value = 0;

  /** `start`: no event is earlier. */
  constructor(start: number) {
    this.#windowAt = start;
  }

  get size(): number {
    return this.#near + this.#far.size;
  }

  /** Not before the last event that was taken. */
  add(at: number, kind: number, value: number): void {
    if (at < this.#windowAt + WINDOW) this.#file(at, kind, value);
    else this.#far.add(at, kind, value);
    if (at < this.next) this.next = at;
  }

  /** Takes the first event out, of at least one; it is in `at`, `kind` and `value`. */
  take(): void {
    if (this.#near === 0) this.#moveWindow();
    const slot = this.#cursor;
    const place = this.#slots[slot]! - 1;
    this.at = this.#at[place]!;
    this.kind = this.#kind[place]!;
    this.value = this.#value[place]!;
    this.#slots[slot] = this.#link[place]!;
    this.#link[place] = this.#free;
    this.#free = place + 1;
    this.#near--;
    if (this.#slots[slot] === END) this.#leave(slot);
    this.next = this.#near > 0 ? this.#at[this.#slots[this.#cursor]! - 1]! : this.#far.next;
  }

  #file(at: number, kind: number, value: number): void {
    const place = this.#place();
    this.#at[place] = at;
    this.#kind[place] = kind;
    this.#value[place] = value;
    const slot = ((at - this.#windowAt) / SLOT) | 0;
    let before = END;
    let after = this.#slots[slot]!;
    while (after !== END && this.#at[after - 1]! <= at) {
      before = after;
      after = this.#link[after - 1]!;
    }
    this.#link[place] = after;
    if (before === END) this.#slots[slot] = place + 1;
    else this.#link[before - 1] = place + 1;
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
      far.take();
      this.#file(far.at, far.kind, far.value);
    }
  }

  #place(): number {
    if (this.#free !== END) {
      const place = this.#free - 1;
      this.#free = this.#link[place]!;
      return place;
    }
    if (this.#highWater === this.#at.length) this.#grow();
    return this.#highWater++;
  }

  #grow(): void {
    const capacity = 2 * this.#at.length;
    this.#at = enlarged(this.#at, new Float64Array(capacity));
    this.#kind = enlarged(this.#kind, new Uint8Array(capacity));
    this.#value = enlarged(this.#value, new Int32Array(capacity));
    this.#link = enlarged(this.#link, new Int32Array(capacity));
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function enlarged<T extends Float64Array | Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
