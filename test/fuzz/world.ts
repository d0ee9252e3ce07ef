import { parseIp, parseRange } from "../../src/address/index.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import type { Engine } from "../../src/core/engine.ts";
import { Itr } from "../../src/core/itr.ts";
import type { ServerEntry } from "../../src/core/mabs/catalogue-content.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import type { NextU32 } from "../../src/core/next-u32.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { Qsc } from "../../src/core/qsc.ts";
import { Qsr } from "../../src/core/qsr.ts";
import { MappingBody, RequestFlag } from "../../src/wire/index.ts";
import { seeded } from "../support/virtual-network.ts";
import { CLIENTS, LIMITS, MAPPING } from "../support/world.ts";
import { type Endpoint, FuzzNetwork } from "./network.ts";
import { EngineStation, LightQuerier } from "./stations.ts";

export const ENGINES = ["qsa", "qsr", "qsc", "itr"] as const;
export type EngineName = (typeof ENGINES)[number];

/** For how long the QSAs let their mapping be cached. */
export const CACHING_SECONDS = 120;

/** Entries in the ITR's cache, at most. */
export const ITR_ENTRIES = 1024;

export const ADDRESSES = ["192.0.2.7", "192.0.2.150", "192.0.2.230", "2001:db8::1", "2001:db8:9::1", "198.51.100.1"];

const PORT = 4344;
const SITES: readonly Endpoint[] = [{ word: 0x0a000101, port: PORT }, { word: 0x0a000102, port: PORT }];
const QSR: readonly Endpoint[] = [{ word: 0x0a000001, port: PORT }, { word: 0x0a000001, port: 40_000 }];
const QSC: readonly Endpoint[] = [{ word: 0x0a000002, port: PORT }, { word: 0x0a000002, port: 40_000 }];
const ITR: readonly Endpoint[] = [{ word: 0x0a000003, port: 40_000 }];
const QUERIERS = 0x0a000010;
const SITE_DELAYS = [2_500, 10_000];
const LAN_DELAY = 25;
/** Micronets of a /24 are at most so many, so that the store does not grow for ever. */
const CHANGED_RANGES = ["192.0.2.0-192.0.2.99", "192.0.2.100-192.0.2.199", "192.0.2.0-192.0.2.9", "192.0.2.7", "192.0.2.140-192.0.2.160", "2001:db8::-2001:db8:0:4::"];

/** What `answers` gives: the result, and the ETR where there is one. */
export interface Known {
  readonly result: number;
  readonly etr: number;
}

/** Two QSAs of one service, a QSR, a QSC, an ITR that asks both, and simple queriers at every server. */
export class FuzzWorld {
  readonly network: FuzzNetwork;
  readonly sites: EngineStation<Qsa>[];
  readonly qsr: EngineStation<Qsr>;
  readonly qsc: EngineStation<Qsc>;
  readonly itr: EngineStation<Itr>;
  readonly queriers: readonly LightQuerier[];
  readonly #random: NextU32;
  readonly #stores = SITES.map(() => new MappingStore(MAPPING));
  readonly #body = new MappingBody();
  #token = 0;

  constructor(random: NextU32) {
    this.#random = random;
    this.network = new FuzzNetwork(random);
    this.sites = SITES.map((_, site) => this.#openSite(site));
    const asking = { intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000 };
    const serving = { ...asking, limits: LIMITS, clients: CLIENTS, links: { 4: 1, 6: undefined }, keepFresh: 8 };
    this.qsr = new EngineStation(this.network, new Qsr({ ...serving, nextU32: seeded(random()), maxUpstreams: 64, gapCachingMs: 60_000 }), QSR, LAN_DELAY);
    this.qsc = new EngineStation(this.network, new Qsc({ ...serving, nextU32: seeded(random()), maxUpstreams: 8 }), QSC, LAN_DELAY);
    this.itr = new EngineStation(this.network, new Itr({ ...asking, nextU32: seeded(random()), links: { 4: 0, 6: undefined }, maxEntries: ITR_ENTRIES }), ITR, LAN_DELAY);
    const servers = [SITES[0]!, QSR[0]!, QSC[0]!];
    this.queriers = servers.flatMap((server, index) =>
      [true, false].map((acknowledges, of) => new LightQuerier(this.network, { word: QUERIERS + index, port: 5000 + of }, server, acknowledges, random)),
    );
    this.#introduce();
  }

  /** The engine that is attacked, by name. */
  target(name: EngineName): EngineStation {
    return name === "qsa" ? this.sites[0]! : this[name];
  }

  /** Every engine, as it is now. */
  get stations(): readonly EngineStation[] {
    return [...this.sites, this.qsr, this.qsc, this.itr];
  }

  /** Somebody asks for something. */
  ask(): void {
    const address = ADDRESSES[this.#random() % ADDRESSES.length]!;
    const place = this.#random() % (this.queriers.length + 2);
    if (place >= this.queriers.length) {
      this.#lookUp(address);
      return;
    }
    const querier = this.queriers[place]!;
    const chance = this.#random() % 8;
    if (chance === 0) querier.ask(null);
    else querier.ask(address, chance === 1 ? RequestFlag.oneShot : chance === 2 ? RequestFlag.trace : chance === 3 ? RequestFlag.floor : 0);
  }

  /** The mapping changes, at both sites as their common store would have it. */
  change(): void {
    const range = parseRange(CHANGED_RANGES[this.#random() % CHANGED_RANGES.length]!);
    const etr = this.#random() % 8 === 0 ? null : parseIp(`203.0.113.${this.#random() % 250}`);
    for (const station of this.sites) {
      const { engine } = station;
      engine.noteChange(this.network.now, engine.store.change(range, etr));
      station.flush();
    }
  }

  /** A site asks for less load for a while. */
  shift(): void {
    const { engine } = this.sites[this.#random() % 2]!;
    engine.server.shift.set(this.network.now, { share: this.#random() % 101, holdMs: 60_000, alternatives: [{ family: 4, words: [SITES[1]!.word, 0, 0, 0] }, "site2.dsoc.example"] });
  }

  /** The second site dies; a fresh process with a new epoch will take its place. */
  endSecondSite(): void {
    this.network.detach(this.sites[1]!);
  }

  restartSecondSite(): void {
    this.network.detach(this.sites[1]!);
    this.sites[1] = this.#openSite(1);
  }

  /** Takes what has happened at the ITR. */
  drainEvents(): void {
    while (this.itr.engine.pollEvent() !== undefined);
  }

  /** What the mapping store says. */
  truth(address: string): Known {
    const { family, words } = parseIp(address);
    const result = this.#stores[0]!.lookUp(family, words[0], family === 6 ? words[1] : 0, this.#body);
    // What no QSA knows, a QSR knows to be in no MAB.
    return { result: result > 2 ? 2 : result, etr: result === 0 ? this.#body.etr0 : 0 };
  }

  /** What each server, and the ITR, answers within 5 seconds; undefined where nothing came. */
  answers(address: string): (Known | undefined)[] {
    const sequences = this.queriers.map((querier) => querier.ask(address));
    const token = this.#lookUp(address);
    this.network.runTo(this.network.now + 5_000_000);
    const replies = this.queriers.map(({ reply, answered }, index) =>
      answered === sequences[index] ? { result: index < 2 && reply.result === 4 ? 2 : reply.result, etr: reply.result === 0 ? reply.body.etr0 : 0 } : undefined,
    );
    return [...replies, this.#known(address, token)];
  }

  #known(address: string, token: number): Known | undefined {
    let found: Known | undefined;
    for (let event = this.itr.engine.pollEvent(); event !== undefined; event = this.itr.engine.pollEvent()) {
      if (event.type === "answer" && event.token === token) found = { result: event.result, etr: event.mapping?.etr?.words[0] ?? 0 };
    }
    if (found !== undefined) return found;
    // It was in the cache.
    const { engine } = this.itr;
    const { family, words } = parseIp(address);
    const entry = engine.lookUp(this.network.now, family, words[0], family === 6 ? words[1] : 0, ++this.#token);
    return entry < 0 ? undefined : { result: engine.cache.entries.result(entry), etr: engine.read(this.network.now, entry).etr?.words[0] ?? 0 };
  }

  #lookUp(address: string): number {
    const { family, words } = parseIp(address);
    this.itr.engine.lookUp(this.network.now, family, words[0], family === 6 ? words[1] : 0, ++this.#token);
    this.itr.flush();
    return this.#token;
  }

  #openSite(site: number): EngineStation<Qsa> {
    const options = { limits: LIMITS, clients: CLIENTS, nextU32: seeded(this.#random()), cachingMs: CACHING_SECONDS * 1000, negativeCachingMs: 30_000 };
    return new EngineStation(this.network, new Qsa(options, this.#stores[site]!), [SITES[site]!], SITE_DELAYS[site]!);
  }

  /** Everyone meets everyone, before anybody is hostile. */
  #introduce(): void {
    const { network } = this;
    network.isHostile = false;
    const servers = SITES.map((endpoint, index) => serverAt(endpoint, `site${index + 1}.dsoc.example.`));
    this.qsr.engine.setCatalogue(0, Catalogue.of({ mabs: MAPPING.map(({ prefix }) => ({ prefix, services: [0], set: "s" })), services: [{ name: "s1.dsoc.example.", servers }] }));
    this.qsc.engine.setUpstreams(0, [serverAt(QSR[0]!, "qsr")]);
    this.itr.engine.setUpstreams(0, [serverAt(QSC[0]!, "qsc"), serverAt(QSR[0]!, "qsr")]);
    for (const station of this.stations) station.flush();
    for (const querier of this.queriers) querier.ask(null);
    network.runTo(2_000_000);
    network.isHostile = true;
  }
}

function serverAt({ word, port }: Endpoint, name: string): ServerEntry {
  return { name, address: { family: 4, words: [word, 0, 0, 0] }, port, tier: 10, region: "", weight: 100 };
}

/** Peers that nobody holds: all that new ones could take the place of. */
export function evictablePeers({ peers }: Engine): number {
  const held: number[] = [];
  for (let peer = intern(0); peer >= 0; peer = intern(held.length)) {
    peers.hold(peer);
    held.push(peer);
  }
  for (const peer of held) peers.release(peer);
  return held.length;

  function intern(count: number): number {
    return peers.intern(3, 4, 0xdead0000 + count, 0, 0, 0, 7);
  }
}
