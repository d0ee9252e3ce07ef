import type { NextU32 } from "../next-u32.ts";
import { TimerHeap } from "../tables/timer-heap.ts";
import type { Upstream } from "./upstream.ts";
import { LOSSES_UNTIL_DOWN, UpstreamState } from "./upstream-state.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** How often servers are measured; microseconds. */
export interface ProbeIntervals {
  /** Between the first probes of different servers, right after discovery. */
  readonly pacing: number;
  /** A server from which mapping is held: it must be heard, or what it gave is flushed. */
  readonly holding: number;
  /** The best `keepFresh` of each service. */
  readonly best: number;
  /** All others: a newly better one is found within this time. */
  readonly others: number;
  /** A dead one, after its first failures; then twice as long each time, up to `deadMost`. */
  readonly dead: number;
  readonly deadMost: number;
}

export const DEFAULT_INTERVALS: ProbeIntervals = {
  pacing: 2_000,
  holding: 3_000_000,
  best: 10_000_000,
  others: 60_000_000,
  dead: 1_000_000,
  deadMost: 30_000_000,
};

/** Decides when each upstream is measured next. It never stops, however long one is dead. */
export class Prober {
  readonly #timers: TimerHeap;
  readonly #upstreams: UpstreamTable;
  readonly #nextU32: NextU32;
  readonly #intervals: ProbeIntervals;
  readonly #keepFresh: number;
  readonly #holdsMapping: (upstream: Upstream) => boolean;
  #nextFirst = 0;

  constructor(parts: {
    upstreams: UpstreamTable;
    nextU32: NextU32;
    intervals: ProbeIntervals;
    keepFresh: number;
    holdsMapping: (upstream: Upstream) => boolean;
  }) {
    this.#upstreams = parts.upstreams;
    this.#timers = new TimerHeap(parts.upstreams.capacity);
    this.#nextU32 = parts.nextU32;
    this.#intervals = parts.intervals;
    this.#keepFresh = parts.keepFresh;
    this.#holdsMapping = parts.holdsMapping;
  }

  get next(): number {
    return this.#timers.next;
  }

  /** Takes the next upstream to probe now. */
  pop(now: number): Upstream | undefined {
    const index = this.#timers.pop(now);
    return index < 0 ? undefined : this.#upstreams.at(index);
  }

  /** Measures servers that have not been heard and have no probe planned yet, one after the other. */
  welcomeNew(now: number): void {
    this.#nextFirst = Math.max(this.#nextFirst, now);
    for (const upstream of this.#upstreams.listed()) {
      if (upstream.state !== UpstreamState.unmeasured || upstream.probes > 0 || this.#timers.has(upstream.index)) continue;
      this.#timers.set(upstream.index, this.#nextFirst);
      this.#nextFirst += this.#intervals.pacing;
    }
  }

  /** Plans the next regular probe. */
  plan(now: number, upstream: Upstream): void {
    this.#timers.set(upstream.index, now + this.#jittered(upstream));
  }

  /** Plans the next regular probe, unless one is planned that comes before it. */
  planSooner(now: number, upstream: Upstream): void {
    this.noLaterThan(now + this.#jittered(upstream), upstream);
  }

  /** Wants a probe now, whatever was planned. */
  hurry(now: number, upstream: Upstream): void {
    this.#timers.set(upstream.index, now);
  }

  /** Brings the next probe forward, no earlier than `at`. */
  noLaterThan(at: number, upstream: Upstream): void {
    if (!this.#timers.has(upstream.index) || this.#timers.at(upstream.index) > at) this.#timers.set(upstream.index, at);
  }

  forget(upstream: Upstream): void {
    this.#timers.clear(upstream.index);
  }

  #jittered(upstream: Upstream): number {
    return this.#interval(upstream) * (0.9 + (0.2 * this.#nextU32()) / 2 ** 32);
  }

  #interval(upstream: Upstream): number {
    const { holding, best, others, dead, deadMost } = this.#intervals;
    if (upstream.state === UpstreamState.down) {
      return Math.min(deadMost, dead * 2 ** Math.min(upstream.losses - LOSSES_UNTIL_DOWN, 16));
    }
    if (upstream.state !== UpstreamState.up) return dead;
    if (this.#holdsMapping(upstream)) return holding;
    return this.#isAmongBest(upstream) ? best : others;
  }

  #isAmongBest(upstream: Upstream): boolean {
    for (const ranking of this.#upstreams.rankingsOf(upstream)) {
      ranking.sort();
      if (ranking.placeOf(upstream) < this.#keepFresh) return true;
    }
    return false;
  }
}
