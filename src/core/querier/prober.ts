import { type Agenda, Task } from "../agenda.ts";
import type { NextU32 } from "../next-u32.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";
import { Pace } from "./pace.ts";
import type { Upstream } from "./upstream.ts";
import { LOSSES_UNTIL_DOWN, UpstreamState } from "./upstream-state.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** How often servers are measured; microseconds. */
export interface ProbeIntervals {
  /** Between probes of any servers, on average over every second: it has no more of them. At most 100,000. */
  readonly pacing: number;
  /** A server from which mapping is held: it must be heard, or what it gave is flushed. */
  readonly holding: number;
  /** The best `keepFresh` of each service. */
  readonly best: number;
  /** A server of which fewer than FIRST_SAMPLES were taken. With 4,000 servers they are there within 30 s at the usual pacing. */
  readonly settling: number;
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
  settling: 8_000_000,
  others: 60_000_000,
  dead: 1_000_000,
  deadMost: 30_000_000,
};

/**
 * `holding` of each of so many engines of one process, of which one measures: together they send a DSOC with 20 sites less than one probe a
 * second, as long as they are not more than four. Beyond that they would not hear a server that is lost sight of once.
 */
export function holdingAmong(engines: number): number {
  return Math.max(DEFAULT_INTERVALS.holding, engines * 2_000_000);
}

const PROBES = (1 << Task.probeHolding) | (1 << Task.probeOther);

/** So many make an estimate of use: the first says nothing of variation, and may have met a busy moment. */
const FIRST_SAMPLES = 3;

/**
 * Decides when each upstream is measured next. It never stops, however long one is dead. When more are due than pacing lets
 * go, those from which mapping is held come first, since their silence ends it; then who has waited longest.
 */
export class Prober {
  readonly #holding: TimerHeap;
  readonly #others: TimerHeap;
  readonly #agenda: Agenda;
  readonly #pace: Pace;
  /** Whether others have this pace too, so that when it lets the next probe go is to be asked. */
  readonly #sharesPace: boolean;
  readonly #upstreams: UpstreamTable;
  readonly #nextU32: NextU32;
  readonly #intervals: ProbeIntervals;
  readonly #keepFresh: number;
  readonly #measures: boolean;
  readonly #holdsMapping: (upstream: Upstream) => boolean;
  #nextFirst = 0;

  constructor(parts: {
    agenda: Agenda;
    upstreams: UpstreamTable;
    nextU32: NextU32;
    intervals: ProbeIntervals;
    keepFresh: number;
    /** False: another engine of this process measures servers; this one only hears those from which mapping is held. */
    measures: boolean;
    pace: Pace | undefined;
    holdsMapping: (upstream: Upstream) => boolean;
  }) {
    this.#upstreams = parts.upstreams;
    this.#holding = parts.agenda.timers(Task.probeHolding, parts.upstreams.capacity);
    this.#others = parts.agenda.timers(Task.probeOther, parts.upstreams.capacity);
    this.#pace = parts.pace ?? new Pace(parts.intervals.pacing);
    this.#agenda = parts.agenda;
    this.#sharesPace = parts.pace !== undefined;
    if (this.#sharesPace) for (const task of [Task.probeHolding, Task.probeOther]) parts.agenda.holdBack(task, () => this.#pace.next);
    this.#nextU32 = parts.nextU32;
    this.#intervals = parts.intervals;
    this.#keepFresh = parts.keepFresh;
    this.#measures = parts.measures;
    this.#holdsMapping = parts.holdsMapping;
  }

  /** Takes the next upstream to probe now. */
  pop(now: number): Upstream | undefined {
    if (Math.min(this.#holding.next, this.#others.next) > now || this.#pace.next > now) return undefined;
    this.#pace.take(now);
    if (!this.#sharesPace) this.#agenda.postpone(PROBES, this.#pace.next);
    const holding = this.#holding.pop(now);
    return this.#upstreams.at(holding < 0 ? this.#others.pop(now) : holding);
  }

  /** Measures newcomers that are still there, have not been heard and have no probe planned yet, one after the other. */
  welcome(now: number, newcomers: readonly Upstream[]): void {
    if (!this.#measures) return;
    this.#nextFirst = Math.max(this.#nextFirst, now);
    for (const upstream of newcomers) {
      const hasLeft = this.#upstreams.at(upstream.index) !== upstream;
      if (hasLeft || upstream.state !== UpstreamState.unmeasured || upstream.probes > 0 || this.#plannedAt(upstream) < Infinity) continue;
      this.#set(upstream, this.#nextFirst, this.#holdsMapping(upstream));
      this.#nextFirst += this.#intervals.pacing;
    }
  }

  /** Plans the next regular probe. */
  plan(now: number, upstream: Upstream): void {
    const isHolding = this.#holdsMapping(upstream);
    this.#set(upstream, now + this.#jittered(upstream, isHolding), isHolding);
  }

  /** Plans the next regular probe, unless one is planned that comes before it. */
  planSooner(now: number, upstream: Upstream): void {
    const isHolding = this.#holdsMapping(upstream);
    this.#bringForward(now + this.#jittered(upstream, isHolding), upstream, isHolding);
  }

  /** Wants a probe now, whatever was planned. */
  hurry(now: number, upstream: Upstream): void {
    this.#set(upstream, now, this.#holdsMapping(upstream));
  }

  /** Brings the next probe forward, no earlier than `at`. */
  noLaterThan(at: number, upstream: Upstream): void {
    this.#bringForward(at, upstream, this.#holdsMapping(upstream));
  }

  forget(upstream: Upstream): void {
    this.#holding.clear(upstream.index);
    this.#others.clear(upstream.index);
  }

  #bringForward(at: number, upstream: Upstream, isHolding: boolean): void {
    const planned = this.#plannedAt(upstream);
    const timers = isHolding ? this.#holding : this.#others;
    if (at < planned || !timers.has(upstream.index)) this.#set(upstream, Math.min(at, planned), isHolding);
  }

  /** Infinity: no more. `isHolding`: whether mapping is held from it. */
  #set(upstream: Upstream, at: number, isHolding: boolean): void {
    (isHolding ? this.#others : this.#holding).clear(upstream.index);
    const timers = isHolding ? this.#holding : this.#others;
    if (at < Infinity) timers.set(upstream.index, at);
    else timers.clear(upstream.index);
  }

  #plannedAt({ index }: Upstream): number {
    if (this.#holding.has(index)) return this.#holding.at(index);
    return this.#others.has(index) ? this.#others.at(index) : Infinity;
  }

  #jittered(upstream: Upstream, isHolding: boolean): number {
    return this.#interval(upstream, isHolding) * (0.9 + (0.2 * this.#nextU32()) / 2 ** 32);
  }

  #interval(upstream: Upstream, isHolding: boolean): number {
    const intervals = this.#intervals;
    if (!this.#measures) return isHolding ? intervals.holding : Infinity;
    if (upstream.state === UpstreamState.down) {
      return Math.min(intervals.deadMost, intervals.dead * 2 ** Math.min(upstream.losses - LOSSES_UNTIL_DOWN, 16));
    }
    if (upstream.state !== UpstreamState.up) return intervals.dead;
    if (isHolding) return intervals.holding;
    const regular = this.#isAmongBest(upstream) ? intervals.best : intervals.others;
    return upstream.rtt.samples < FIRST_SAMPLES ? Math.min(intervals.settling, regular) : regular;
  }

  #isAmongBest(upstream: Upstream): boolean {
    for (const ranking of this.#upstreams.rankingsOf(upstream)) {
      ranking.sort();
      if (ranking.placeOf(upstream) < this.#keepFresh) return true;
    }
    return false;
  }
}
