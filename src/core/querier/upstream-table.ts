import { type IpAddress, formatEndpoint } from "../../address/index.ts";
import type { ServiceEntry } from "../mabs/catalogue-content.ts";
import type { NextU32 } from "../next-u32.ts";
import { NO_PEER, type PeerTable } from "../link/peer-table.ts";
import { type Candidate, Ranking } from "./ranking.ts";
import type { RttEstimate } from "./rtt.ts";
import { Slots } from "../tables/slots.ts";
import { Upstream } from "./upstream.ts";

/** The driver's sockets for asking upstreams, by address family; undefined for one that this machine does not have. */
export interface UpstreamLinks {
  readonly 4: number | undefined;
  readonly 6: number | undefined;
}

/** How far a server was when it was known before; microseconds. */
export type KnownRtt = Pick<RttEstimate, "smoothed" | "variation">;

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
  readonly #byEndpoint = new Map<string, Upstream>();
  readonly #rankingsOf = new Map<Upstream, Ranking[]>();
  #rankings: readonly Ranking[] = [];
  /** How far servers were when this program ran last, by endpoint: where they rank until they are measured. */
  known: ReadonlyMap<string, KnownRtt> = new Map();
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

  /** By its endpoint as a text. */
  named(endpoint: string): Upstream | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  *listed(): IterableIterator<Upstream> {
    yield* this.#byEndpoint.values();
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  /** The ranking of a service of the present catalogue. */
  ranking(service: number): Ranking {
    return this.#rankings[service]!;
  }

  get rankings(): readonly Ranking[] {
    return this.#rankings;
  }

  rankingsOf(upstream: Upstream): readonly Ranking[] {
    return this.#rankingsOf.get(upstream) ?? [];
  }

  /** Which of the known servers a new list of services does not name any more: to be left before `adopt`. */
  missingIn(services: readonly ServiceEntry[]): Upstream[] {
    if (this.#byEndpoint.size === 0) return [];
    const named = new Set(services.flatMap(({ servers }) => servers.map(({ address, port }) => formatEndpoint(address, port))));
    return [...this.#byEndpoint].filter(([endpoint]) => !named.has(endpoint)).map(([, upstream]) => upstream);
  }

  /** Takes over the services of a new catalogue. Servers that were known keep their state. */
  adopt(services: readonly ServiceEntry[]): void {
    this.unreachable = 0;
    this.omitted = 0;
    this.#rankingsOf.clear();
    this.#rankings = services.map((service) => this.#rank(service));
  }

  /** Frees the number of an upstream that nothing refers to any more. */
  forget(upstream: Upstream): void {
    this.#byEndpoint.delete(formatEndpoint(upstream.address, upstream.port));
    this.#byIndex[upstream.index] = undefined;
    this.#byPeer[upstream.peer] = 0;
    this.#peers.release(upstream.peer);
    this.#slots.give(upstream.index - 1);
  }

  #rank(service: ServiceEntry): Ranking {
    const candidates: Candidate[] = [];
    for (const server of service.servers) {
      const endpoint = formatEndpoint(server.address, server.port);
      const upstream = this.#byEndpoint.get(endpoint) ?? this.#meet(server.address, server.port, endpoint);
      if (upstream !== undefined) candidates.push({ upstream, tier: server.tier, weight: server.weight, name: server.name, region: server.region });
    }
    const ranking = new Ranking(service.name, candidates);
    for (const { upstream } of candidates) {
      const rankings = this.#rankingsOf.get(upstream);
      if (rankings === undefined) this.#rankingsOf.set(upstream, [ranking]);
      else rankings.push(ranking);
    }
    return ranking;
  }

  #meet(address: IpAddress, port: number, endpoint: string): Upstream | undefined {
    const link = this.#links[address.family];
    if (link === undefined) {
      this.unreachable++;
      return undefined;
    }
    const slot = this.#slots.take();
    const peer = slot < 0 ? NO_PEER : this.#peers.intern(link, address.family, ...address.words, port);
    if (peer === NO_PEER) {
      if (slot >= 0) this.#slots.give(slot);
      this.omitted++;
      return undefined;
    }
    this.#peers.hold(peer);
    const upstream = new Upstream(slot + 1, peer, address, port, this.#nextU32(), this.#nextU32());
    Object.assign(upstream.rtt, this.known.get(endpoint));
    this.#byIndex[upstream.index] = upstream;
    this.#byPeer[peer] = upstream.index;
    this.#byEndpoint.set(endpoint, upstream);
    return upstream;
  }
}
