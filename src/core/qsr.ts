import { type Family, compareKeys } from "../address/index.ts";
import { Fault, Header, type MapRequest, MessageType, ResultCode, decodeHeader } from "../wire/index.ts";
import type { Answer, Asker } from "./server/answer.ts";
import { Catalogue, EMPTY_CATALOGUE } from "./mabs/catalogue.ts";
import type { CatalogueContent } from "./mabs/catalogue-content.ts";
import type { Engine, Transmit } from "./engine.ts";
import { NO_ENTRY, OWN } from "./cache/entry-table.ts";
import { type CachingLimits, Fetcher } from "./querier/fetcher.ts";
import { type ProbeIntervals, Prober } from "./querier/prober.ts";
import { RequestTable } from "./querier/request-table.ts";
import type { AnswerSource } from "./server/responder.ts";
import { NO_PREFIX, Segment } from "./tables/segment-table.ts";
import { ServerHalf, type ServerOptions } from "./server/server-half.ts";
import { UpdateReceiver } from "./querier/update-receiver.ts";
import type { Upstream } from "./querier/upstream.ts";
import { UpstreamPort } from "./querier/upstream-port.ts";
import { UpstreamState } from "./querier/upstream-state.ts";
import { type UpstreamLinks, UpstreamTable } from "./querier/upstream-table.ts";

export interface QsrOptions extends ServerOptions {
  readonly links: UpstreamLinks;
  readonly maxUpstreams: number;
  /** How many QSAs of each service are measured often. */
  readonly keepFresh: number;
  readonly intervals: ProbeIntervals;
  readonly caching: CachingLimits;
  /** How long queriers may cache that an address is in no MAB; milliseconds. */
  readonly gapCachingMs: number;
}

/** A resolving query server: knows all MABs and their QSAs, measures these, and answers from cache or from the best. */
export class Qsr implements Engine, AnswerSource {
  readonly server: ServerHalf;
  readonly upstreams: UpstreamTable;
  readonly fetcher: Fetcher;
  readonly receiver: UpdateReceiver;
  readonly counters = { malformedDatagrams: 0, unexpectedTypes: 0 };
  readonly #options: QsrOptions;
  readonly #prober: Prober;
  readonly #header = new Header();
  readonly #segment = new Segment();
  #catalogue: Catalogue = EMPTY_CATALOGUE;

  constructor(options: QsrOptions) {
    this.#options = options;
    this.server = new ServerHalf(options, options.maxUpstreams + 1, this);
    const { peers, book, ring, responder } = this.server;
    const { nextU32, intervals, keepFresh } = options;
    const upstreams = new UpstreamTable(options.maxUpstreams, peers, options.links, nextU32);
    const holdsMapping = (upstream: { index: number }): boolean => book.entries.firstOf(upstream.index) !== NO_ENTRY;
    const prober = new Prober({ upstreams, nextU32, intervals, keepFresh, holdsMapping });
    const requests = new RequestTable(nextU32);
    this.fetcher = new Fetcher({
      peers,
      upstreams,
      requests,
      book,
      responder,
      catalogue: () => this.#catalogue,
      limits: options.caching,
      makePort: (owner) => new UpstreamPort({ upstreams, requests, prober, book, ring, owner }),
    });
    this.receiver = new UpdateReceiver({ upstreams, book, prober, ring });
    this.upstreams = upstreams;
    this.#prober = prober;
  }

  get peers(): ServerHalf["peers"] {
    return this.server.peers;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Goes over to another catalogue in one step; what the cache holds against it is withdrawn, here and downstream. */
  setCatalogue(now: number, content: CatalogueContent): void {
    this.#catalogue = new Catalogue(content);
    const gone = this.upstreams.adopt(content);
    for (const upstream of gone) this.fetcher.port.abandon(now, upstream);
    this.#revalidate(now);
    this.#prober.welcomeNew(now);
  }

  /** Measures a server now, not when its turn comes. */
  probe(now: number, upstream: Upstream): void {
    this.#prober.hurry(now, upstream);
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    const fault = decodeHeader(view, length, this.#header);
    if (fault !== Fault.none && !(fault === Fault.unsupportedVersion && this.#header.type === MessageType.mapRequest)) {
      this.counters.malformedDatagrams++;
      return;
    }
    switch (this.#header.type) {
      case MessageType.mapRequest:
        this.server.responder.handleRequest(now, peer, view, length);
        break;
      case MessageType.cacheUpdateAck:
        this.server.responder.handleUpdateAck(peer, view, length);
        break;
      case MessageType.mapReply:
        this.fetcher.port.handleReply(now, peer, view, length);
        break;
      case MessageType.mapRequestAck:
        this.fetcher.port.handleRequestAck(now, peer, view, length);
        break;
      case MessageType.cacheUpdate:
        this.receiver.handleUpdate(now, peer, view, length);
        break;
      default:
        this.counters.unexpectedTypes++;
    }
  }

  resolve(now: number, request: MapRequest, asker: Asker, answer: Answer): boolean {
    const family = request.family as Family;
    if (this.#catalogue === EMPTY_CATALOGUE) {
      answer.fail(ResultCode.noQsa);
      return true;
    }
    this.#catalogue.mabs.find(family, request.keyHi, request.keyLo, this.#segment);
    if (this.#segment.prefix === NO_PREFIX) {
      this.#answerGap(now, family, answer);
      return true;
    }
    if (this.fetcher.fetch(now, family, request.keyHi, request.keyLo, asker)) return false;
    answer.fail(ResultCode.overloaded);
    return true;
  }

  /** What a server gave that is down now may have changed since: another one is asked. */
  vouchesFor(entry: number): boolean {
    return this.upstreams.at(this.server.book.entries.upstream(entry))?.state !== UpstreamState.down;
  }

  ownCachingMs(): number {
    return this.#options.gapCachingMs;
  }

  pollTransmit(out: Transmit): boolean {
    return this.server.ring.take(out);
  }

  pollTimeout(): number {
    return Math.min(this.fetcher.next, this.fetcher.port.next, this.server.book.next);
  }

  handleTimeout(now: number): void {
    this.fetcher.port.handleTimeout(now);
    this.fetcher.handleTimeout(now);
    this.server.book.handleTimeout(now);
  }

  /** In no MAB: the whole gap is the answer, and this server is the authority for it. */
  #answerGap(now: number, family: Family, answer: Answer): void {
    answer.fail(ResultCode.notInAnyMab);
    const { body } = answer;
    body.family = family;
    body.firstHi = this.#segment.firstHi;
    body.firstLo = this.#segment.firstLo;
    body.lastHi = this.#segment.lastHi;
    body.lastLo = this.#segment.lastLo;
    answer.cachingMs = this.#options.gapCachingMs;
    answer.entry = this.server.book.install(now, answer.result, body, OWN, answer.cachingMs);
  }

  /** Withdraws entries whose range has no longer that MAB as its longest match, or no longer that QSA. */
  #revalidate(now: number): void {
    const { book } = this.server;
    for (let entry = 0; entry < book.entries.highWater; entry++) {
      if (book.entries.isTaken(entry) && !this.#stillHolds(entry)) book.withdraw(now, entry);
    }
  }

  #stillHolds(entry: number): boolean {
    const { entries } = this.server.book;
    const segment = this.#segment;
    this.#catalogue.mabs.find(entries.family(entry), entries.firstHi(entry), entries.firstLo(entry), segment);
    if (compareKeys(entries.lastHi(entry), entries.lastLo(entry), segment.lastHi, segment.lastLo) > 0) return false;
    if (segment.prefix === NO_PREFIX) return entries.upstream(entry) === OWN;
    const upstream = this.upstreams.at(entries.upstream(entry));
    return (
      upstream !== undefined &&
      entries.prefixLength(entry) === this.#catalogue.prefixLength(segment.prefix) &&
      this.#catalogue.servicesOf(segment.prefix).some((service) => this.upstreams.ranking(service).placeOf(upstream) >= 0)
    );
  }
}
