import { type Family, type IpAddress, type Range, rangeOf } from "../address/index.ts";
import { Fault, MAX_DATAGRAM_OCTETS, MappingBody, ResultCode, UpdateAction, checkHeader } from "../wire/index.ts";
import { Agenda } from "./agenda.ts";
import { type Answer, Asker, type Audience } from "./answer.ts";
import { Cache } from "./cache/cache.ts";
import { NO_ENTRY } from "./cache/entry-table.ts";
import { type Holders, MappingCache } from "./cache/mapping-cache.ts";
import { milliseconds, remainingMs } from "./clock.ts";
import type { Engine, Transmit } from "./engine.ts";
import { PeerTable } from "./link/peer-table.ts";
import { TransmitRing } from "./link/transmit-ring.ts";
import type { ServerEntry } from "./mabs/catalogue-content.ts";
import { FixedDirectory } from "./querier/directory.ts";
import { QuerierHalf, type QuerierOptions } from "./querier/querier-half.ts";
import { CookieState } from "./server/cookies.ts";

/** Under which number this process itself waits for answers. */
const OURSELVES = -2;
const TRANSMIT_SLOTS = 1024;
const MAX_PEERS = 1024;
const MAX_UPSTREAMS = 16;

/** What is known about a range of addresses. */
export interface Mapping {
  readonly range: Range;
  /** Where packets go; 0.0.0.0 or :: means drop. Null when the range is in no micronet. */
  readonly etr: IpAddress | null;
  /** Length of the MAB's prefix around the range; null when it is in no MAB. */
  readonly mabLength: number | null;
  /** Lineage and number. */
  readonly version: readonly [lineage: number, number: number];
  /** Milliseconds for which it may be used; while it is in use, it is renewed before. */
  readonly remainingMs: number;
}

export type ItrEvent =
  /** The answer to a look-up: a mapping, or (null) the result code that says why there is none; `isOwn` when no server said so. */
  | { readonly type: "answer"; readonly token: number; readonly mapping: Mapping | null; readonly result: number; readonly isOwn: boolean }
  /** Another mapping for a range that was known. */
  | { readonly type: "update"; readonly mapping: Mapping }
  /** What was known of a range holds no more: it must be looked up again. */
  | { readonly type: "flush"; readonly range: Range };

export interface ItrOptions extends Omit<QuerierOptions, "maxWaiting" | "maxUpstreams" | "keepFresh"> {
  readonly maxEntries: number;
}

/** The querier in an ingress tunnel router: looks up mapping at two or three query servers, caches it, and hears of changes. */
export class Itr implements Engine, Audience, Holders {
  readonly peers: PeerTable;
  readonly ring = new TransmitRing(TRANSMIT_SLOTS, MAX_DATAGRAM_OCTETS);
  readonly cache: MappingCache;
  readonly querier: QuerierHalf;
  readonly counters = { malformedDatagrams: 0, hits: 0, misses: 0 };
  /** A look-up is told nothing before its answer. */
  readonly patience = Infinity;
  readonly #agenda = new Agenda();
  readonly #asker = new Asker();
  readonly #body = new MappingBody();
  readonly #events: ItrEvent[] = [];

  constructor(options: ItrOptions) {
    this.peers = new PeerTable(MAX_PEERS, options.nextU32);
    this.cache = new MappingCache(new Cache(options.maxEntries, MAX_UPSTREAMS + 1, options.nextU32()), this, this.#agenda);
    const ground = { agenda: this.#agenda, peers: this.peers, ring: this.ring, cache: this.cache, audience: this };
    const querier = { ...options, maxWaiting: Infinity, maxUpstreams: MAX_UPSTREAMS, keepFresh: MAX_UPSTREAMS };
    this.querier = new QuerierHalf(querier, ground, (upstreams) => new FixedDirectory(upstreams));
    this.#asker.peer = OURSELVES;
    this.#asker.cookie = CookieState.valid;
  }

  setUpstreams(now: number, servers: readonly ServerEntry[]): void {
    this.querier.adopt(now, [{ name: "upstreams", servers }], () => undefined);
  }

  /**
   * Looks a key up. Gives the cache entry that has it (`read` reads it); NO_ENTRY when it is being fetched, and an "answer"
   * event with `token` will follow.
   */
  lookUp(now: number, family: Family, hi: number, lo: number, token: number): number {
    const entry = this.cache.find(now, family, hi, lo);
    if (entry !== NO_ENTRY && this.querier.vouchesFor(entry)) {
      this.counters.hits++;
      this.cache.entries.touch(entry);
      return entry;
    }
    this.counters.misses++;
    this.#asker.sequence = token;
    if (!this.querier.fetcher.fetch(now, family, hi, lo, this.#asker)) {
      this.#events.push({ type: "answer", token, mapping: null, result: ResultCode.overloaded, isOwn: true });
    }
    return NO_ENTRY;
  }

  read(now: number, entry: number): Mapping {
    const { entries } = this.cache;
    entries.read(entry, this.#body);
    return mappingOf(entries.result(entry), this.#body, remainingMs(entries.expiry(entry), milliseconds(now)));
  }

  /** The next thing that has happened; undefined when there is nothing more. */
  pollEvent(): ItrEvent | undefined {
    return this.#events.length === 0 ? undefined : this.#events.shift();
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (checkHeader(view, length) !== Fault.none) this.counters.malformedDatagrams++;
    else this.querier.handleMessage(now, peer, view, length);
  }

  pollTransmit(out: Transmit): boolean {
    return this.ring.take(out);
  }

  pollTimeout(): number {
    return this.#agenda.next;
  }

  handleTimeout(now: number): void {
    this.#agenda.handleTimeout(now);
  }

  get room(): number {
    return Infinity;
  }

  reply(_now: number, asker: Asker, { result, body, cachingMs, isOwnFailure }: Answer): void {
    const mapping = result <= ResultCode.notInAnyMab ? mappingOf(result, body, cachingMs) : null;
    this.#events.push({ type: "answer", token: asker.sequence, mapping, result, isOwn: mapping === null && isOwnFailure });
  }

  acknowledge(): void {}

  hold(): boolean {
    return false;
  }

  tell(now: number, entry: number, action: number): void {
    const mapping = this.read(now, entry);
    this.#events.push(action === UpdateAction.update ? { type: "update", mapping } : { type: "flush", range: mapping.range });
  }

  beginMab(): void {}

  beginUpstream(): void {}

  beginMany(): void {}

  tellOfMany(now: number, entry: number): number {
    this.tell(now, entry, UpdateAction.flushRange);
    return 0;
  }

  tellMab(now: number, entry: number): void {
    this.tell(now, entry, UpdateAction.flushMab);
  }
}

function mappingOf(result: number, body: MappingBody, remaining: number): Mapping {
  const { family, firstHi, firstLo, lastHi, lastLo, etr0, etr1, etr2, etr3 } = body;
  return {
    range: rangeOf(family === 4 ? 4 : 6, firstHi, firstLo, lastHi, lastLo),
    etr: result === ResultCode.mapping ? { family: body.etrFamily === 4 ? 4 : 6, words: [etr0, etr1, etr2, etr3] } : null,
    mabLength: result === ResultCode.notInAnyMab ? null : body.prefixLength,
    version: [body.versionLineage, body.versionHi * 2 ** 32 + body.versionLo],
    remainingMs: remaining,
  };
}
