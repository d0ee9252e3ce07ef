import type { Family } from "../../address/index.ts";
import {
  Acknowledgement,
  Fault,
  type Header,
  MAP_REPLY_OCTETS,
  MapRequest,
  MessageType,
  ReplyFlag,
  RequestFlag,
  ResultCode,
  TRACE_OCTETS,
  Trace,
  appendTrace,
  decodeAcknowledgement,
  decodeMapRequest,
  encodeAcknowledgement,
  encodeMapReply,
} from "../../wire/index.ts";
import { Answer, Asker, type Origin } from "./answer.ts";
import type { ClientPolicy } from "./client-policy.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import { CookieState, type ServerCookies } from "./cookies.ts";
import { NO_ENTRY, OWN } from "../cache/entry-table.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { PromisedCache } from "../cache/promised-cache.ts";
import type { QuerierTable } from "./querier-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";

/** Where answers come from when the cache has none. */
export interface AnswerSource {
  /**
   * Answers a request that the cache cannot. True: `answer` is filled. False: the asker was kept, and hears later by
   * `Responder.reply`.
   */
  resolve(now: number, request: MapRequest, asker: Asker, answer: Answer): boolean;
  /** Whether a live entry may be given out without asking again: nothing speaks against where it came from. */
  vouchesFor(entry: number): boolean;
  /** Milliseconds for which what this server knows by itself may be cached. */
  ownCachingMs(result: number): number;
}

export interface ResponderCounters {
  requests: number;
  nullRequests: number;
  hits: number;
  misses: number;
  malformedRequests: number;
  refused: number;
  limited: number;
  badCookies: number;
  replies: number;
}

/** What a promise of no updates allows at most. */
const UNPROMISED_MS = 2_000;

/** The server half of a query server: takes Map Requests, answers from the cache or from its source, promises updates. */
export class Responder {
  readonly counters: ResponderCounters = {
    requests: 0,
    nullRequests: 0,
    hits: 0,
    misses: 0,
    malformedRequests: 0,
    refused: 0,
    limited: 0,
    badCookies: 0,
    replies: 0,
  };
  readonly #request = new MapRequest();
  readonly #ack = new Acknowledgement();
  readonly #trace = new Trace();
  readonly #asker = new Asker();
  readonly #answer = new Answer();
  readonly #peers: PeerTable;
  readonly #queriers: QuerierTable;
  readonly #book: PromisedCache;
  readonly #ring: TransmitRing;
  readonly #cookies: ServerCookies;
  readonly #policy: ClientPolicy;
  readonly #source: AnswerSource;

  constructor(parts: {
    peers: PeerTable;
    queriers: QuerierTable;
    book: PromisedCache;
    ring: TransmitRing;
    cookies: ServerCookies;
    policy: ClientPolicy;
    source: AnswerSource;
  }) {
    this.#peers = parts.peers;
    this.#queriers = parts.queriers;
    this.#book = parts.book;
    this.#ring = parts.ring;
    this.#cookies = parts.cookies;
    this.#policy = parts.policy;
    this.#source = parts.source;
  }

  /** Takes a Map Request. */
  handleRequest(now: number, peer: number, view: DataView, length: number): void {
    const request = this.#request;
    const fault = decodeMapRequest(view, length, request);
    if (fault !== Fault.none) {
      this.#refuseMalformed(now, peer, fault, length);
      return;
    }
    const asker = this.#meet(now, peer, length);
    const refusal = this.#policy.refusal(this.#peers, this.#queriers, peer, milliseconds(now));
    if (refusal !== ResultCode.mapping) {
      this.counters[refusal === ResultCode.refused ? "refused" : "limited"]++;
      this.#replyWith(now, asker, refusal);
    } else if (request.family === 0) {
      this.counters.nullRequests++;
      this.#replyWith(now, asker, ResultCode.nullReply);
    } else {
      this.counters.requests++;
      this.#lookUp(now, request, asker);
    }
  }

  /** Takes the acknowledgement of a Cache Update. */
  handleUpdateAck(peer: number, view: DataView, length: number): void {
    const fault = decodeAcknowledgement(view, length, MessageType.cacheUpdateAck, this.#ack);
    const { clientCookieHi, clientCookieLo } = this.#ack.header;
    const known = this.#queriers.cookieHi(peer) === clientCookieHi && this.#queriers.cookieLo(peer) === clientCookieLo;
    if (fault !== Fault.none || !known) this.counters.malformedRequests++;
    else this.#book.sender.acknowledge(peer, this.#ack.value);
  }

  /** Tells an asker that its answer is being fetched, and how long to wait for it. */
  acknowledge(asker: Asker, waitMs: number): void {
    const ack = this.#ack;
    this.#fillHeader(ack.header, asker);
    ack.header.flags = 0;
    ack.result = ResultCode.mapping;
    ack.value = waitMs;
    ack.epochHi = this.#book.epochHi;
    ack.epochLo = this.#book.epochLo;
    this.#ring.commit(asker.peer, encodeAcknowledgement(this.#ring.claim(), MessageType.mapRequestAck, ack));
  }

  /** Sends an answer, promising updates of it where that is possible and wanted. */
  reply(now: number, asker: Asker, answer: Answer): void {
    const { message, body } = answer;
    this.#fillHeader(message.header, asker);
    if (asker.cookie !== CookieState.valid) this.#issueCookie(now, asker.peer, message.header);
    body.epochHi = this.#book.epochHi;
    body.epochLo = this.#book.epochLo;
    body.counter = this.#queriers.counter(asker.peer);
    message.header.flags = this.#promise(now, asker, answer) ? 0 : ReplyFlag.noPromise;
    this.counters.replies++;
    const view = this.#ring.claim();
    this.#ring.commit(asker.peer, this.#appendTrace(view, encodeMapReply(view, message), asker, answer.origin));
  }

  #lookUp(now: number, request: MapRequest, asker: Asker): void {
    const answer = this.#answer;
    const entry = this.#book.find(now, request.family as Family, request.keyHi, request.keyLo);
    if (entry !== NO_ENTRY && this.#source.vouchesFor(entry)) {
      this.counters.hits++;
      answer.origin.clear();
      answer.origin.fromCache = true;
      this.fillFromEntry(now, entry, answer);
      this.reply(now, asker, answer);
      return;
    }
    this.counters.misses++;
    answer.origin.clear();
    if (this.#source.resolve(now, request, asker, answer)) this.reply(now, asker, answer);
  }

  /** Fills an answer from a cache entry. What this server knows by itself is fresh each time it is given. */
  fillFromEntry(now: number, entry: number, answer: Answer): void {
    const { entries } = this.#book;
    const nowMs = milliseconds(now);
    answer.entry = entry;
    answer.result = entries.result(entry);
    entries.read(entry, answer.body);
    entries.touch(entry);
    if (entries.upstream(entry) === OWN) {
      entries.setExpiry(entry, (nowMs + this.#source.ownCachingMs(answer.result)) >>> 0);
    }
    answer.cachingMs = Math.max(0, remainingMs(entries.expiry(entry), nowMs));
  }

  /** Notes the promise in the ledger; otherwise shortens the caching time to what is safe without one. */
  #promise(now: number, asker: Asker, answer: Answer): boolean {
    const { body } = answer;
    body.cachingMs = asker.verified ? answer.cachingMs : 0;
    if (body.cachingMs === 0 || (asker.flags & RequestFlag.oneShot) !== 0) return false;
    if (answer.entry !== NO_ENTRY) {
      const expiryMs = (milliseconds(now) + body.cachingMs) >>> 0;
      const { peer, nonceHi, nonceLo, sequence } = asker;
      if (this.#book.ledger.note(answer.entry, peer, nonceHi, nonceLo, sequence, expiryMs)) return true;
    }
    body.cachingMs = Math.min(body.cachingMs, UNPROMISED_MS);
    return false;
  }

  #appendTrace(view: DataView, length: number, asker: Asker, origin: Origin): number {
    const wanted = (asker.flags & RequestFlag.trace) !== 0;
    if (!wanted || asker.octets < MAP_REPLY_OCTETS + TRACE_OCTETS) return length;
    const trace = this.#trace;
    trace.fromCache = origin.fromCache;
    trace.family = origin.family;
    trace.port = origin.port;
    trace.rtt = Math.round(origin.rtt);
    trace.word0 = origin.words[0]!;
    trace.word1 = origin.words[1]!;
    trace.word2 = origin.words[2]!;
    trace.word3 = origin.words[3]!;
    return appendTrace(view, length, trace);
  }

  #meet(now: number, peer: number, length: number): Asker {
    const { header } = this.#request;
    this.#queriers.meet(peer, milliseconds(now), this.#policy.burst);
    const asker = this.#asker;
    asker.peer = peer;
    asker.sequence = header.sequence;
    asker.nonceHi = header.nonceHi;
    asker.nonceLo = header.nonceLo;
    asker.clientCookieHi = header.clientCookieHi;
    asker.clientCookieLo = header.clientCookieLo;
    asker.flags = header.flags;
    asker.octets = length;
    asker.cookie = this.#checkCookie(now, peer);
    if (asker.verified) this.#queriers.setCookie(peer, header.clientCookieHi, header.clientCookieLo);
    return asker;
  }

  #checkCookie(now: number, peer: number): CookieState {
    const p = this.#peers;
    const { header } = this.#request;
    const state = this.#cookies.check(header, p.family(peer), p.word(peer, 0), p.word(peer, 1), p.word(peer, 2), p.word(peer, 3), seconds(now));
    if (state === CookieState.bad) this.counters.badCookies++;
    return state;
  }

  #issueCookie(now: number, peer: number, header: Header): void {
    const p = this.#peers;
    this.#cookies.issue(header, p.family(peer), p.word(peer, 0), p.word(peer, 1), p.word(peer, 2), p.word(peer, 3), seconds(now));
  }

  /** A request of another version, or a broken one, hears so when it paid for an answer; anything else hears nothing. */
  #refuseMalformed(now: number, peer: number, fault: Fault, length: number): void {
    this.counters.malformedRequests++;
    if (length < MAP_REPLY_OCTETS) return;
    const asker = this.#meet(now, peer, length);
    asker.cookie = CookieState.absent;
    if (this.#policy.refusal(this.#peers, this.#queriers, peer, milliseconds(now)) !== ResultCode.mapping) return;
    this.#replyWith(now, asker, fault === Fault.unsupportedVersion ? ResultCode.unsupportedVersion : ResultCode.malformed);
  }

  #replyWith(now: number, asker: Asker, result: number): void {
    this.#answer.fail(result);
    this.reply(now, asker, this.#answer);
  }

  /** The server cookie stays zero, which tells a querier with a valid one to keep it. */
  #fillHeader(header: Header, asker: Asker): void {
    header.sequence = asker.sequence;
    header.nonceHi = asker.nonceHi;
    header.nonceLo = asker.nonceLo;
    header.clientCookieHi = asker.clientCookieHi;
    header.clientCookieLo = asker.clientCookieLo;
    header.server0 = 0;
    header.server1 = 0;
    header.server2 = 0;
    header.server3 = 0;
  }
}

function seconds(now: number): number {
  return Math.floor(now / 1_000_000);
}
