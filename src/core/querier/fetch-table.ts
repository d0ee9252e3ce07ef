import type { Family } from "../../address/index.ts";
import { Asker } from "../server/answer.ts";
import { PairIndex } from "../tables/pair-index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { Slots } from "../tables/slots.ts";
import { TimerHeap } from "../tables/timer-heap.ts";

const MAX_FETCHES = 4096;
const MAX_ASKERS = 32_768;
const MAX_ASKERS_PER_FETCH = 1024;
export const MAX_ATTEMPTS = 4;

/** One key being asked for upstream, and who waits for it. */
export class Fetch {
  readonly index: number;
  family: Family = 4;
  hi = 0;
  lo = 0;
  attempts = 0;
  startedAt = 0;
  /** When it is given up. */
  deadline = 0;
  /** Whether those who wait have been told so (Map Request Ack). */
  acknowledged = false;
  /** The open request of each attempt, and the upstream it went to. */
  readonly requests = new Int32Array(MAX_ATTEMPTS);
  readonly tried = new Int32Array(MAX_ATTEMPTS);
  readonly askers: Asker[] = [];

  constructor(index: number) {
    this.index = index;
  }

  /** How often an upstream has been asked for this. */
  timesTried(upstream: number): number {
    let times = 0;
    for (let attempt = 0; attempt < this.attempts; attempt++) {
      if (this.tried[attempt] === upstream) times++;
    }
    return times;
  }
}

/** Keys in flight, each once: those who ask for one that is there already wait with the first (coalescing). */
export class FetchTable {
  readonly #slots = new Slots(MAX_FETCHES);
  readonly #ipv4 = new PairIndex(MAX_FETCHES);
  readonly #ipv6 = new PairIndex(MAX_FETCHES);
  readonly #fetches: Fetch[] = [];
  readonly #spareAskers: Asker[] = [];
  readonly #peers: PeerTable;
  readonly timers = new TimerHeap(MAX_FETCHES);
  #askers = 0;

  constructor(peers: PeerTable) {
    this.#peers = peers;
  }

  get size(): number {
    return MAX_FETCHES - this.#slots.available;
  }

  at(index: number): Fetch {
    return this.#fetches[index]!;
  }

  find(family: Family, hi: number, lo: number): Fetch | undefined {
    return this.#fetches[this.#index(family).find(hi, lo)];
  }

  /** Starts a fetch of a key that is not in flight; undefined when too many are. */
  start(family: Family, hi: number, lo: number, now: number, deadline: number): Fetch | undefined {
    const slot = this.#slots.take();
    if (slot < 0) return undefined;
    const fetch = (this.#fetches[slot] ??= new Fetch(slot));
    this.#index(family).insert(slot, hi, lo);
    fetch.family = family;
    fetch.hi = hi;
    fetch.lo = lo;
    fetch.attempts = 0;
    fetch.startedAt = now;
    fetch.deadline = deadline;
    fetch.acknowledged = false;
    return fetch;
  }

  /** Lets a querier wait for a fetch; false when too many wait. */
  join(fetch: Fetch, asker: Asker): boolean {
    if (fetch.askers.length >= MAX_ASKERS_PER_FETCH || this.#askers >= MAX_ASKERS) return false;
    const kept = this.#spareAskers.pop() ?? new Asker();
    kept.copyFrom(asker);
    this.#peers.hold(kept.peer);
    fetch.askers.push(kept);
    this.#askers++;
    return true;
  }

  /** Ends a fetch whose askers have been answered and whose requests are closed. */
  end(fetch: Fetch): void {
    this.#askers -= fetch.askers.length;
    for (const asker of fetch.askers) {
      this.#peers.release(asker.peer);
      this.#spareAskers.push(asker);
    }
    fetch.askers.length = 0;
    this.timers.clear(fetch.index);
    this.#index(fetch.family).remove(fetch.index);
    this.#slots.give(fetch.index);
  }

  #index(family: Family): PairIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}
