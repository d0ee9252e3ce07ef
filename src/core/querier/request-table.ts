import type { NextU32 } from "../next-u32.ts";
import { Slots } from "../tables/slots.ts";
import { TimerHeap } from "../tables/timer-heap.ts";

/** What a request was sent for when it was sent for no fetch: to measure the server. */
export const PROBE = -1;

const SLOT_BITS = 14;
const MAX_REQUESTS = 1 << SLOT_BITS;

/**
 * Map Requests that may still be answered. Each has a fresh nonce; its sequence number names its slot here, with the
 * times that slot was used before. A request whose time is up stays until its fetch is done: a late answer is one too.
 */
export class RequestTable {
  readonly #slots = new Slots(MAX_REQUESTS);
  readonly #timers = new TimerHeap(MAX_REQUESTS);
  readonly #uses = new Uint32Array(MAX_REQUESTS);
  readonly #nonceHi = new Uint32Array(MAX_REQUESTS);
  readonly #nonceLo = new Uint32Array(MAX_REQUESTS);
  readonly #upstream = new Uint32Array(MAX_REQUESTS);
  readonly #fetch = new Int32Array(MAX_REQUESTS);
  readonly #sentAt = new Float64Array(MAX_REQUESTS);
  readonly #open = new Uint8Array(MAX_REQUESTS);
  readonly #nextU32: NextU32;

  constructor(nextU32: NextU32) {
    this.#nextU32 = nextU32;
  }

  get next(): number {
    return this.#timers.next;
  }

  get size(): number {
    return MAX_REQUESTS - this.#slots.available;
  }

  /** Opens a request with a fresh nonce that waits until `until`; -1 when too many are open. */
  open(now: number, until: number, upstream: number, fetch: number): number {
    const slot = this.#slots.take();
    if (slot < 0) return -1;
    this.#uses[slot]!++;
    this.#nonceHi[slot] = this.#nextU32();
    this.#nonceLo[slot] = this.#nextU32();
    this.#upstream[slot] = upstream;
    this.#fetch[slot] = fetch;
    this.#sentAt[slot] = now;
    this.#open[slot] = 1;
    this.#timers.set(slot, until);
    return slot;
  }

  /** The request that a message with this sequence and nonce from this upstream belongs to; -1 when none does. */
  match(sequence: number, nonceHi: number, nonceLo: number, upstream: number): number {
    const slot = sequence & (MAX_REQUESTS - 1);
    if (this.#open[slot] === 0 || this.sequence(slot) !== sequence || this.#upstream[slot] !== upstream) return -1;
    const difference = (this.#nonceHi[slot]! ^ nonceHi) | (this.#nonceLo[slot]! ^ nonceLo);
    return difference === 0 ? slot : -1;
  }

  close(slot: number): void {
    this.#open[slot] = 0;
    this.#timers.clear(slot);
    this.#slots.give(slot);
  }

  /** Gives the server until `until` to answer: it said that it is at work. */
  extend(slot: number, until: number): void {
    if (this.#timers.has(slot)) this.#timers.set(slot, until);
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
    for (let slot = from; slot < MAX_REQUESTS; slot++) {
      if (this.#open[slot] === 1 && this.#upstream[slot] === upstream) return slot;
    }
    return -1;
  }

  sequence(slot: number): number {
    return ((this.#uses[slot]! << SLOT_BITS) | slot) >>> 0;
  }

  nonceHi(slot: number): number {
    return this.#nonceHi[slot]!;
  }

  nonceLo(slot: number): number {
    return this.#nonceLo[slot]!;
  }

  upstream(slot: number): number {
    return this.#upstream[slot]!;
  }

  /** The fetch it was sent for, or PROBE. */
  fetch(slot: number): number {
    return this.#fetch[slot]!;
  }

  sentAt(slot: number): number {
    return this.#sentAt[slot]!;
  }
}
