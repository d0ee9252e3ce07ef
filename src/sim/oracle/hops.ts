import { NO_ENTRY, OWN } from "../../core/cache/entry-table.ts";
import type { MappingCache } from "../../core/cache/mapping-cache.ts";
import type { Itr } from "../../core/itr.ts";
import type { Qsc } from "../../core/qsc.ts";
import type { Qsr } from "../../core/qsr.ts";
import { milliseconds } from "../../core/clock.ts";
import { Version } from "../../core/version.ts";
import { ResultCode } from "../../wire/index.ts";
import type { Metrics } from "../metrics.ts";
import { SECOND } from "../plan.ts";
import { type Station, StationKind, endpointAt } from "../station.ts";
import { type Change, type Watched, nameOf } from "../truth.ts";
import type { World } from "../world.ts";
import { type Accuse, type AnswerCheck, HOP_LIMIT } from "./answers.ts";

/** When after a change it is looked who still has the old mapping: at everybody, later at those who had it the time before or were answered since. */
const LOOKS = [0.25, 0.6, 1.5, 4].map((time) => time * SECOND);
/** A hop that nothing has happened to for so long is judged by its path's delay alone: what went wrong before is over. */
const SETTLED = 15 * SECOND;
/** Beside the path's delay: the sender's pacing of a burst. */
const PACING = 20_000;

interface Holding {
  readonly key: Watched;
  readonly querier: Station;
}

/** One querier that has old mapping of a key from a server that knows the new. */
interface Suspect extends Holding {
  readonly change: Change;
  readonly server: Station;
  readonly boots: number;
  readonly foundAt: number;
  readonly upstream: number;
}

/**
 * How fast a change travels, hop by hop. What a server knows, whoever asked it must know after the path's delay when the
 * path is quiet, and in any case after HOP_LIMIT. So a chain has it after the sum over its hops (docs/simulator.md).
 */
export class HopCheck {
  readonly #world: World;
  readonly #metrics: Metrics;
  readonly #answers: AnswerCheck;
  readonly #accuse: Accuse;
  readonly #version = new Version();
  /** By station: when its process last started, stopped or went on, or read another catalogue. */
  readonly #disturbedAt: Float64Array;

  constructor(world: World, metrics: Metrics, answers: AnswerCheck, accuse: Accuse) {
    this.#world = world;
    this.#metrics = metrics;
    this.#answers = answers;
    this.#accuse = accuse;
    this.#disturbedAt = new Float64Array(world.stations.length).fill(-Infinity);
  }

  disturbed({ index }: Station): void {
    this.#disturbedAt[index] = this.#world.now;
  }

  /** Whether a station has run undisturbed since then. */
  isCalmSince(station: Station, since: number): boolean {
    return station.isRunning && this.#disturbedAt[station.index]! < since;
  }

  watch(change: Change): void {
    if (change.keys.length === 0) return;
    let late: readonly Holding[] = [];
    let since = -Infinity;
    for (const look of LOOKS) this.#world.network.after(look, () => {
      late = this.#look(change, since, late);
      since = this.#world.now;
    });
  }

  /** Looks at those who had old mapping before, and at those who may have some from an answer since then; gives those who have it. */
  #look(change: Change, since: number, before: readonly Holding[]): Holding[] {
    const { now, stations } = this.#world;
    const answers = this.#answers;
    const late = before.filter(({ key, querier }) => this.#isLate(change, key, querier));
    for (const key of change.keys) {
      for (let index = answers.holderFrom(0, now, since, key); index < stations.length; index = answers.holderFrom(index + 1, now, since, key)) {
        const querier = stations[index]!;
        if (!isAmong(before, key, querier) && this.#isLate(change, key, querier)) late.push({ key, querier });
      }
    }
    return late;
  }

  /** Whether a querier has old mapping, or may have some when it goes on; where its server knows the new one, it is watched from now on. */
  #isLate(change: Change, key: Watched, querier: Station): boolean {
    if (!querier.isRunning) return querier.engine !== undefined;
    this.#metrics.counts.hopChecks++;
    const upstream = this.#staleFrom(change, key, querier);
    if (upstream === OWN) return false;
    const server = this.#serverOf(querier, upstream);
    if (server !== undefined && this.#knows(server, change, key)) this.#suspect({ change, key, querier, server, boots: server.boots, foundAt: this.#world.now, upstream });
    return true;
  }

  #suspect(suspect: Suspect): void {
    const { network } = this.#world;
    const down = network.paths.of(suspect.server.index, suspect.querier.index);
    network.after(network.paths.longest(down) + PACING, () => {
      this.#judgeQuiet(suspect);
    });
    network.after(HOP_LIMIT, () => {
      this.#judgeAny(suspect);
    });
  }

  #judgeQuiet(suspect: Suspect): void {
    const { change, key, querier, server } = suspect;
    if (!this.#isStill(suspect) || !this.#knows(server, change, key) || !this.#isQuiet(querier, server)) return;
    this.#accuse("a change is late on a quiet path", querier, this.#describe(suspect, "the path's delay"));
  }

  #judgeAny(suspect: Suspect): void {
    if (!this.#isStill(suspect)) return;
    this.#accuse("old mapping is kept beyond the limit of a hop", suspect.querier, this.#describe(suspect, `${HOP_LIMIT / 1e6} s`));
  }

  #isStill({ change, key, querier, server, boots, upstream }: Suspect): boolean {
    return querier.isRunning && server.boots === boots && this.#staleFrom(change, key, querier) === upstream && this.#serverOf(querier, upstream) === server;
  }

  #isQuiet(a: Station, b: Station): boolean {
    const { paths } = this.#world.network;
    const since = this.#world.now - SETTLED;
    return (
      this.isCalmSince(a, since) &&
      this.isCalmSince(b, since) &&
      paths.isQuietSince(paths.of(a.index, b.index), since) &&
      paths.isQuietSince(paths.of(b.index, a.index), since)
    );
  }

  /** The upstream from which a querier has live mapping of a key that is older than a change; OWN when it has none. */
  #staleFrom(change: Change, key: Watched, querier: Station): number {
    const cache = cacheOf(querier);
    const { entries } = cache;
    const entry = cache.find(this.#world.now, key.family, key.hi, key.lo);
    if (entry === NO_ENTRY || entries.upstream(entry) === OWN || !entries.isPromised(entry)) return OWN;
    // What was a gap and is one again is true, whatever was there in between.
    if (entries.result(entry) !== ResultCode.mapping && this.#world.truth.current(key).result === entries.result(entry)) return OWN;
    return this.#numberOf(cache, entry) < change.position ? entries.upstream(entry) : OWN;
  }

  /** Whether a server knows of a change: a QSA has applied it, another has mapping or a floor that is as new. */
  #knows(server: Station, change: Change, key: Watched): boolean {
    if (!server.isRunning) return false;
    if (server.kind === StationKind.qsa) return this.#world.feeds[server.index]!.positions[change.mab]! >= change.position;
    const cache = cacheOf(server);
    const entry = cache.find(this.#world.now, key.family, key.hi, key.lo);
    if (entry !== NO_ENTRY) return this.#numberOf(cache, entry) >= change.position;
    const floor = this.#version.set(0, 0, 0);
    const { length } = this.#world.truth.mabs[change.mab]!;
    cache.floors.over(milliseconds(this.#world.now), key.family, length, key.hi, key.lo, key.hi, key.lo, floor);
    return floor.hi * 2 ** 32 + floor.lo >= change.position;
  }

  /** The number in an entry's version. */
  #numberOf({ entries }: MappingCache, entry: number): number {
    const version = this.#version.set(0, 0, 0);
    entries.raiseToVersion(entry, version);
    return version.hi * 2 ** 32 + version.lo;
  }

  #serverOf(querier: Station, upstream: number): Station | undefined {
    const server = querierOf(querier).upstreams.at(upstream);
    return server === undefined ? undefined : this.#world.network.stations.at(endpointAt(server.address.words[0]));
  }

  #describe({ change, key, server, foundAt }: Suspect, limit: string): string {
    const { network, plan } = this.#world;
    return `${nameOf(key)} changed to version ${change.position} after ${((change.at - plan.start) / 1e6).toFixed(6)} s, ${server.name} knew it ${((network.now - foundAt) / 1e6).toFixed(6)} s ago, the limit is ${limit}`;
  }
}

function isAmong(holdings: readonly Holding[], key: Watched, querier: Station): boolean {
  return holdings.some((holding) => holding.key === key && holding.querier === querier);
}

export function cacheOf(station: Station): MappingCache {
  return station.kind === StationKind.itr ? (station.engine as Itr).cache : (station.engine as Qsr).server.cache;
}

export function querierOf(station: Station): Qsr["querier"] {
  return (station.engine as Qsr | Qsc | Itr).querier;
}
