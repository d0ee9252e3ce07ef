import type { MappingCache } from "../../core/cache/mapping-cache.ts";
import type { Mapping } from "../../core/itr.ts";
import { type MapReply, MappingBody, ResultCode } from "../../wire/index.ts";
import { type Station, StationKind } from "../station.ts";
import { type State, type Truth, type Watched, nameOf, numberOf } from "../truth.ts";

/** Says that an invariant is broken. */
export type Accuse = (invariant: string, station: Station, detail: string) => never;

/** Hops between a change at its QSA and who gives an answer out or uses it, at most, by the kind of station. */
const MOST_HOPS: Readonly<Record<StationKind, number>> = { [StationKind.qsa]: 0, [StationKind.qsr]: 1, [StationKind.qsc]: 2, [StationKind.itr]: 3 };
/** A hop that is cut off, or loses what it is sent, ends what it has after so long (docs/simulator.md); microseconds. */
export const HOP_LIMIT = 12_500_000;
/** A QSA whose feed is cut ends what it gave after 5 s; what it heard last was on its way for a while. */
const FEED_LIMIT = 7_500_000;
/** Stored times are whole milliseconds. */
const ROUNDING = 2_000;

/** Safety of answers: they were true once, not too long ago, never go back, and do not outlive their caching time. */
export class AnswerCheck {
  readonly #truth: Truth;
  readonly #accuse: Accuse;
  readonly #stations: number;
  readonly #body = new MappingBody();
  /** By key and station: with which position the state began that was given out last, until when what was received may be used, and when that was. */
  readonly #begun: Float64Array;
  readonly #until: Float64Array;
  readonly #receivedAt: Float64Array;

  constructor(truth: Truth, stations: number, accuse: Accuse) {
    this.#truth = truth;
    this.#accuse = accuse;
    this.#stations = stations;
    this.#begun = new Float64Array(stations * truth.keys.length);
    this.#until = new Float64Array(stations * truth.keys.length).fill(-Infinity);
    this.#receivedAt = new Float64Array(stations * truth.keys.length).fill(-Infinity);
  }

  /** A process has started: it knows nothing, and may begin anywhere. */
  forget(station: Station): void {
    for (const key of this.#truth.keys) {
      this.#begun[this.#at(key, station)] = 0;
      this.#until[this.#at(key, station)] = -Infinity;
    }
  }

  /** A genuine reply reaches a querier: what it says may be used for so long. */
  received(now: number, station: Station, body: MappingBody): void {
    const until = now + body.cachingMs * 1000;
    const truth = this.#truth;
    for (let place = truth.firstFrom(body); truth.isIn(place, body); place++) {
      const at = this.#at(truth.keys[place]!, station);
      if (until > this.#until[at]!) this.#until[at] = until;
      this.#receivedAt[at] = now;
    }
  }

  /**
   * The first station from this one on to which a reply about a key has come since then, and that may still use what it received about it:
   * another has no entry of it. As many as there are stations when there is none.
   */
  holderFrom(station: number, now: number, since: number, key: Watched): number {
    const receivedAt = this.#receivedAt;
    const until = this.#until;
    const end = (key.index + 1) * this.#stations;
    let at = key.index * this.#stations + station;
    while (at < end && (receivedAt[at]! < since || until[at]! + ROUNDING < now)) at++;
    return at - key.index * this.#stations;
  }

  /** An entry is used without asking anybody. */
  usedEntry(now: number, station: Station, key: Watched, cache: MappingCache, entry: number): void {
    cache.entries.read(entry, this.#body);
    this.used(now, station, key, cache.entries.result(entry), this.#body);
    const until = this.#until[this.#at(key, station)]!;
    if (now > until + ROUNDING) this.#accuse("an entry outlives its caching time", station, `${nameOf(key)} was used ${seconds(now - until)} s after the end of all that was promised`);
  }

  usedMapping(now: number, station: Station, key: Watched, mapping: Mapping, result: number): void {
    fill(this.#body, mapping);
    this.used(now, station, key, result, this.#body);
  }

  /** A server gives out an answer: for each key in it this is a step forward, or none, and of a caching server for no longer than it has it. */
  givenOut(now: number, station: Station, { result, body }: MapReply): void {
    if (result === ResultCode.notInAnyMab) return;
    const truth = this.#truth;
    for (let place = truth.firstFrom(body); truth.isIn(place, body); place++) {
      const key = truth.keys[place]!;
      this.used(now, station, key, result, body);
      if (body.cachingMs === 0 || station.kind === StationKind.qsa) continue;
      const until = this.#until[this.#at(key, station)]!;
      if (now + body.cachingMs * 1000 > until + ROUNDING) {
        this.#accuse("a caching time grows on its way", station, `${nameOf(key)} is given out for ${body.cachingMs} ms, ${seconds(now + body.cachingMs * 1000 - until)} s beyond what was promised to it`);
      }
    }
  }

  used(now: number, station: Station, key: Watched, result: number, body: MappingBody): void {
    const state = this.#stateOf(station, key, result, body);
    const stalest = FEED_LIMIT + MOST_HOPS[station.kind] * HOP_LIMIT;
    if (now - state.endedAt > stalest) {
      this.#accuse("mapping is used too long after it has changed", station, `${nameOf(key)}: version ${numberOf(body)} was over ${seconds(now - state.endedAt)} s ago, more than ${stalest / 1e6} s`);
    }
    if (result !== ResultCode.notInAnyMab) this.#goForward(station, key, state);
  }

  #stateOf(station: Station, key: Watched, result: number, body: MappingBody): State {
    const state = this.#truth.stateOf(key, result, body);
    if (state !== undefined) return state;
    return this.#accuse("an answer that was never true", station, `${nameOf(key)}: result ${result}, version ${numberOf(body)}, ETR ${body.etr0.toString(16)}; true is ${this.#describe(key)}`);
  }

  /** The gap around a key has another version in each server that has it; it is newer only where mapping was between. */
  #goForward(station: Station, key: Watched, { from }: State): void {
    const at = this.#at(key, station);
    const before = this.#begun[at]!;
    if (from < before) this.#accuse("a querier goes back in version", station, `${nameOf(key)}: what began with version ${from} after what began with ${before}; true is ${this.#describe(key)}`);
    this.#begun[at] = from;
  }

  #at(key: Watched, station: Station): number {
    return key.index * this.#stations + station.index;
  }

  #describe(key: Watched): string {
    const { result, from, since, etr0 } = this.#truth.current(key);
    return `result ${result} from version ${from}, ETR ${etr0.toString(16)}, since ${seconds(since)} s`;
  }
}

export function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}

function fill(body: MappingBody, { range, etr, version }: Mapping): void {
  body.family = range.family;
  body.firstHi = range.first.hi;
  body.firstLo = range.first.lo;
  body.lastHi = range.last.hi;
  body.lastLo = range.last.lo;
  body.etr0 = etr?.words[0] ?? 0;
  body.etr1 = etr?.words[1] ?? 0;
  body.etr2 = etr?.words[2] ?? 0;
  body.etr3 = etr?.words[3] ?? 0;
  body.versionHi = Math.floor(version[1] / 2 ** 32);
  body.versionLo = version[1] >>> 0;
}
