import type { MapReply } from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import type { MappingCache } from "../cache/mapping-cache.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";
import type { Prober } from "./prober.ts";
import { addTimeout } from "./rtt.ts";
import type { Upstream } from "./upstream.ts";
import { LOSSES_UNTIL_DOWN, UpstreamEvent, UpstreamState, nextState } from "./upstream-state.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** What another engine of this process has found of a server that it measures for both. */
export interface Finding {
  readonly isUp: boolean;
  /** How far it is; microseconds. */
  readonly smoothed: number;
  readonly variation: number;
  /** When the last request was sent that it has answered; of one that is down, when the last was given up. */
  readonly at: number;
}

/** A server from which mapping is held is dead to us after this long without an answer. */
export const SILENCE_LIMIT = 10_000_000;
/** A missing Cache Update must have come by then. */
export const GAP_LIMIT = 2_000_000;
/** After a number was found missing, how long the server gets to send it by itself before it is asked. */
const GAP_PATIENCE = 100_000;

/**
 * What is known of the health of each upstream: how far it is, whether it answers, whether it is still the process that we
 * learnt from, and whether all its updates have come. Where one of these fails, what was learnt from it is flushed.
 */
export class UpstreamHealth {
  readonly counters = { timeouts: 0, epochChanges: 0, silences: 0, updateGaps: 0, flushedEntries: 0 };
  /** Services all of whose servers are down, for a fresh look at DNS; the driver takes them. */
  readonly failedServices = new Set<string>();
  readonly #upstreams: UpstreamTable;
  readonly #prober: Prober;
  readonly #cache: MappingCache;
  /** When the silence or the gap of an upstream ends what was learnt from it. */
  readonly #verdicts: TimerHeap;

  constructor(upstreams: UpstreamTable, prober: Prober, cache: MappingCache, agenda: Agenda) {
    this.#upstreams = upstreams;
    this.#prober = prober;
    this.#cache = cache;
    this.#verdicts = agenda.timers(Task.verdict, upstreams.capacity);
    agenda.assign(Task.verdict, (now) => {
      this.#judgeDue(now);
    });
  }

  /**
   * An answer proves life, brings a cookie, epoch and counter. False when it cannot be trusted: its epoch is an old one, or a
   * Cache Update has overtaken it, which may have ended the promise that it makes.
   */
  noteAnswer(now: number, upstream: Upstream, sentAt: number, { header, body }: MapReply): boolean {
    upstream.losses = 0;
    upstream.rtt.backoff = 0;
    upstream.state = nextState(upstream.state, UpstreamEvent.answered);
    upstream.aliveAt = Math.max(upstream.aliveAt, sentAt);
    if (header.hasServerCookie) upstream.takeCookie(header);
    // The regular probe first: an old epoch or a missing number wants one sooner.
    this.#prober.plan(now, upstream);
    const isPresent = this.#noteEpoch(now, upstream, sentAt, body.epochHi, body.epochLo, body.counter);
    if (isPresent) this.noteIssued(now, upstream, body.counter);
    this.watch(upstream);
    return isPresent && !upstream.window.hasOvertaken(body.counter);
  }

  /** The server says that it has issued update numbers up to this one; a reply that is late says less than is known. */
  noteIssued(now: number, upstream: Upstream, counter: number): void {
    if (((counter - upstream.issued) | 0) > 0 || upstream.window.isFarBehind(counter)) upstream.issued = counter;
    this.noteProgress(now, upstream, false);
  }

  /** An update has come, or a counter: is a number missing, and since when? One that fills part of a gap gives the rest more time. */
  noteProgress(now: number, upstream: Upstream, isProgress: boolean): void {
    const isMissing = upstream.window.hasGap || upstream.window.misses(upstream.issued);
    if (!isMissing) {
      upstream.gapSince = Infinity;
    } else if (upstream.gapSince === Infinity || isProgress) {
      upstream.gapSince = now;
      this.#prober.noLaterThan(now + GAP_PATIENCE, upstream);
      this.watch(upstream);
    }
  }

  /** Takes the server's word that nothing of it before this number holds: it is all flushed, so that no update of it is missing. */
  skipNumbers(now: number, upstream: Upstream, counter: number): void {
    upstream.window.skipTo(counter);
    if (((counter - upstream.issued) | 0) > 0) upstream.issued = counter;
    this.noteProgress(now, upstream, true);
  }

  /** A request went unanswered. Those that were on their way when another was given up count with that one. */
  noteTimeout(now: number, upstream: Upstream, sentAt: number, isProbe: boolean): void {
    this.counters.timeouts++;
    upstream.lost++;
    if (sentAt >= upstream.lossCountedAt) {
      upstream.lossCountedAt = now;
      upstream.losses++;
      addTimeout(upstream.rtt);
    }
    const before = upstream.state;
    upstream.state = nextState(before, upstream.losses >= LOSSES_UNTIL_DOWN ? UpstreamEvent.gaveUp : UpstreamEvent.timedOut);
    if (upstream.state === UpstreamState.down) {
      if (before !== UpstreamState.down) this.#noteFailedServices(upstream);
      if (isProbe || before !== UpstreamState.down) this.#prober.plan(now, upstream);
    } else if (isProbe || before === UpstreamState.up) {
      this.#prober.hurry(now, upstream);
    }
  }

  /** Takes how far a server is, and whether it answers, from the engine that measures; what this one has seen since counts for more. */
  takeFinding(now: number, upstream: Upstream, { isUp, smoothed, variation, at }: Finding): void {
    if (isUp) {
      upstream.rtt.smoothed = smoothed;
      upstream.rtt.variation = variation;
    }
    const isOld = at <= (isUp ? upstream.lossCountedAt : upstream.aliveAt);
    const state = nextState(upstream.state, isUp ? UpstreamEvent.answered : UpstreamEvent.gaveUp);
    if (isOld || state === upstream.state) return;
    upstream.state = state;
    upstream.losses = isUp ? 0 : LOSSES_UNTIL_DOWN;
    if (isUp) upstream.rtt.backoff = 0;
    else this.#noteFailedServices(upstream);
    this.#prober.plan(now, upstream);
  }

  /** Forgets all that was learnt from an upstream, here and downstream. */
  flush(now: number, upstream: Upstream): void {
    this.counters.flushedEntries += this.#cache.flushUpstream(now, upstream.index);
  }

  /** Something of what it says is kept from now on: it must be heard often enough. */
  noteHeld(now: number, upstream: Upstream): void {
    this.#prober.planSooner(now, upstream);
    this.watch(upstream);
  }

  /** Sees to it that an upstream is judged in time, from which something was learnt or whose updates have a gap. */
  watch(upstream: Upstream): void {
    const silenceEnds = this.holdsMappingOf(upstream) ? upstream.aliveAt + SILENCE_LIMIT : Infinity;
    const at = Math.min(silenceEnds, upstream.gapSince + GAP_LIMIT);
    if (at === Infinity) this.#verdicts.clear(upstream.index);
    else this.#verdicts.set(upstream.index, at);
  }

  forget(upstream: Upstream): void {
    this.#verdicts.clear(upstream.index);
  }

  holdsMappingOf(upstream: Upstream): boolean {
    return this.#cache.entries.firstOf(upstream.index) >= 0;
  }

  #judgeDue(now: number): void {
    for (let index = this.#verdicts.pop(now); index >= 0; index = this.#verdicts.pop(now)) {
      const upstream = this.#upstreams.at(index);
      if (upstream !== undefined) this.#judge(now, upstream);
    }
  }

  /** Nothing is kept from a server that has been silent too long, or one of whose updates is missing. */
  #judge(now: number, upstream: Upstream): void {
    if (this.holdsMappingOf(upstream) && now >= upstream.aliveAt + SILENCE_LIMIT) {
      this.counters.silences++;
      this.flush(now, upstream);
    }
    if (now >= upstream.gapSince + GAP_LIMIT) {
      this.counters.updateGaps++;
      this.flush(now, upstream);
      this.#restartNumbers(upstream, upstream.issued);
    }
    this.watch(upstream);
  }

  #noteEpoch(now: number, upstream: Upstream, sentAt: number, hi: number, lo: number, counter: number): boolean {
    const isFirst = upstream.epochSince === -Infinity;
    if (!isFirst && upstream.hasEpoch(hi, lo)) return true;
    if (!isFirst && sentAt <= upstream.epochSince) {
      this.#prober.hurry(now, upstream);
      return false;
    }
    if (!isFirst) {
      this.counters.epochChanges++;
      this.flush(now, upstream);
    }
    upstream.epochHi = hi;
    upstream.epochLo = lo;
    upstream.epochSince = sentAt;
    this.#restartNumbers(upstream, counter);
    return true;
  }

  /** Goes on from a number, whatever came before. */
  #restartNumbers(upstream: Upstream, counter: number): void {
    upstream.window.restart(counter);
    upstream.issued = counter;
    upstream.gapSince = Infinity;
  }

  #noteFailedServices(upstream: Upstream): void {
    for (const ranking of this.#upstreams.rankingsOf(upstream)) {
      ranking.sort();
      if (ranking.at(0).upstream.state === UpstreamState.down) this.failedServices.add(ranking.name);
    }
  }
}
