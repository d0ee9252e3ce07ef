import { type Agenda, Task } from "../agenda.ts";
import type { NextU32 } from "../next-u32.ts";
import { powerOfTwoFrom } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";

/** What a request was sent for when it was sent for no fetch: to measure the server. */
export const PROBE = -1;

const NEVER = -Infinity;
/** An open request whose server has sent a Map Request Ack. */
const AT_WORK = 2;

/** Words of a row: two rows lie in one line of the processor's cache. */
const WIDTH = 8;
/** How often the slot has been used. */
const USES = 0;
const NONCE_HI = 1;
const NONCE_LO = 2;
const UPSTREAM = 3;
/** PROBE as 32 bits. */
const FETCH = 4;
/** 0, 1, or AT_WORK. */
const OPEN = 5;
/** A double, the last two words. */
const SENT_AT = 3;

/**
 * Map Requests that may still be answered. Each has a fresh nonce; its sequence number names its slot here, with the
 * times that slot was used before. A request whose time is up stays until its fetch is done: a late answer is one too.
 */
export class RequestTable {
  /** A power of two: the slot is in the lower bits of a sequence number. */
  readonly #capacity: number;
  readonly #slotBits: number;
  readonly #slots: Slots;
  readonly #timers: TimerHeap;
  readonly #words: Uint32Array;
  /** The same memory. */
  readonly #doubles: Float64Array;
  /** How many requests for fetches are open to each upstream. */
  readonly #openTo: Uint32Array;
  readonly #nextU32: NextU32;

  /** `most`: open at one time, at least. */
  constructor(most: number, maxUpstreams: number, nextU32: NextU32, agenda: Agenda) {
    const capacity = powerOfTwoFrom(most);
    this.#capacity = capacity;
    this.#slotBits = Math.clz32(1) - Math.clz32(capacity);
    this.#slots = new Slots(capacity);
    this.#timers = agenda.timers(Task.lateRequest, capacity);
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#openTo = new Uint32Array(maxUpstreams + 1);
    this.#nextU32 = nextU32;
  }

  get size(): number {
    return this.#slots.taken;
  }

  /** Opens a request with a fresh nonce that waits until `until`; -1 when too many are open. */
  open(now: number, until: number, upstream: number, fetch: number): number {
    const slot = this.#slots.take();
    if (slot < 0) return -1;
    const words = this.#words;
    const at = slot * WIDTH;
    words[at + USES]!++;
    words[at + NONCE_HI] = this.#nextU32();
    words[at + NONCE_LO] = this.#nextU32();
    words[at + UPSTREAM] = upstream;
    words[at + FETCH] = fetch;
    words[at + OPEN] = 1;
    this.#setSentAt(slot, now);
    if (fetch !== PROBE) this.#openTo[upstream]!++;
    this.#timers.set(slot, until);
    return slot;
  }

  /** The request that a message with this sequence and nonce from this upstream belongs to; -1 when none does. */
  match(sequence: number, nonceHi: number, nonceLo: number, upstream: number): number {
    const slot = this.#lastWith(sequence, nonceHi, nonceLo, upstream);
    return slot >= 0 && this.#isOpen(slot) ? slot : -1;
  }

  /** Whether a message belongs to a request that is closed, whose slot no other has taken yet. */
  wasClosed(sequence: number, nonceHi: number, nonceLo: number, upstream: number): boolean {
    const slot = this.#lastWith(sequence, nonceHi, nonceLo, upstream);
    return slot >= 0 && !this.#isOpen(slot);
  }

  /** Whether any open request to an upstream has this nonce. It looks at all: for the rare Cache Update that crosses one. */
  isOpenWith(nonceHi: number, nonceLo: number, upstream: number): boolean {
    for (let slot = 0; slot < this.#slots.highWater; slot++) {
      if (this.nonceLo(slot) === nonceLo && this.nonceHi(slot) === nonceHi && this.#isOpen(slot) && this.upstream(slot) === upstream) return true;
    }
    return false;
  }

  /** How many requests for fetches are open to an upstream. */
  openTo(upstream: number): number {
    return this.#openTo[upstream]!;
  }

  close(slot: number): void {
    if (this.fetch(slot) !== PROBE) this.#openTo[this.upstream(slot)]!--;
    this.#words[slot * WIDTH + OPEN] = 0;
    this.#timers.clear(slot);
    this.#slots.give(slot);
  }

  /** Gives the server until `until` to answer: it said that it is at work. */
  extend(slot: number, until: number): void {
    this.#words[slot * WIDTH + OPEN] = AT_WORK;
    if (this.#timers.has(slot)) this.#timers.set(slot, until);
  }

  /** Whether the server said that it is at work: the time to its answer is not the distance to it. */
  wasExtended(slot: number): boolean {
    return this.#words[slot * WIDTH + OPEN] === AT_WORK;
  }

  /** Whether its time is not up yet. */
  isWaiting(slot: number): boolean {
    return this.#timers.has(slot);
  }

  /** Notes that a request never left, so that nobody is blamed for its silence; it is tried again at `until`. */
  markUnsent(slot: number, until: number): void {
    this.#setSentAt(slot, NEVER);
    this.#timers.set(slot, until);
  }

  isUnsent(slot: number): boolean {
    return this.sentAt(slot) === NEVER;
  }

  /** Waits no longer; a late answer is still taken. */
  stopWaiting(slot: number): void {
    this.#timers.clear(slot);
  }

  /** The next request whose time is up; -1 when there is none. It stays open until it is closed. */
  popLate(now: number): number {
    return this.#timers.pop(now);
  }

  /** The next open request to an upstream at or above `slot`; -1 when there is none. For the rare upstream that is dropped. */
  nextOf(upstream: number, from: number): number {
    for (let slot = from; slot < this.#slots.highWater; slot++) {
      if (this.#isOpen(slot) && this.upstream(slot) === upstream) return slot;
    }
    return -1;
  }

  /** The slot whose latest request had these; -1 where another has taken it, or never was. */
  #lastWith(sequence: number, nonceHi: number, nonceLo: number, upstream: number): number {
    const slot = sequence & (this.#capacity - 1);
    const words = this.#words;
    const at = slot * WIDTH;
    if (words[at + USES] === 0 || this.sequence(slot) !== sequence || words[at + UPSTREAM] !== upstream) return -1;
    const difference = (words[at + NONCE_HI]! ^ nonceHi) | (words[at + NONCE_LO]! ^ nonceLo);
    return difference === 0 ? slot : -1;
  }

  #isOpen(slot: number): boolean {
    return this.#words[slot * WIDTH + OPEN] !== 0;
  }

  sequence(slot: number): number {
    return ((this.#words[slot * WIDTH + USES]! << this.#slotBits) | slot) >>> 0;
  }

  nonceHi(slot: number): number {
    return this.#words[slot * WIDTH + NONCE_HI]!;
  }

  nonceLo(slot: number): number {
    return this.#words[slot * WIDTH + NONCE_LO]!;
  }

  upstream(slot: number): number {
    return this.#words[slot * WIDTH + UPSTREAM]!;
  }

  /** The fetch it was sent for, or PROBE. */
  fetch(slot: number): number {
    return this.#words[slot * WIDTH + FETCH]! | 0;
  }

  sentAt(slot: number): number {
    return this.#doubles[(slot * WIDTH) / 2 + SENT_AT]!;
  }

  #setSentAt(slot: number, at: number): void {
    this.#doubles[(slot * WIDTH) / 2 + SENT_AT] = at;
  }
}
