import type { Family } from "../../address/index.ts";
import {
  Acknowledgement,
  Fault,
  type Header,
  MAP_REPLY_OCTETS,
  MAX_DATAGRAM_OCTETS,
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
import type { Agenda } from "../agenda.ts";
import { Answer, Asker, type Audience, type Origin, UNPROMISED_MS } from "../answer.ts";
import { NO_ENTRY, OWN } from "../cache/entry-table.ts";
import type { MappingCache } from "../cache/mapping-cache.ts";
import { milliseconds } from "../clock.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { ClientPolicy, Verdict } from "./client-policy.ts";
import { CookieState } from "./cookies.ts";
import type { OfferedShift } from "./offered-shift.ts";
import type { PeerCookies } from "./peer-cookies.ts";
import type { Promises } from "./promises.ts";
import type { QuerierTable } from "./querier-table.ts";
import { ReplyRepeater } from "./reply-repeater.ts";

/** Where answers come from when the cache has none. */
export interface AnswerSource {
  /**
   * Answers a request that the cache cannot. True: `answer` is filled. False: the asker was kept, and hears later by
   * `Responder.reply`.
   */
  resolve(now: number, request: MapRequest, asker: Asker, answer: Answer): boolean;
  /** Whether a live entry may be given out without asking again: nothing speaks against where it came from. */
  vouchesFor(now: number, entry: number): boolean;
  /** Brings an answer from an entry that this server knows by itself up to date: its caching time, and its position. */
  renew(answer: Answer): void;
}

/** After so long a querier hears that its answer is being fetched; microseconds. */
const PATIENCE = 20_000;

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedRequest = new MapRequest();
const sharedAck = new Acknowledgement();
const sharedTrace = new Trace();
const sharedAsker = new Asker();
const sharedAnswer = new Answer();

/** The server half of a query server: takes Map Requests, answers from the cache or from its source, promises updates. */
export class Responder implements Audience {
  readonly counters = {
    requests: 0,
    nullRequests: 0,
    hits: 0,
    misses: 0,
    malformedRequests: 0,
    refused: 0,
    limited: 0,
    badCookies: 0,
    badAcknowledgements: 0,
    replies: 0,
  };
  readonly patience = PATIENCE;
  readonly repeater: ReplyRepeater;
  readonly #request = sharedRequest;
  readonly #ack = sharedAck;
  readonly #trace = sharedTrace;
  readonly #asker = sharedAsker;
  readonly #answer = sharedAnswer;
  readonly #queriers: QuerierTable;
  readonly #cache: MappingCache;
  readonly #promises: Promises;
  readonly #ring: TransmitRing;
  readonly #cookies: PeerCookies;
  readonly #policy: ClientPolicy;
  readonly #shift: OfferedShift;
  readonly #source: AnswerSource;

  constructor(parts: {
    peers: PeerTable;
    queriers: QuerierTable;
    cache: MappingCache;
    promises: Promises;
    ring: TransmitRing;
    agenda: Agenda;
    cookies: PeerCookies;
    policy: ClientPolicy;
    shift: OfferedShift;
    source: AnswerSource;
  }) {
    this.#queriers = parts.queriers;
    this.#cache = parts.cache;
    this.#promises = parts.promises;
    this.#ring = parts.ring;
    this.#cookies = parts.cookies;
    this.#policy = parts.policy;
    this.#shift = parts.shift;
    this.#source = parts.source;
    this.repeater = new ReplyRepeater(parts.peers, parts.ring, parts.agenda);
  }

  get room(): number {
    return this.#ring.room;
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
    const verdict = this.#policy.judge(peer, milliseconds(now));
    if (verdict !== Verdict.serve) {
      this.counters[verdict === Verdict.refuse ? "refused" : "limited"]++;
      if (verdict !== Verdict.drop) this.#replyWith(now, asker, ClientPolicy.resultOf(verdict));
      return;
    }
    if (asker.verified) this.#noteVerified(now, peer, request);
    if (request.family === 0) {
      this.counters.nullRequests++;
      this.#replyWith(now, asker, ResultCode.nullReply);
    } else {
      this.counters.requests++;
      this.#lookUp(now, request, asker);
    }
  }

  /** Takes the acknowledgement of a Cache Update. */
  handleUpdateAck(now: number, peer: number, view: DataView, length: number): void {
    if (!this.#isFromQuerier(peer, view, length, MessageType.cacheUpdateAck)) return;
    this.#promises.heard(now, peer);
    this.#promises.sender.acknowledge(now, peer, this.#ack.value);
  }

  /** Takes the acknowledgement of a Map Reply. */
  handleReplyAck(now: number, peer: number, view: DataView, length: number): void {
    if (!this.#isFromQuerier(peer, view, length, MessageType.mapReplyAck)) return;
    this.#promises.heard(now, peer);
    this.repeater.acknowledge(peer, this.#ack.header.sequence);
  }

  acknowledge(asker: Asker, waitMs: number): void {
    const ack = this.#ack;
    fillHeader(ack.header, asker);
    ack.header.flags = 0;
    ack.result = ResultCode.mapping;
    ack.value = waitMs;
    ack.epochHi = this.#promises.epochHi;
    ack.epochLo = this.#promises.epochLo;
    this.#ring.commit(asker.peer, encodeAcknowledgement(this.#ring.claim(), MessageType.mapRequestAck, ack));
  }

  /** Sends an answer, promising updates of it where that is possible and wanted. */
  reply(now: number, asker: Asker, answer: Answer): void {
    const { message, body } = answer;
    fillHeader(message.header, asker);
    if (asker.cookie !== CookieState.valid) this.#cookies.issue(now, asker.peer, message.header);
    body.epochHi = this.#promises.epochHi;
    body.epochLo = this.#promises.epochLo;
    body.counter = this.#queriers.counter(asker.peer);
    message.header.flags = this.#promise(now, asker, answer) ? 0 : ReplyFlag.noPromise;
    this.#send(now, asker, answer);
  }

  #send(now: number, asker: Asker, answer: Answer): void {
    const { message } = answer;
    const view = this.#ring.claim();
    let length = this.#appendTrace(view, MAP_REPLY_OCTETS, asker, answer.origin);
    if (asker.verified && this.#shift.isActive(now)) length = this.#shift.append(now, view, length, MAX_DATAGRAM_OCTETS);
    const isRepeated = asker.waitedLong && this.repeater.canKeep(asker.peer, asker.sequence, length);
    if (isRepeated) message.header.flags |= ReplyFlag.ackWanted;
    encodeMapReply(view, message);
    if (isRepeated) this.repeater.keep(now, asker.peer, asker.sequence, view, length);
    this.counters.replies++;
    this.#ring.commit(asker.peer, length);
  }

  #lookUp(now: number, request: MapRequest, asker: Asker): void {
    const answer = this.#answer;
    const entry = this.#cache.find(now, request.family as Family, request.keyHi, request.keyLo);
    if (entry !== NO_ENTRY && this.#serves(now, entry, asker)) {
      this.counters.hits++;
      answer.origin.clear();
      answer.origin.fromCache = true;
      answer.readEntry(this.#cache.entries, entry, milliseconds(now));
      this.#cache.entries.touch(entry);
      if (this.#cache.entries.upstream(entry) === OWN) this.#renew(now, entry, answer);
      this.reply(now, asker, answer);
      return;
    }
    this.counters.misses++;
    answer.origin.clear();
    answer.isPromised = true;
    if (this.#source.resolve(now, request, asker, answer)) this.reply(now, asker, answer);
  }

  /** Whether an entry will do: what is known here by itself always does, what was learnt must not lie below the floor. */
  #serves(now: number, entry: number, asker: Asker): boolean {
    const { entries } = this.#cache;
    if (!this.#source.vouchesFor(now, entry)) return false;
    if (entries.upstream(entry) === OWN) return asker.floor.isZero;
    return asker.floor.isZero || !entries.isBelow(entry, asker.floor);
  }

  /** What this server knows by itself is fresh each time it is given. */
  #renew(now: number, entry: number, answer: Answer): void {
    this.#source.renew(answer);
    this.#cache.entries.setExpiry(entry, (milliseconds(now) + answer.cachingMs) >>> 0);
  }

  /** Notes the promise in the ledger; otherwise shortens the caching time to what is safe without one. */
  #promise(now: number, asker: Asker, answer: Answer): boolean {
    const { body } = answer;
    body.cachingMs = asker.verified ? answer.cachingMs : 0;
    if (body.cachingMs === 0) return false;
    const isWanted = answer.isPromised && answer.entry !== NO_ENTRY && (asker.flags & RequestFlag.oneShot) === 0;
    if (isWanted && this.#promises.note(milliseconds(now), answer.entry, asker, body.cachingMs)) return true;
    // A one-shot answer tells how long it would be good for: nobody acts on it.
    if ((asker.flags & RequestFlag.oneShot) === 0) body.cachingMs = Math.min(body.cachingMs, UNPROMISED_MS);
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
    const { header, floorLineage, floorHi, floorLo } = this.#request;
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
    asker.waitedLong = false;
    if ((header.flags & RequestFlag.floor) !== 0) asker.floor.set(floorLineage, floorHi, floorLo);
    else asker.floor.set(0, 0, 0);
    asker.cookie = this.#checkCookie(now, peer);
    return asker;
  }

  /** A querier that proved its address: it lives, and says which updates it has. */
  #noteVerified(now: number, peer: number, { header, received }: MapRequest): void {
    this.#queriers.noteRequest(peer, milliseconds(now), header.nonceHi, header.nonceLo, header.clientCookieHi, header.clientCookieLo);
    this.#promises.heard(now, peer);
    if (received !== this.#queriers.counter(peer)) this.#promises.sender.resend(now, peer, received);
  }

  /** Whether an acknowledgement is well-formed and carries the querier's cookie; it is left in `#ack`. */
  #isFromQuerier(peer: number, view: DataView, length: number, type: typeof MessageType.cacheUpdateAck | typeof MessageType.mapReplyAck): boolean {
    const fault = decodeAcknowledgement(view, length, type, this.#ack);
    const { clientCookieHi, clientCookieLo } = this.#ack.header;
    const isKnown = fault === Fault.none && this.#queriers.hasCookie(peer, clientCookieHi, clientCookieLo);
    if (!isKnown) this.counters.badAcknowledgements++;
    return isKnown;
  }

  #checkCookie(now: number, peer: number): CookieState {
    const state = this.#cookies.check(now, peer, this.#request.header);
    if (state === CookieState.bad) this.counters.badCookies++;
    return state;
  }

  /** A request of another version, or a broken one, hears so when it paid for an answer; anything else hears nothing. */
  #refuseMalformed(now: number, peer: number, fault: Fault, length: number): void {
    this.counters.malformedRequests++;
    if (length < MAP_REPLY_OCTETS) return;
    const asker = this.#meet(now, peer, length);
    asker.cookie = CookieState.absent;
    asker.flags = 0;
    if (this.#policy.judge(peer, milliseconds(now)) !== Verdict.serve) return;
    if (fault === Fault.unsupportedVersion) this.#replyToOtherVersion(asker);
    else this.#replyWith(now, asker, ResultCode.malformed);
  }

  /** Only what all versions have in common can be answered: no cookie, no epoch (docs/protocol.md section 8.1). */
  #replyToOtherVersion(asker: Asker): void {
    const { message, body } = this.#answer;
    this.#answer.fail(ResultCode.unsupportedVersion);
    fillHeader(message.header, asker);
    message.header.flags = 0;
    message.header.clientCookieHi = 0;
    message.header.clientCookieLo = 0;
    body.epochHi = 0;
    body.epochLo = 0;
    body.counter = 0;
    this.#ring.commit(asker.peer, encodeMapReply(this.#ring.claim(), message));
  }

  #replyWith(now: number, asker: Asker, result: number): void {
    this.#answer.fail(result);
    this.reply(now, asker, this.#answer);
  }
}

/** The server cookie stays zero, which tells a querier with a valid one to keep it. */
function fillHeader(header: Header, asker: Asker): void {
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
