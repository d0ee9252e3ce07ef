import type { IpAddress, Range } from "../address/index.ts";
import { MappingStore } from "../core/mapping/mapping-store.ts";
import type { Itr } from "../core/itr.ts";
import type { Qsa } from "../core/qsa.ts";
import type { Qsc } from "../core/qsc.ts";
import type { Qsr } from "../core/qsr.ts";
import { Discovery, serverEntry } from "./discovery.ts";
import { newItr, newQsa, newQsc, newQsr } from "./engines.ts";
import { Feed } from "./feed.ts";
import { type MabPlan, planMapping } from "./mapping-plan.ts";
import { Network } from "./network.ts";
import type { WorldPlan } from "./plan.ts";
import { Random } from "./random.ts";
import { type Station, StationKind } from "./station.ts";
import { type Topology, layOut, layPaths, stationCount } from "./topology.ts";
import { type Change, Truth } from "./truth.ts";

/** One generator for each part of the world, so that they do not disturb each other. */
export const Stream = { layout: 0, mapping: 1, network: 2, feeds: 3, discovery: 4, workload: 5, faults: 6, attackers: 7, climate: 8, engines: 1000 } as const;

const STREAMS_A_STATION = 4096;
/** From a store to a site, at least; at most twice as long. Some sites hear late. Microseconds. */
const FEED_LEAST = 20_000;
const FEED_MOST = 100_000;
const SLOW_FEED_MOST = 1_200_000;

/** The whole simulated world: mapping stores, QSAs, DNS, QSRs, QSCs and ITRs, and the network between them. */
export class World {
  readonly plan: WorldPlan;
  readonly network: Network;
  readonly topology: Topology;
  readonly mabs: readonly MabPlan[];
  readonly truth: Truth;
  readonly discovery: Discovery;
  /** By station index; undefined for those that are no QSA. */
  readonly feeds: readonly (Feed | undefined)[];
  /** Told when a process starts, stops or goes on, and when mapping changes. */
  onDisturbance: (station: Station) => void = () => undefined;
  onChange: (change: Change) => void = () => undefined;

  constructor(plan: WorldPlan) {
    this.plan = plan;
    const { seed } = plan;
    this.network = new Network(plan.start, stationCount(plan), new Random(seed, Stream.network));
    const layout = new Random(seed, Stream.layout);
    this.topology = layOut(plan, layout, this.network.stations);
    this.network.paths.usual = plan.weather;
    layPaths(this.network.paths, this.topology, this.stations, layout);
    const { mabs, mapping, keys } = planMapping(plan, new Random(seed, Stream.mapping));
    this.mabs = mabs;
    this.truth = new Truth(plan.start, mapping, keys);
    this.feeds = this.#makeFeeds(mapping);
    const sites = this.topology.dsocs.flatMap(({ qsas }, dsoc) => qsas.map((station) => ({ station, dsoc })));
    this.discovery = new Discovery(this.network, new Random(seed, Stream.discovery), mabs, sites);
    this.discovery.onChange = (station) => {
      this.onDisturbance(station);
    };
  }

  get now(): number {
    return this.network.now;
  }

  /** Virtual microseconds since the world began. */
  get elapsed(): number {
    return this.network.now - this.plan.start;
  }

  get stations(): readonly Station[] {
    return this.network.stations.all;
  }

  get qsas(): readonly Station<Qsa>[] {
    return this.topology.dsocs.flatMap(({ qsas }) => qsas);
  }

  get qsrs(): readonly Station<Qsr>[] {
    return this.topology.isps.flatMap(({ qsrs }) => qsrs);
  }

  get qscs(): readonly Station<Qsc>[] {
    return this.topology.isps.flatMap(({ qscs }) => qscs);
  }

  get itrs(): readonly Station<Itr>[] {
    return this.topology.isps.flatMap(({ itrs }) => itrs);
  }

  /** Starts every process; the network must have its witness. */
  begin(): void {
    for (const station of this.stations) this.boot(station);
    for (const feed of this.feeds) feed?.begin();
    for (const station of this.qsrs) this.discovery.follow(station);
  }

  /** Starts a process afresh: new epoch, nothing remembered but a QSA's store. */
  boot(station: Station): void {
    const { network, plan } = this;
    const nextU32 = new Random(plan.seed, Stream.engines + station.index * STREAMS_A_STATION + station.boots).u32;
    const isp = this.topology.isps[station.group]!;
    if (station.kind === StationKind.qsa) {
      network.boot(station, newQsa(plan, nextU32, this.feeds[station.index]!.store));
      this.feeds[station.index]!.connect();
    } else if (station.kind === StationKind.qsr) {
      network.boot(station, newQsr(plan, nextU32, isp.qsrs.indexOf(station as Station<Qsr>)));
    } else if (station.kind === StationKind.qsc) {
      const engine = newQsc(nextU32);
      network.boot(station, engine);
      engine.setUpstreams(this.now, isp.qsrs.map((qsr) => serverEntry(qsr)));
    } else {
      const engine = newItr(nextU32);
      network.boot(station, engine);
      engine.setUpstreams(this.now, this.#upstreamsOf(station));
    }
    network.settle(station);
    this.onDisturbance(station);
  }

  crash(station: Station): void {
    this.network.crash(station);
    this.onDisturbance(station);
  }

  suspend(station: Station): void {
    this.network.suspend(station);
    this.onDisturbance(station);
  }

  resume(station: Station): void {
    this.onDisturbance(station);
    this.network.resume(station, () => this.feeds[station.index]?.drain());
    this.onDisturbance(station);
  }

  /** Changes mapping at its store; the QSAs hear by their feeds. */
  change(range: Range, etr: IpAddress | null): Change {
    const change = this.truth.change(this.now, range, etr);
    const { holders } = this.mabs[change.mab]!;
    for (const dsoc of holders) for (const { index } of this.topology.dsocs[dsoc]!.qsas) this.feeds[index]!.push(change);
    this.onChange(change);
    return change;
  }

  /** Cuts all paths between two stations, both ways. */
  cut(a: Station, b: Station): void {
    this.network.paths.cut(this.now, this.network.paths.of(a.index, b.index));
    this.network.paths.cut(this.now, this.network.paths.of(b.index, a.index));
  }

  mend(a: Station, b: Station): void {
    this.network.paths.mend(this.now, this.network.paths.of(a.index, b.index));
    this.network.paths.mend(this.now, this.network.paths.of(b.index, a.index));
  }

  /** Half of an ISP's ITRs ask their QSC first, the others whoever is nearest. */
  #upstreamsOf(station: Station): ReturnType<typeof serverEntry>[] {
    const { qsrs, qscs, itrs } = this.topology.isps[station.group]!;
    const prefersQsc = itrs.indexOf(station as Station<Itr>) % 2 === 0;
    return [...qscs.map((qsc) => serverEntry(qsc, prefersQsc ? 5 : 10)), ...qsrs.map((qsr) => serverEntry(qsr))];
  }

  #makeFeeds(mapping: ReturnType<typeof planMapping>["mapping"]): (Feed | undefined)[] {
    const random = new Random(this.plan.seed, Stream.feeds);
    const feeds: (Feed | undefined)[] = this.stations.map(() => undefined);
    for (const [dsoc, { qsas }] of this.topology.dsocs.entries()) {
      const held = mapping.filter((_, mab) => this.mabs[mab]!.holders.includes(dsoc));
      const elsewhere = mapping.filter((mab) => !held.includes(mab)).map(({ prefix }) => prefix);
      for (const station of qsas) {
        const store = new MappingStore(held, elsewhere);
        const positions = Float64Array.from(mapping, ({ position }) => position);
        feeds[station.index] = new Feed({ station, store, network: this.network, random, delay: random.between(FEED_LEAST, random.chance(this.plan.slowFeeds) ? SLOW_FEED_MOST : FEED_MOST), positions });
      }
    }
    return feeds;
  }
}
