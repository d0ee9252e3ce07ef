import type { Family, Prefix, Range } from "../address/index.ts";
import { type MapRequest, ResultCode } from "../wire/index.ts";
import type { Agenda } from "./agenda.ts";
import type { Answer, Asker } from "./answer.ts";
import { OWN } from "./cache/entry-table.ts";
import { ANY_UPSTREAM } from "./cache/mapping-cache.ts";
import { Revalidation } from "./cache/revalidation.ts";
import type { Engine, Foresight, Transmit } from "./engine.ts";
import type { ServiceEntry } from "./mabs/catalogue-content.ts";
import type { Directory } from "./querier/directory.ts";
import { QuerierHalf, type QuerierOptions } from "./querier/querier-half.ts";
import type { UpstreamTable } from "./querier/upstream-table.ts";
import type { AnswerSource } from "./server/responder.ts";
import { ServerHalf, type ServerOptions } from "./server/server-half.ts";
import { Version } from "./version.ts";

export interface CachingServerOptions extends ServerOptions, Omit<QuerierOptions, "maxWaiting"> {}

/** A query server that answers from its cache, and asks others for what is not there. Who these are, its directory knows. */
export class CachingServer<D extends Directory> implements Engine, AnswerSource {
  readonly server: ServerHalf;
  readonly querier: QuerierHalf;
  readonly directory: D;
  readonly #agenda: Agenda;
  readonly #revalidation: Revalidation;
  readonly #unknown = new Version();

  /** `refetchLeadMs`: how long before it expires an entry in use is fetched again. That of those who ask this server is shorter. */
  constructor(options: CachingServerOptions, refetchLeadMs: number, directoryOver: (upstreams: UpstreamTable) => D) {
    this.server = new ServerHalf(options, options.maxUpstreams + 1, this);
    const { agenda, peers, ring, cache, responder } = this.server;
    this.#agenda = agenda;
    cache.refetchLeadMs = refetchLeadMs;
    let directory: D | undefined;
    this.querier = new QuerierHalf({ ...options, maxWaiting: options.clients.maxWaiting }, { agenda, peers, ring, cache, audience: responder }, (upstreams) => (directory = directoryOver(upstreams)));
    this.directory = directory!;
    this.#revalidation = new Revalidation(cache, agenda, (entry) => this.#stillHolds(entry));
  }

  get peers(): ServerHalf["peers"] {
    return this.server.peers;
  }

  get foresight(): Foresight {
    return this.server.foresight;
  }

  get nearReplyBy(): number {
    return this.querier.port.nearReplyBy;
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (!this.server.handleDatagram(now, peer, view, length)) this.querier.handleMessage(now, peer, view, length);
  }

  resolve(now: number, request: MapRequest, asker: Asker, answer: Answer): boolean {
    const family = request.family as Family;
    if (this.directory.answers(family, request.keyHi, request.keyLo, answer)) {
      if (answer.cachingMs > 0) answer.entry = this.server.cache.file(now, answer.result, answer.body, OWN, answer.cachingMs);
      return true;
    }
    if (this.querier.fetcher.fetch(now, family, request.keyHi, request.keyLo, asker)) return false;
    answer.fail(ResultCode.overloaded);
    return true;
  }

  vouchesFor(_now: number, entry: number): boolean {
    return this.querier.vouchesFor(entry) && !this.#revalidation.doubts(entry);
  }

  renew(answer: Answer): void {
    answer.cachingMs = this.directory.gapCachingMs;
  }

  pollTransmit(out: Transmit): boolean {
    return this.server.ring.take(out);
  }

  pollTimeout(): number {
    return this.#agenda.next;
  }

  handleTimeout(now: number): void {
    this.#agenda.handleTimeout(now);
  }

  /** Forgets what is cached in a range (undefined: everything, floors too), here and downstream; gives how many entries. */
  flush(now: number, range: Range | undefined): number {
    const { cache } = this.server;
    const before = cache.cache.size;
    if (range === undefined) cache.flushEverything(now);
    else cache.flushRange(now, range.family, range.first.hi, range.first.lo, range.last.hi, range.last.lo, ANY_UPSTREAM, this.#unknown);
    return before - cache.cache.size;
  }

  /** Goes over to other services, for a directory that is ready for them; what the cache holds against it is withdrawn, here and downstream. */
  protected adopt(now: number, services: readonly ServiceEntry[]): void {
    this.#revalidation.postpone();
    this.querier.adopt(now, services, (later) => {
      this.revalidate(later, undefined);
    });
  }

  /**
   * Withdraws entries whose range has no longer that MAB as its longest match, or no longer that upstream: in some places, or in all. Before
   * all services have been met it would meet them; then it begins when they have been.
   */
  protected revalidate(now: number, places: readonly Prefix[] | undefined): void {
    if (this.querier.upstreams.hasMetAll) this.#revalidation.begin(now, places);
    else this.#revalidation.postpone();
  }

  #stillHolds(entry: number): boolean {
    const { entries } = this.server.cache;
    return this.directory.stillHolds(
      entries.upstream(entry),
      entries.family(entry),
      entries.prefixLength(entry),
      entries.firstHi(entry),
      entries.firstLo(entry),
      entries.lastHi(entry),
      entries.lastLo(entry),
    );
  }
}
