import type { Family, IpAddress } from "../../address/index.ts";
import type { ServiceEntry } from "../mabs/catalogue-content.ts";
import type { NextU32 } from "../next-u32.ts";
import { NO_PEER, type PeerTable } from "../link/peer-table.ts";
import { KNOWN_WIDTH, Known, type KnownRtts } from "./known-rtts.ts";
import { type Candidate, Ranking } from "./ranking.ts";
import { Slots } from "../tables/slots.ts";
import { Upstream } from "./upstream.ts";

/** The driver's sockets for asking upstreams, by address family; undefined for one that this machine does not have. */
export interface UpstreamLinks {
  readonly 4: number | undefined;
  readonly 6: number | undefined;
}

/** All servers this querier may ask, each once however many services name it, and the ranking of each service. */
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
  #rankingsOf: Ranking[][] = [];
  #rankings: readonly Ranking[] = [];
  /** How far servers were when this program ran last: where they rank until they are measured. */
  known: KnownRtts = new Float64Array();
  /** Servers of the present services that cannot be asked: no socket of their family. */
  unreachable = 0;
  /** Servers of the present services that found no room. */
  omitted = 0;

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
    return this.#findBy(family, words[0], words[1], words[2], words[3], port);
  }

  listed(): Iterable<Upstream> {
    return this.#listed;
  }

  get size(): number {
    return this.#listed.size;
  }

  /** The ranking of a service of the present catalogue. */
  ranking(service: number): Ranking {
    return this.#rankings[service]!;
  }

  get rankings(): readonly Ranking[] {
    return this.#rankings;
  }

  rankingsOf(upstream: Upstream): readonly Ranking[] {
    return this.#rankingsOf[upstream.index] ?? NONE;
  }

  /** Which of the known servers a new list of services does not name any more: to be left before `adopt`. */
  missingIn(services: readonly ServiceEntry[]): Upstream[] {
    if (this.#listed.size === 0) return [];
    const missing = new Set(this.#listed);
    for (const { servers } of services) {
      for (const { address, port } of servers) {
        const upstream = this.find(address, port);
        if (upstream !== undefined) missing.delete(upstream);
      }
    }
    return [...missing];
  }

  /** Takes over the services of a new catalogue. Servers that were known keep their state. */
  adopt(services: readonly ServiceEntry[]): void {
    this.unreachable = 0;
    this.omitted = 0;
    this.#rankingsOf = [];
    this.#rankings = services.map((service) => this.#rank(service));
    this.#recall();
  }

  /** Frees the number of an upstream that nothing refers to any more. */
  forget(upstream: Upstream): void {
    this.#listed.delete(upstream);
    this.#byIndex[upstream.index] = undefined;
    this.#byPeer[upstream.peer] = 0;
    this.#peers.release(upstream.peer);
    this.#slots.give(upstream.index - 1);
  }

  #findBy(family: Family, w0: number, w1: number, w2: number, w3: number, port: number): Upstream | undefined {
    const link = this.#links[family];
    const peer = link === undefined ? NO_PEER : this.#peers.find(link, family, w0, w1, w2, w3, port);
    return peer === NO_PEER ? undefined : this.ofPeer(peer);
  }

  #rank(service: ServiceEntry): Ranking {
    const candidates: Candidate[] = [];
    for (const server of service.servers) {
      const { address, port, tier, weight, name, region } = server;
      const upstream = this.find(address, port) ?? this.#meet(address, port);
      if (upstream !== undefined) candidates.push({ upstream, tier, weight, name, region });
    }
    const ranking = new Ranking(service.name, candidates);
    for (const { upstream: { index } } of candidates) {
      const rankings = this.#rankingsOf[index];
      if (rankings === undefined) this.#rankingsOf[index] = [ranking];
      else rankings.push(ranking);
    }
    return ranking;
  }

  #meet(address: IpAddress, port: number): Upstream | undefined {
    const { family, words } = address;
    const link = this.#links[family];
    if (link === undefined) {
      this.unreachable++;
      return undefined;
    }
    const slot = this.#slots.take();
    const peer = slot < 0 ? NO_PEER : this.#peers.intern(link, family, words[0], words[1], words[2], words[3], port);
    if (peer === NO_PEER) {
      if (slot >= 0) this.#slots.give(slot);
      this.omitted++;
      return undefined;
    }
    this.#peers.hold(peer);
    const upstream = new Upstream(slot + 1, peer, address, port, this.#nextU32(), this.#nextU32());
    this.#byIndex[upstream.index] = upstream;
    this.#byPeer[peer] = upstream.index;
    this.#listed.add(upstream);
    return upstream;
  }

  /** Gives servers that have not been measured the RTT that they had before. */
  #recall(): void {
    const { known } = this;
    for (let at = 0; at < known.length; at += KNOWN_WIDTH) {
      const upstream = this.#findBy(known[at + Known.family] === 4 ? 4 : 6, known[at + Known.word0]!, known[at + Known.word1]!, known[at + Known.word2]!, known[at + Known.word3]!, known[at + Known.port]!);
      if (upstream === undefined || upstream.measured) continue;
      upstream.rtt.smoothed = known[at + Known.smoothed]!;
      upstream.rtt.variation = known[at + Known.variation]!;
    }
  }
}

const NONE: readonly Ranking[] = [];
