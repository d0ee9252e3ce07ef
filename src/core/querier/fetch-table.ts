import type { Family } from "../../address/index.ts";
import { Asker } from "../answer.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";
import { TimerHeap } from "../tables/timer-heap.ts";
import { Version } from "../version.ts";

/** Who may wait, for each fetch that there is room for, and for one fetch. */
const ASKERS_FOR_EACH = 8;
const MAX_ASKERS_PER_FETCH = 1024;
/** What is left of the table for those who proved their address when others fill it; of the room to wait, half is. */
const KEPT_FOR_VERIFIED = 1 / 2;
/** And of those, for askers: fetches for nobody in particular take none of it. */
const KEPT_FOR_ASKERS = 3 / 4;
export const MAX_ATTEMPTS = 4;

/** One key being asked for upstream, and who waits for it. */
export class Fetch {
  readonly index: number;
  family: Family = 4;
  hi = 0;
  lo = 0;
  attempts = 0;
  /** When it is given up. */
  deadline = 0;
  /** Whether those who wait have been told so (Map Request Ack). */
  acknowledged = false;
  /** Whether others who ask for the key may wait with those who do. */
  isShared = true;
  /** The result of a server that would not answer; 0 when none has said so. */
  refusal = 0;
  /** The position below which an answer is of no use to somebody who waits. */
  readonly floor = new Version();
  /** The open request of each attempt, and the upstream it went to. */
  readonly requests = new Int32Array(MAX_ATTEMPTS);
  readonly tried = new Int32Array(MAX_ATTEMPTS);
  readonly refused = new Uint8Array(MAX_ATTEMPTS);
  readonly askers: Asker[] = [];

  constructor(index: number) {
    this.index = index;
  }

  /** How often an upstream has been asked for this; Infinity for one that would not answer. */
  timesTried(upstream: number): number {
    let times = 0;
    for (let attempt = 0; attempt < this.attempts; attempt++) {
      if (this.tried[attempt] !== upstream) continue;
      if (this.refused[attempt] === 1) return Infinity;
      times++;
    }
    return times;
  }
}

/** Keys in flight: those who ask for one that is there already wait with the first (coalescing), unless that waits alone. */
export class FetchTable {
  readonly timers: TimerHeap;
  readonly #capacity: number;
  readonly #slots: Slots;
  readonly #ipv4: PairIndex;
  readonly #ipv6: PairIndex;
  readonly #fetches: Fetch[] = [];
  readonly #spareAskers: Asker[] = [];
  readonly #peers: PeerTable;
  readonly #waitingOf: Uint16Array;
  readonly #maxWaiting: number;
  #askers = 0;

  /** `capacity`: keys in flight; `maxWaiting`: how many requests of one peer may wait. */
  constructor(capacity: number, peers: PeerTable, maxWaiting: number) {
    this.timers = new TimerHeap(capacity);
    this.#capacity = capacity;
    this.#slots = new Slots(capacity);
    this.#ipv4 = new PairIndex(capacity);
    this.#ipv6 = new PairIndex(capacity);
    this.#peers = peers;
    this.#waitingOf = new Uint16Array(peers.capacity);
    this.#maxWaiting = maxWaiting;
  }

  get size(): number {
    return this.#slots.taken;
  }

  at(index: number): Fetch {
    return this.#fetches[index]!;
  }

  /** The shared fetch of a key. */
  find(family: Family, hi: number, lo: number): Fetch | undefined {
    return this.#fetches[this.#index(family).find(hi, lo)];
  }

  /** Whether there is room for another fetch, for this asker or (undefined) for nobody in particular. */
  hasRoomFor(asker: Asker | undefined): boolean {
    const kept = asker === undefined ? KEPT_FOR_ASKERS : asker.verified ? 0 : KEPT_FOR_VERIFIED;
    return this.#slots.available > kept * this.#capacity;
  }

  /** Starts a fetch; a shared one of a key that has none. `hasRoomFor` has been asked. Its timer must be set. */
  start(family: Family, hi: number, lo: number, deadline: number, isShared: boolean): Fetch {
    const slot = this.#slots.take();
    const fetch = (this.#fetches[slot] ??= new Fetch(slot));
    if (isShared) this.#index(family).insert(slot, hi, lo);
    fetch.family = family;
    fetch.hi = hi;
    fetch.lo = lo;
    fetch.attempts = 0;
    fetch.deadline = deadline;
    fetch.acknowledged = false;
    fetch.isShared = isShared;
    fetch.refusal = 0;
    fetch.floor.set(0, 0, 0);
    return fetch;
  }

  /** Lets a querier wait for a fetch; false when too many wait, or too many requests of this one. */
  join(fetch: Fetch, asker: Asker): boolean {
    const part = asker.verified ? 1 : 1 / 2;
    if (fetch.askers.length >= part * MAX_ASKERS_PER_FETCH || this.#askers >= part * ASKERS_FOR_EACH * this.#capacity || !this.#mayWait(asker.peer)) return false;
    const kept = this.#spareAskers.pop() ?? new Asker();
    kept.copyFrom(asker);
    fetch.floor.raise(asker.floor.lineage, asker.floor.hi, asker.floor.lo);
    this.#hold(kept.peer);
    fetch.askers.push(kept);
    this.#askers++;
    return true;
  }

  /** Ends a fetch whose askers have been answered and whose requests are closed. */
  end(fetch: Fetch): void {
    this.#dismiss(fetch);
    this.timers.clear(fetch.index);
    if (fetch.isShared) this.#index(fetch.family).remove(fetch.index);
    this.#slots.give(fetch.index);
  }

  /** Lets go of the askers of a fetch, who have been answered. */
  #dismiss(fetch: Fetch): void {
    this.#askers -= fetch.askers.length;
    for (const asker of fetch.askers) {
      this.#release(asker.peer);
      this.#spareAskers.push(asker);
    }
    fetch.askers.length = 0;
  }

  /** This process itself waits under no peer's number. */
  #mayWait(peer: number): boolean {
    return peer < 0 || this.#waitingOf[peer]! < this.#maxWaiting;
  }

  #hold(peer: number): void {
    if (peer < 0) return;
    this.#peers.hold(peer);
    this.#waitingOf[peer]!++;
  }

  #release(peer: number): void {
    if (peer < 0) return;
    this.#peers.release(peer);
    this.#waitingOf[peer]!--;
  }

  #index(family: Family): PairIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}
