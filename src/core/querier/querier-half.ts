import { MessageType, typeOf } from "../../wire/index.ts";
import type { Agenda } from "../agenda.ts";
import type { Audience } from "../answer.ts";
import type { MappingCache } from "../cache/mapping-cache.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import type { ServiceEntry } from "../mabs/catalogue-content.ts";
import type { NextU32 } from "../next-u32.ts";
import { Chooser, type Spread } from "./chooser.ts";
import type { Directory } from "./directory.ts";
import { MAX_ATTEMPTS } from "./fetch-table.ts";
import { Fetcher } from "./fetcher.ts";
import { Meeting } from "./meeting.ts";
import type { Pace } from "./pace.ts";
import { type ProbeIntervals, Prober } from "./prober.ts";
import { RequestTable } from "./request-table.ts";
import { UpdateReceiver } from "./update-receiver.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamHealth } from "./upstream-health.ts";
import { UpstreamPort } from "./upstream-port.ts";
import { UpstreamState } from "./upstream-state.ts";
import { type UpstreamLinks, UpstreamTable } from "./upstream-table.ts";

export interface QuerierOptions {
  readonly links: UpstreamLinks;
  readonly maxUpstreams: number;
  /** How many servers of each service are measured often. */
  readonly keepFresh: number;
  readonly intervals: ProbeIntervals;
  /** The pace of probes, where several engines have one; by `intervals` where it is left out. */
  readonly pace?: Pace;
  /** False where another engine measures servers, and tells this one what it finds (`UpstreamHealth.takeFinding`). */
  readonly measures?: boolean;
  /** How long what upstreams promise is kept at most; milliseconds. */
  readonly cachingMostMs: number;
  /** Requests of one client that may wait for upstreams. */
  readonly maxWaiting: number;
  /** Keys that may be asked for at one time; 4096 where it is left out. */
  readonly maxFetches?: number;
  readonly spread?: Spread;
  readonly nextU32: NextU32;
}

const DEFAULT_FETCHES = 4096;

/** What the querier half stands on: what it shares with the rest of its engine. */
export interface QuerierGround {
  readonly agenda: Agenda;
  readonly peers: PeerTable;
  readonly ring: TransmitRing;
  readonly cache: MappingCache;
  readonly audience: Audience;
}

/** What every role needs that asks others: the parts, put together once. */
export class QuerierHalf {
  readonly upstreams: UpstreamTable;
  readonly health: UpstreamHealth;
  readonly port: UpstreamPort;
  readonly fetcher: Fetcher;
  readonly receiver: UpdateReceiver;
  readonly #prober: Prober;
  readonly #meeting: Meeting;
  readonly #cache: MappingCache;

  constructor(options: QuerierOptions, ground: QuerierGround, directoryOver: (upstreams: UpstreamTable) => Directory) {
    const { agenda, peers, ring, cache, audience } = ground;
    const { nextU32, intervals, keepFresh, maxUpstreams, maxFetches = DEFAULT_FETCHES } = options;
    const upstreams = new UpstreamTable(maxUpstreams, peers, options.links, nextU32);
    const prober = new Prober({
      agenda,
      upstreams,
      nextU32,
      intervals,
      keepFresh,
      measures: options.measures ?? true,
      pace: options.pace,
      holdsMapping: (upstream) => this.health.holdsMappingOf(upstream),
    });
    const health = new UpstreamHealth(upstreams, prober, cache, agenda);
    const requests = new RequestTable(MAX_ATTEMPTS * maxFetches, maxUpstreams, nextU32, agenda);
    this.#cache = cache;
    this.upstreams = upstreams;
    this.health = health;
    this.fetcher = new Fetcher({
      agenda,
      peers,
      maxFetches,
      maxWaiting: options.maxWaiting,
      requests,
      cache,
      audience,
      directory: directoryOver(upstreams),
      chooser: new Chooser(nextU32, options.spread),
      health,
      mostMs: options.cachingMostMs,
      makePort: (owner) => new UpstreamPort({ upstreams, requests, prober, health, ring, agenda, owner }),
    });
    this.port = this.fetcher.port;
    this.receiver = new UpdateReceiver({ upstreams, cache, prober, health, port: this.port, ring });
    this.#prober = prober;
    this.#meeting = new Meeting(upstreams, prober, agenda);
  }

  /** Takes the messages that servers send, whose header has been checked. */
  handleMessage(now: number, peer: number, view: DataView, length: number): void {
    const type = typeOf(view);
    if (type === MessageType.mapReply) this.port.handleReply(now, peer, view, length);
    else if (type === MessageType.mapRequestAck) this.port.handleRequestAck(now, peer, view, length);
    else if (type === MessageType.cacheUpdate) this.receiver.handleUpdate(now, peer, view, length);
  }

  /** Goes over to other services: leaves the servers that they do not name at once, meets the new ones by and by, and measures them. */
  adopt(now: number, services: readonly ServiceEntry[], whenMet: (now: number) => void): void {
    const orphans = this.upstreams.adopt(services).flatMap((upstream) => this.port.abandon(now, upstream));
    this.#meeting.begin(now, whenMet);
    this.fetcher.adoptOrphans(now, orphans);
    this.#meeting.welcome(now);
  }

  /** Measures a server now, not when its turn comes. */
  probe(now: number, upstream: Upstream): void {
    this.#prober.hurry(now, upstream);
  }

  /** Whether what an entry's upstream gave may be given out: one that is down now may have changed it since. */
  vouchesFor(entry: number): boolean {
    return this.upstreams.at(this.#cache.entries.upstream(entry))?.state !== UpstreamState.down;
  }
}
