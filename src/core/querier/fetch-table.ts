import type { Family } from "../../address/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import type { Asker } from "../answer.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";
import { Version } from "../version.ts";
import { AskerTable, NO_ASKER } from "./asker-table.ts";

/** Who may wait, for each fetch that there is room for, and for one fetch. */
const ASKERS_FOR_EACH = 8;
const MAX_ASKERS_PER_FETCH = 1024;
/** What is left of the table for those who proved their address when others fill it; of the room to wait, half is. */
const KEPT_FOR_VERIFIED = 1 / 2;
/** And of those, for askers: fetches for nobody in particular take none of it. */
const KEPT_FOR_ASKERS = 3 / 4;
export const MAX_ATTEMPTS = 4;

/** Words of an attempt: its open request, the upstream it went to, and whether that would not answer. Those of a fetch lie in one line of the processor's cache. */
const WIDTH = 4;
const REQUEST = 0;
const TRIED = 1;
const REFUSED = 2;

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
  /** How many wait, and the ends of their list. */
  askers = 0;
  firstAsker = NO_ASKER;
  lastAsker = NO_ASKER;
  /** The attempts of all fetches. */
  readonly #log: Int32Array;

  constructor(index: number, log: Int32Array) {
    this.index = index;
    this.#log = log;
  }

  /** Notes another attempt: its open request, and the upstream it went to. */
  addAttempt(request: number, upstream: number): void {
    const at = this.#at(this.attempts++);
    this.#log[at + REQUEST] = request;
    this.#log[at + TRIED] = upstream;
    this.#log[at + REFUSED] = 0;
  }

  /** The open request of an attempt; -1 when it has none any more. */
  request(attempt: number): number {
    return this.#log[this.#at(attempt) + REQUEST]!;
  }

  /** The attempt that an open request belongs to. */
  attemptOf(request: number): number {
    let attempt = this.attempts - 1;
    while (attempt >= 0 && this.request(attempt) !== request) attempt--;
    return attempt;
  }

  /** Notes that the request of an attempt is open no more. */
  endRequest(attempt: number): void {
    this.#log[this.#at(attempt) + REQUEST] = -1;
  }

  /** Notes that the upstream of an attempt would not answer, and with which result it said so. */
  noteRefusal(attempt: number, result: number): void {
    this.#log[this.#at(attempt) + REFUSED] = 1;
    this.refusal = result;
  }

  /** How often an upstream has been asked for this; Infinity for one that would not answer. */
  timesTried(upstream: number): number {
    const log = this.#log;
    let times = 0;
    for (let at = this.#at(0), end = this.#at(this.attempts); at < end; at += WIDTH) {
      if (log[at + TRIED] !== upstream) continue;
      if (log[at + REFUSED] === 1) return Infinity;
      times++;
    }
    return times;
  }

  #at(attempt: number): number {
    return (this.index * MAX_ATTEMPTS + attempt) * WIDTH;
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
  readonly #log: Int32Array;
  readonly askers: AskerTable;
  readonly #peers: PeerTable;
  readonly #waitingOf: Uint16Array;
  readonly #maxWaiting: number;

  /** `capacity`: keys in flight; `maxWaiting`: how many requests of one peer may wait. */
  constructor(capacity: number, peers: PeerTable, maxWaiting: number, agenda: Agenda) {
    this.timers = agenda.timers(Task.fetch, capacity);
    this.#capacity = capacity;
    this.#slots = new Slots(capacity);
    this.#ipv4 = new PairIndex(capacity);
    this.#ipv6 = new PairIndex(capacity);
    this.#log = new Int32Array(capacity * MAX_ATTEMPTS * WIDTH);
    this.askers = new AskerTable(ASKERS_FOR_EACH * capacity);
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
    const slot = this.#index(family).find(hi, lo);
    return slot < 0 ? undefined : this.#fetches[slot];
  }

  /** Whether there is room for another fetch, for this asker or (undefined) for nobody in particular. */
  hasRoomFor(asker: Asker | undefined): boolean {
    const kept = asker === undefined ? KEPT_FOR_ASKERS : asker.verified ? 0 : KEPT_FOR_VERIFIED;
    return this.#slots.available > kept * this.#capacity;
  }

  /** Starts a fetch; a shared one of a key that has none. `hasRoomFor` has been asked. Its timer must be set. */
  start(family: Family, hi: number, lo: number, deadline: number, isShared: boolean): Fetch {
    const slot = this.#slots.take();
    const fetch = (this.#fetches[slot] ??= new Fetch(slot, this.#log));
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
    if (fetch.askers >= part * MAX_ASKERS_PER_FETCH || this.askers.size >= part * ASKERS_FOR_EACH * this.#capacity || !this.#mayWait(asker.peer)) return false;
    fetch.floor.raise(asker.floor.lineage, asker.floor.hi, asker.floor.lo);
    this.#hold(asker.peer);
    const row = this.askers.add(asker, fetch.lastAsker);
    if (fetch.firstAsker === NO_ASKER) fetch.firstAsker = row;
    fetch.lastAsker = row;
    fetch.askers++;
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
    const { askers } = this;
    for (let row = fetch.firstAsker; row !== NO_ASKER; row = askers.next(row)) {
      this.#release(askers.peer(row));
      askers.remove(row);
    }
    fetch.askers = 0;
    fetch.firstAsker = NO_ASKER;
    fetch.lastAsker = NO_ASKER;
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
