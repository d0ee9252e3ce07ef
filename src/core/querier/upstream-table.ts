import type { IpAddress } from "../../address/index.ts";
import type { ServiceEntry } from "../mabs/catalogue-content.ts";
import type { NextU32 } from "../next-u32.ts";
import { NO_PEER, type PeerTable } from "../link/peer-table.ts";
import { type KnownRtts, RttMemory } from "./known-rtts.ts";
import { type Candidate, Ranking } from "./ranking.ts";
import { Slots } from "../tables/slots.ts";
import { Upstream } from "./upstream.ts";

/** The driver's sockets for asking upstreams, by address family; undefined for one that this machine does not have. */
export interface UpstreamLinks {
  readonly 4: number | undefined;
  readonly 6: number | undefined;
}

/**
 * All servers this querier may ask, each once however many services name it, and the ranking of each service. Services of a new catalogue are
 * met one by one (`meet`), or when their ranking is asked for; until they all are, rankings of those that have gone are kept beside the others.
 */
export class UpstreamTable {
  /** Highest upstream number plus one; 0 stands for this server itself. */
  readonly capacity: number;
  readonly #peers: PeerTable;
  readonly #links: UpstreamLinks;
  readonly #nextU32: NextU32;
  readonly #slots: Slots;
  readonly #byIndex: (Upstream | undefined)[] = [];
  readonly #byPeer: Int32Array;
  /** In the order in which they were met. */
  readonly #listed = new Set<Upstream>();
  /** By upstream's index. */
  readonly #rankingsOf: (Ranking[] | undefined)[] = [];
  #services: readonly ServiceEntry[] = [];
  /** By service: undefined for one that is not met yet. */
  #rankings: (Ranking | undefined)[] = [];
  /** Services of the present catalogue that have not been met yet. */
  unmet = 0;
  /** Services below this one have been met. */
  #firstUnmet = 0;
  /** Rankings of services that are no more, or not as they were, in `#rankingsOf` until all others have been met. */
  readonly #dropped = new Set<Ranking>();
  #newcomers: Upstream[] = [];
  #remembered = new RttMemory(new Float64Array());

  constructor(maxUpstreams: number, peers: PeerTable, links: UpstreamLinks, nextU32: NextU32) {
    this.capacity = maxUpstreams + 1;
    this.#peers = peers;
    this.#links = links;
    this.#nextU32 = nextU32;
    this.#slots = new Slots(maxUpstreams);
    this.#byPeer = new Int32Array(peers.capacity);
  }

  /** The upstream that a peer is, if it is one. */
  ofPeer(peer: number): Upstream | undefined {
    return this.#byIndex[this.#byPeer[peer]!];
  }

  at(index: number): Upstream | undefined {
    return this.#byIndex[index];
  }

  find({ family, words }: IpAddress, port: number): Upstream | undefined {
    const link = this.#links[family];
    const peer = link === undefined ? NO_PEER : this.#peers.find(link, family, words[0], words[1], words[2], words[3], port);
    return peer === NO_PEER ? undefined : this.ofPeer(peer);
  }

  listed(): Iterable<Upstream> {
    return this.#listed;
  }

  get size(): number {
    return this.#listed.size;
  }

  /** How far servers were when this program ran last: where they rank until they are measured. */
  set known(known: KnownRtts) {
    this.#remembered = new RttMemory(known);
  }

  /** Servers of the services met that cannot be asked: no socket of their family. */
  get unreachable(): number {
    return this.#rankings.reduce((sum, ranking) => sum + (ranking?.unreachable ?? 0), 0);
  }

  /** Servers of the services met that found no room. */
  get omitted(): number {
    return this.#rankings.reduce((sum, ranking) => sum + (ranking?.omitted ?? 0), 0);
  }

  /** How many services the present catalogue has. */
  get services(): number {
    return this.#services.length;
  }

  /** Whether all services of the present catalogue have been met. */
  get hasMetAll(): boolean {
    return this.unmet === 0;
  }

  /** The ranking of a service of the present catalogue, which is met now if it has not been. */
  ranking(service: number): Ranking {
    return this.#rankings[service] ?? this.#meet(service);
  }

  /** Those of all services, which are met now. */
  get rankings(): readonly Ranking[] {
    if (!this.hasMetAll) this.meet(Infinity);
    return this.#rankings as readonly Ranking[];
  }

  /** While services are being met: those of the services before, too. */
  rankingsOf(upstream: Upstream): readonly Ranking[] {
    return this.#rankingsOf[upstream.index] ?? NONE;
  }

  /**
   * Takes over the services of a new catalogue: those that it has from the one before as they are stay met. Gives the servers that no service
   * names any more, to be left before another is met, so that there is room.
   */
  adopt(services: readonly ServiceEntry[]): Upstream[] {
    const before = new Map(this.#services.map((service, place) => [service, this.#rankings[place]]));
    this.#services = services;
    this.#rankings = services.map((service) => {
      const ranking = before.get(service);
      // There may be room now.
      return ranking?.omitted === 0 ? ranking : undefined;
    });
    const kept = new Set(this.#rankings);
    for (const ranking of before.values()) if (ranking !== undefined && !kept.has(ranking)) this.#dropped.add(ranking);
    this.unmet = this.#rankings.filter((ranking) => ranking === undefined).length;
    this.#firstUnmet = 0;
    return this.#missing();
  }

  /** Meets services until so many servers have been looked at, or all are met; then nothing is left of the services before. */
  meet(servers: number): void {
    for (let left = servers; left > 0 && !this.hasMetAll; this.#firstUnmet++) {
      if (this.#rankings[this.#firstUnmet] === undefined) left -= Math.max(1, this.#meet(this.#firstUnmet).size);
    }
    if (this.hasMetAll) this.#forgetDropped();
  }

  /** The servers that were met since the last time. */
  takeNewcomers(): readonly Upstream[] {
    const newcomers = this.#newcomers;
    this.#newcomers = [];
    return newcomers;
  }

  /** Frees the number of an upstream that nothing refers to any more. */
  forget(upstream: Upstream): void {
    this.#listed.delete(upstream);
    this.#byIndex[upstream.index] = undefined;
    this.#rankingsOf[upstream.index] = undefined;
    this.#byPeer[upstream.peer] = 0;
    this.#peers.release(upstream.peer);
    this.#slots.give(upstream.index - 1);
  }

  /** Servers of rankings that were dropped, where they are in no other, and no service that is to be met names them. In the order in which they were met. */
  #missing(): Upstream[] {
    const missing = new Set<Upstream>();
    for (const ranking of this.#dropped) {
      for (const upstream of ranking.upstreams()) if (this.rankingsOf(upstream).every((one) => this.#dropped.has(one))) missing.add(upstream);
    }
    if (missing.size === 0) return [];
    for (const [place, service] of this.#services.entries()) {
      if (this.#rankings[place] !== undefined) continue;
      for (const { address, port } of service.servers) {
        const upstream = this.find(address, port);
        if (upstream !== undefined) missing.delete(upstream);
      }
    }
    return [...this.#listed].filter((upstream) => missing.has(upstream));
  }

  #forgetDropped(): void {
    for (const ranking of this.#dropped) {
      for (const { index } of ranking.upstreams()) {
        const rankings = this.#rankingsOf[index];
        // Its number may be another's by now.
        if (rankings?.includes(ranking) === true) rankings.splice(rankings.indexOf(ranking), 1);
      }
    }
    this.#dropped.clear();
  }

  #meet(place: number): Ranking {
    const ranking = this.#rank(this.#services[place]!);
    for (const { index } of ranking.upstreams()) {
      const rankings = this.#rankingsOf[index];
      if (rankings === undefined) this.#rankingsOf[index] = [ranking];
      else rankings.push(ranking);
    }
    this.#rankings[place] = ranking;
    this.unmet--;
    return ranking;
  }

  #rank({ name: service, servers }: ServiceEntry): Ranking {
    const candidates: Candidate[] = [];
    let [unreachable, omitted] = [0, 0];
    for (const { address, port, tier, weight, name, region } of servers) {
      const upstream = this.find(address, port) ?? this.#add(address, port);
      if (upstream !== undefined) candidates.push({ upstream, tier, weight, name, region });
      else if (this.#links[address.family] === undefined) unreachable++;
      else omitted++;
    }
    return new Ranking(service, candidates, unreachable, omitted);
  }

  /** Undefined where it cannot be asked, or there is no room for it. */
  #add(address: IpAddress, port: number): Upstream | undefined {
    const { family, words } = address;
    const link = this.#links[family];
    const slot = link === undefined ? -1 : this.#slots.take();
    const peer = link === undefined || slot < 0 ? NO_PEER : this.#peers.intern(link, family, words[0], words[1], words[2], words[3], port);
    if (peer === NO_PEER) {
      if (slot >= 0) this.#slots.give(slot);
      return undefined;
    }
    this.#peers.hold(peer);
    const upstream = new Upstream(slot + 1, peer, address, port, this.#nextU32(), this.#nextU32());
    this.#byIndex[upstream.index] = upstream;
    this.#byPeer[peer] = upstream.index;
    this.#listed.add(upstream);
    this.#newcomers.push(upstream);
    this.#remembered.recall(upstream);
    return upstream;
  }
}

const NONE: readonly Ranking[] = [];
