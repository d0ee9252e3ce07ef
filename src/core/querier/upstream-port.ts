import {
  Acknowledgement,
  Fault,
  MapReply,
  MapRequest,
  MessageType,
  ReplyFlag,
  decodeAcknowledgement,
  decodeMapReply,
  encodeMapRequest,
} from "../../wire/index.ts";
import type { Fetch } from "./fetch-table.ts";
import type { Prober } from "./prober.ts";
import type { PromisedCache } from "../cache/promised-cache.ts";
import { PROBE, type RequestTable } from "./request-table.ts";
import { addRttSample, addTimeout, retransmissionTimeout } from "./rtt.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamAcknowledger } from "./upstream-acknowledger.ts";
import { LOSSES_UNTIL_DOWN, UpstreamEvent, UpstreamState, nextState } from "./upstream-state.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** A server from which mapping is held is dead to us after this long without an answer. */
export const SILENCE_LIMIT = 10_000_000;
/** A missing Cache Update must have come by then. */
export const GAP_LIMIT = 2_000_000;

/** The most that a Map Request Ack may ask us to wait: by then a query is given up anyway. */
const LONGEST_WAIT = 2_000_000;

/** Who is told what became of the requests of fetches. */
export interface PortOwner {
  /** A reply to an open request; `trusted` is false when it is older than what the server's present epoch says. */
  answered(now: number, slot: number, upstream: Upstream, reply: MapReply, trusted: boolean): void;
  /** The server did not answer in time. */
  late(now: number, slot: number): void;
}

/** Sends Map Requests to upstreams and takes their replies: what each says about the health of its server is noted here. */
export class UpstreamPort {
  readonly counters = {
    requestsSent: 0,
    probesSent: 0,
    upstreamReplies: 0,
    timeouts: 0,
    unmatchedReplies: 0,
    malformedReplies: 0,
    epochChanges: 0,
    silences: 0,
    updateGaps: 0,
    flushedEntries: 0,
  };
  /** Services all of whose QSAs are down, for a fresh look at DNS; the driver takes them. */
  readonly failedServices = new Set<string>();
  readonly #request = new MapRequest();
  readonly #reply = new MapReply();
  readonly #ack = new Acknowledgement();
  readonly #upstreams: UpstreamTable;
  readonly #requests: RequestTable;
  readonly #prober: Prober;
  readonly #book: PromisedCache;
  readonly #ring: TransmitRing;
  readonly #owner: PortOwner;
  readonly #acknowledger: UpstreamAcknowledger;

  constructor(parts: {
    upstreams: UpstreamTable;
    requests: RequestTable;
    prober: Prober;
    book: PromisedCache;
    ring: TransmitRing;
    owner: PortOwner;
  }) {
    this.#upstreams = parts.upstreams;
    this.#requests = parts.requests;
    this.#prober = parts.prober;
    this.#book = parts.book;
    this.#ring = parts.ring;
    this.#owner = parts.owner;
    this.#acknowledger = new UpstreamAcknowledger(parts.ring);
  }

  /** Asks an upstream for a key; gives the request's slot, -1 when too many are open. */
  ask(now: number, upstream: Upstream, fetch: Fetch): number {
    this.#request.family = fetch.family;
    this.#request.keyHi = fetch.hi;
    this.#request.keyLo = fetch.lo;
    this.counters.requestsSent++;
    return this.#send(now, upstream, fetch.index);
  }

  /** Takes a Map Reply. */
  handleReply(now: number, peer: number, view: DataView, length: number): void {
    const reply = this.#reply;
    const upstream = this.#upstreams.ofPeer(peer);
    const fault = upstream === undefined ? Fault.none : decodeMapReply(view, length, reply);
    if (fault !== Fault.none) this.counters.malformedReplies++;
    const slot = upstream === undefined || fault !== Fault.none ? -1 : this.#match(upstream, reply.header);
    if (upstream === undefined || slot < 0) {
      this.counters.unmatchedReplies++;
      return;
    }
    this.counters.upstreamReplies++;
    const trusted = this.#noteAnswer(now, upstream, this.#requests.sentAt(slot), reply);
    if ((reply.header.flags & ReplyFlag.ackWanted) !== 0) this.#acknowledger.send(upstream, MessageType.mapReplyAck, reply.header, 0);
    if (this.#requests.fetch(slot) === PROBE) this.#requests.close(slot);
    else this.#owner.answered(now, slot, upstream, reply, trusted);
  }

  /** Takes a Map Request Ack: the server is at work, and needs as long as it says. */
  handleRequestAck(now: number, peer: number, view: DataView, length: number): void {
    const upstream = this.#upstreams.ofPeer(peer);
    const fault = decodeAcknowledgement(view, length, MessageType.mapRequestAck, this.#ack);
    const slot = upstream === undefined || fault !== Fault.none ? -1 : this.#match(upstream, this.#ack.header);
    if (slot < 0) this.counters.unmatchedReplies++;
    else this.#requests.extend(slot, now + Math.min(LONGEST_WAIT, this.#ack.value * 1000));
  }

  get next(): number {
    return Math.min(this.#requests.next, this.#prober.next);
  }

  handleTimeout(now: number): void {
    for (let slot = this.#requests.popLate(now); slot >= 0; slot = this.#requests.popLate(now)) this.#timeOut(now, slot);
    for (let upstream = this.#prober.pop(now); upstream !== undefined; upstream = this.#prober.pop(now)) {
      this.#checkTruth(now, upstream);
      this.#probe(now, upstream);
    }
  }

  /** Plans the next probe; one from which mapping is held must be heard in time. */
  planProbe(now: number, upstream: Upstream): void {
    this.#prober.plan(now, upstream);
    if (this.#holds(upstream)) this.#prober.noLaterThan(upstream.aliveAt + SILENCE_LIMIT, upstream);
    if (upstream.gapSince !== Infinity) this.#prober.noLaterThan(upstream.gapSince + GAP_LIMIT, upstream);
  }

  /** Forgets all that was learnt from an upstream, here and downstream. */
  flush(now: number, upstream: Upstream): void {
    this.counters.flushedEntries += this.#book.flushUpstream(now, upstream.index);
  }

  /** Leaves an upstream that DNS lists no more: nothing learnt from it stays, and what it was asked is asked elsewhere. */
  abandon(now: number, upstream: Upstream): void {
    this.#prober.forget(upstream);
    this.flush(now, upstream);
    for (let slot = this.#requests.nextOf(upstream.index, 0); slot >= 0; slot = this.#requests.nextOf(upstream.index, slot + 1)) {
      this.#requests.stopWaiting(slot);
      if (this.#requests.fetch(slot) === PROBE) this.#requests.close(slot);
      else this.#owner.late(now, slot);
    }
    this.#upstreams.forget(upstream);
  }

  #probe(now: number, upstream: Upstream): void {
    this.#request.family = 0;
    this.#request.keyHi = 0;
    this.#request.keyLo = 0;
    upstream.probes++;
    this.counters.probesSent++;
    if (this.#send(now, upstream, PROBE) < 0) this.#prober.plan(now, upstream);
  }

  #send(now: number, upstream: Upstream, fetch: number): number {
    const requests = this.#requests;
    const slot = requests.open(now, now + retransmissionTimeout(upstream.rtt), upstream.index, fetch);
    if (slot < 0) return -1;
    const { header } = this.#request;
    header.flags = 0;
    header.sequence = requests.sequence(slot);
    header.nonceHi = requests.nonceHi(slot);
    header.nonceLo = requests.nonceLo(slot);
    upstream.fillCookies(header);
    this.#request.received = upstream.window.complete;
    this.#ring.commit(upstream.peer, encodeMapRequest(this.#ring.claim(), this.#request));
    return slot;
  }

  #match(upstream: Upstream, header: MapReply["header"]): number {
    return upstream.knowsUs(header) ? this.#requests.match(header.sequence, header.nonceHi, header.nonceLo, upstream.index) : -1;
  }

  /** An answer proves life, gives an RTT sample, brings a cookie, epoch and counter. False when its epoch is an old one. */
  #noteAnswer(now: number, upstream: Upstream, sentAt: number, { header, body }: MapReply): boolean {
    addRttSample(upstream.rtt, Math.max(1, now - sentAt));
    upstream.losses = 0;
    upstream.state = nextState(upstream.state, UpstreamEvent.answered);
    upstream.aliveAt = Math.max(upstream.aliveAt, sentAt);
    if (header.hasServerCookie) upstream.serverCookie.set([header.server0, header.server1, header.server2, header.server3]);
    const trusted = this.#noteEpoch(now, upstream, sentAt, body.epochHi, body.epochLo);
    if (trusted) this.#noteCounter(now, upstream, body.counter);
    this.planProbe(now, upstream);
    return trusted;
  }

  #noteEpoch(now: number, upstream: Upstream, sentAt: number, hi: number, lo: number): boolean {
    const first = upstream.epochSince === -Infinity;
    if (!first && upstream.hasEpoch(hi, lo)) return true;
    if (!first && sentAt <= upstream.epochSince) {
      this.#prober.hurry(now, upstream);
      return false;
    }
    if (!first) {
      this.counters.epochChanges++;
      this.flush(now, upstream);
    }
    upstream.epochHi = hi;
    upstream.epochLo = lo;
    upstream.epochSince = sentAt;
    upstream.gapSince = Infinity;
    upstream.window.restart(this.#reply.body.counter);
    return true;
  }

  #noteCounter(now: number, upstream: Upstream, counter: number): void {
    upstream.issued = counter;
    if (!upstream.window.misses(counter)) upstream.gapSince = Infinity;
    else if (upstream.gapSince === Infinity) upstream.gapSince = now;
  }

  /** Nothing is kept from a server that has been silent too long, or one of whose updates is missing. */
  #checkTruth(now: number, upstream: Upstream): void {
    if (this.#holds(upstream) && now - upstream.aliveAt >= SILENCE_LIMIT) {
      this.counters.silences++;
      this.flush(now, upstream);
    }
    if (now - upstream.gapSince >= GAP_LIMIT) {
      this.counters.updateGaps++;
      this.flush(now, upstream);
      upstream.window.restart(upstream.issued);
      upstream.gapSince = Infinity;
    }
  }

  #timeOut(now: number, slot: number): void {
    const upstream = this.#upstreams.at(this.#requests.upstream(slot));
    const isProbe = this.#requests.fetch(slot) === PROBE;
    if (upstream !== undefined) this.#noteTimeout(now, upstream, isProbe);
    if (isProbe) this.#requests.close(slot);
    else this.#owner.late(now, slot);
  }

  #noteTimeout(now: number, upstream: Upstream, isProbe: boolean): void {
    this.counters.timeouts++;
    upstream.lost++;
    upstream.losses++;
    addTimeout(upstream.rtt);
    const gaveUp = upstream.losses >= LOSSES_UNTIL_DOWN;
    const before = upstream.state;
    upstream.state = nextState(before, gaveUp ? UpstreamEvent.gaveUp : UpstreamEvent.timedOut);
    if (upstream.state === UpstreamState.down && before !== UpstreamState.down) this.#noteFailedServices(upstream);
    if (upstream.state === UpstreamState.down) {
      if (isProbe || before !== UpstreamState.down) this.planProbe(now, upstream);
    } else if (isProbe || before === UpstreamState.up) {
      this.#prober.hurry(now, upstream);
    }
  }

  #noteFailedServices(upstream: Upstream): void {
    for (const ranking of this.#upstreams.rankingsOf(upstream)) {
      ranking.sort();
      if (ranking.at(0).upstream.state === UpstreamState.down) this.failedServices.add(ranking.name);
    }
  }

  #holds(upstream: Upstream): boolean {
    return this.#book.entries.firstOf(upstream.index) >= 0;
  }
}
