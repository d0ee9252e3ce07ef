import { type Family, compareKeys } from "../../address/index.ts";
import { type MapReply, ReplyFlag, ResultCode } from "../../wire/index.ts";
import { Answer, type Asker } from "../server/answer.ts";
import type { Catalogue } from "../mabs/catalogue.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import { type Fetch, FetchTable, MAX_ATTEMPTS } from "./fetch-table.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { PromisedCache } from "../cache/promised-cache.ts";
import { type Candidate, compareCandidates } from "./ranking.ts";
import type { RequestTable } from "./request-table.ts";
import type { Responder } from "../server/responder.ts";
import { NO_PREFIX, Segment } from "../tables/segment-table.ts";
import type { Upstream } from "./upstream.ts";
import type { PortOwner, UpstreamPort } from "./upstream-port.ts";
import type { UpstreamTable } from "./upstream-table.ts";

const QUERY_DEADLINE = 2_000_000;
const ACK_AFTER = 20_000;
/** What an answer without a promise of updates may be cached for. */
const UNPROMISED_MS = 2_000;

/** How long what upstreams promise is kept, whatever they say; milliseconds. */
export interface CachingLimits {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Gets answers from upstreams: asks the best, the next one when that is late, and gives the answer to all who wait. */
export class Fetcher implements PortOwner {
  readonly counters = { fetches: 0, coalesced: 0, retries: 0, answered: 0, unusable: 0, failed: 0 };
  readonly #fetches: FetchTable;
  readonly #answer = new Answer();
  readonly #segment = new Segment();
  readonly #upstreams: UpstreamTable;
  readonly #requests: RequestTable;
  readonly #book: PromisedCache;
  readonly #responder: Responder;
  readonly #catalogue: () => Catalogue;
  readonly #limits: CachingLimits;
  readonly #port: UpstreamPort;

  constructor(parts: {
    peers: PeerTable;
    upstreams: UpstreamTable;
    requests: RequestTable;
    book: PromisedCache;
    responder: Responder;
    catalogue: () => Catalogue;
    limits: CachingLimits;
    makePort: (owner: PortOwner) => UpstreamPort;
  }) {
    this.#fetches = new FetchTable(parts.peers);
    this.#upstreams = parts.upstreams;
    this.#requests = parts.requests;
    this.#book = parts.book;
    this.#responder = parts.responder;
    this.#catalogue = parts.catalogue;
    this.#limits = parts.limits;
    this.#port = parts.makePort(this);
  }

  /** Queries waiting for upstreams. */
  get inFlight(): number {
    return this.#fetches.size;
  }

  get port(): UpstreamPort {
    return this.#port;
  }

  /** Lets an asker wait for the answer for a key; false when there is no room to. */
  fetch(now: number, family: Family, hi: number, lo: number, asker: Asker): boolean {
    const present = this.#fetches.find(family, hi, lo);
    if (present !== undefined) return this.#join(now, present, asker);
    const fetch = this.#fetches.start(family, hi, lo, now, now + QUERY_DEADLINE);
    if (fetch === undefined) return false;
    this.counters.fetches++;
    this.#fetches.join(fetch, asker);
    this.#fetches.timers.set(fetch.index, now + ACK_AFTER);
    this.#attempt(now, fetch);
    return true;
  }

  /** The best QSA for a key, over all services of its MAB; of those asked least for this, when it is being fetched. */
  choose(family: Family, hi: number, lo: number, fetch?: Fetch): Upstream | undefined {
    const catalogue = this.#catalogue();
    const mab = catalogue.mabs.match(family, hi, lo);
    if (mab === NO_PREFIX) return undefined;
    let best: Candidate | undefined;
    let bestTimes = 0;
    for (const service of catalogue.servicesOf(mab)) {
      const ranking = this.#upstreams.ranking(service);
      ranking.sort();
      for (let place = 0; place < ranking.size; place++) {
        const candidate = ranking.at(place);
        const times = fetch?.timesTried(candidate.upstream.index) ?? 0;
        if (best === undefined || times < bestTimes || (times === bestTimes && compareCandidates(candidate, best) < 0)) {
          best = candidate;
          bestTimes = times;
        }
      }
    }
    return best?.upstream;
  }

  answered(now: number, slot: number, upstream: Upstream, reply: MapReply, trusted: boolean): void {
    const fetch = this.#fetches.at(this.#requests.fetch(slot));
    const rtt = now - this.#requests.sentAt(slot);
    const wasLast = this.#closeRequest(fetch, slot);
    if (!trusted || !this.#isUsable(fetch, upstream, reply)) {
      this.counters.unusable++;
      if (wasLast) this.#attempt(now, fetch);
    } else if (reply.body.cachingMs === 0 && reply.header.hasServerCookie && fetch.attempts < MAX_ATTEMPTS) {
      // It did not take us for ourselves, and has given us the cookie that proves us: the answer it can promise costs one RTT.
      if (wasLast) this.#ask(now, fetch, upstream);
    } else {
      this.#deliver(now, fetch, upstream, reply, rtt);
    }
  }

  late(now: number, slot: number): void {
    const fetch = this.#fetches.at(this.#requests.fetch(slot));
    if (fetch.requests[fetch.attempts - 1] !== slot) return;
    this.counters.retries++;
    this.#attempt(now, fetch);
  }

  get next(): number {
    return this.#fetches.timers.next;
  }

  handleTimeout(now: number): void {
    const { timers } = this.#fetches;
    for (let index = timers.pop(now); index >= 0; index = timers.pop(now)) {
      const fetch = this.#fetches.at(index);
      if (now >= fetch.deadline) {
        this.#fail(now, fetch, ResultCode.noAnswer);
      } else {
        fetch.acknowledged = true;
        for (const asker of fetch.askers) this.#acknowledge(now, fetch, asker);
        timers.set(index, fetch.deadline);
      }
    }
  }

  #join(now: number, fetch: Fetch, asker: Asker): boolean {
    this.counters.coalesced++;
    if (!this.#fetches.join(fetch, asker)) return false;
    if (fetch.acknowledged) this.#acknowledge(now, fetch, asker);
    return true;
  }

  /** A source that has not proved itself gets one datagram, the answer. */
  #acknowledge(now: number, fetch: Fetch, asker: Asker): void {
    if (!asker.verified) return;
    this.#responder.acknowledge(asker, Math.max(1, Math.ceil((fetch.deadline - now) / 1000)));
  }

  #attempt(now: number, fetch: Fetch): void {
    if (fetch.attempts === MAX_ATTEMPTS || now >= fetch.deadline) {
      this.#fail(now, fetch, ResultCode.noAnswer);
      return;
    }
    const upstream = this.choose(fetch.family, fetch.hi, fetch.lo, fetch);
    if (upstream === undefined) this.#fail(now, fetch, ResultCode.noQsa);
    else this.#ask(now, fetch, upstream);
  }

  #ask(now: number, fetch: Fetch, upstream: Upstream): void {
    const slot = this.#port.ask(now, upstream, fetch);
    if (slot < 0) {
      this.#fail(now, fetch, ResultCode.overloaded);
      return;
    }
    fetch.requests[fetch.attempts] = slot;
    fetch.tried[fetch.attempts] = upstream.index;
    fetch.attempts++;
  }

  /** The checks of design section 4: an answer, for the key asked, all of it in the MAB we know, from one of its QSAs. */
  #isUsable(fetch: Fetch, upstream: Upstream, { result, body }: MapReply): boolean {
    if (result !== ResultCode.mapping && result !== ResultCode.negative) return false;
    const catalogue = this.#catalogue();
    const segment = this.#segment;
    catalogue.mabs.find(fetch.family, fetch.hi, fetch.lo, segment);
    return (
      segment.prefix !== NO_PREFIX &&
      body.family === fetch.family &&
      body.prefixLength === catalogue.prefixLength(segment.prefix) &&
      compareKeys(body.firstHi, body.firstLo, fetch.hi, fetch.lo) <= 0 &&
      compareKeys(body.lastHi, body.lastLo, fetch.hi, fetch.lo) >= 0 &&
      compareKeys(body.firstHi, body.firstLo, segment.firstHi, segment.firstLo) >= 0 &&
      compareKeys(body.lastHi, body.lastLo, segment.lastHi, segment.lastLo) <= 0 &&
      catalogue.servicesOf(segment.prefix).some((service) => this.#upstreams.ranking(service).placeOf(upstream) >= 0)
    );
  }

  #deliver(now: number, fetch: Fetch, upstream: Upstream, reply: MapReply, rtt: number): void {
    const answer = this.#answer;
    const { body, header } = reply;
    const cachingMs = this.#cachingMs(reply);
    const entry = cachingMs === 0 ? NO_ENTRY : this.#book.install(now, reply.result, body, upstream.index, cachingMs);
    if (entry === NO_ENTRY) {
      answer.result = reply.result;
      answer.entry = NO_ENTRY;
      answer.cachingMs = 0;
      Object.assign(answer.body, body);
    } else {
      this.#book.entries.setNonce(entry, header.nonceHi, header.nonceLo);
      this.#port.planProbe(now, upstream);
      this.#responder.fillFromEntry(now, entry, answer);
    }
    answer.origin.fromCache = false;
    answer.origin.family = upstream.address.family;
    answer.origin.port = upstream.port;
    answer.origin.rtt = rtt;
    answer.origin.words.set(upstream.address.words);
    this.counters.answered++;
    this.#finish(now, fetch);
  }

  #cachingMs({ header, body }: MapReply): number {
    if ((header.flags & ReplyFlag.noPromise) !== 0) return Math.min(body.cachingMs, UNPROMISED_MS);
    return Math.min(this.#limits.mostMs, Math.max(this.#limits.leastMs, body.cachingMs));
  }

  #fail(now: number, fetch: Fetch, result: number): void {
    this.counters.failed++;
    this.#answer.fail(result);
    this.#finish(now, fetch);
  }

  #finish(now: number, fetch: Fetch): void {
    for (let attempt = 0; attempt < fetch.attempts; attempt++) {
      if (fetch.requests[attempt]! >= 0) this.#requests.close(fetch.requests[attempt]!);
    }
    for (const asker of fetch.askers) this.#responder.reply(now, asker, this.#answer);
    this.#fetches.end(fetch);
  }

  /** Closes one request of a fetch; true when it was the latest. */
  #closeRequest(fetch: Fetch, slot: number): boolean {
    const attempt = fetch.requests.subarray(0, fetch.attempts).indexOf(slot);
    fetch.requests[attempt] = -1;
    this.#requests.close(slot);
    return attempt === fetch.attempts - 1;
  }
}
