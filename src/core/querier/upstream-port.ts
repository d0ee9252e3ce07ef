import {
  Acknowledgement,
  ExtensionType,
  Fault,
  MAP_REPLY_OCTETS,
  MapReply,
  MapRequest,
  MessageType,
  ReplyFlag,
  RequestFlag,
  decodeAcknowledgement,
  decodeLoadShift,
  decodeMapReply,
  encodeMapRequest,
  extensionLength,
  findExtension,
} from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import type { Fetch } from "./fetch-table.ts";
import { receiveShift, unlistedAlternatives } from "./load-shift.ts";
import type { Prober } from "./prober.ts";
import { PROBE, type RequestTable } from "./request-table.ts";
import { addRttSample, retransmissionTimeout } from "./rtt.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamAcknowledger } from "./upstream-acknowledger.ts";
import type { UpstreamHealth } from "./upstream-health.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** The most that a querier waits for an answer, all attempts together. */
export const QUERY_DEADLINE = 2_000_000;
/** A server whose replies take no longer is near: microseconds. To wake a thread takes 50 to 100. */
const NEAR = 200;
/** A request that found the ring full is tried again after this. */
const RING_FULL_RETRY = 1_000;

/** Who is told what became of the requests of fetches. */
export interface PortOwner {
  /** A reply to an open request; `trusted` is false when it is older than what the server's present epoch says. */
  answered(now: number, slot: number, upstream: Upstream, reply: MapReply, trusted: boolean): void;
  /** The server did not answer in time. */
  late(now: number, slot: number): void;
  /** When a fetch is given up. */
  deadlineOf(fetch: number): number;
}

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedRequest = new MapRequest();
const sharedReply = new MapReply();
const sharedAck = new Acknowledgement();

/** Sends Map Requests to upstreams, and matches what comes back to them. */
export class UpstreamPort {
  readonly counters = { requestsSent: 0, probesSent: 0, upstreamReplies: 0, unmatchedReplies: 0, malformedReplies: 0, unlistedAlternatives: 0 };
  readonly #request = sharedRequest;
  readonly #reply = sharedReply;
  readonly #ack = sharedAck;
  readonly #upstreams: UpstreamTable;
  readonly #requests: RequestTable;
  readonly #prober: Prober;
  readonly #health: UpstreamHealth;
  readonly #ring: TransmitRing;
  readonly #owner: PortOwner;
  readonly #acknowledger: UpstreamAcknowledger;
  /** As `Engine.nearReplyBy`. */
  nearReplyBy = 0;

  constructor(parts: {
    upstreams: UpstreamTable;
    requests: RequestTable;
    prober: Prober;
    health: UpstreamHealth;
    ring: TransmitRing;
    agenda: Agenda;
    owner: PortOwner;
  }) {
    this.#upstreams = parts.upstreams;
    this.#requests = parts.requests;
    this.#prober = parts.prober;
    this.#health = parts.health;
    this.#ring = parts.ring;
    this.#owner = parts.owner;
    this.#acknowledger = new UpstreamAcknowledger(parts.ring);
    parts.agenda.assign(Task.lateRequest, (now) => {
      this.#timeOutLate(now);
    });
    for (const task of [Task.probeHolding, Task.probeOther]) {
      parts.agenda.assign(task, (now) => {
        this.#probeDue(now);
      });
    }
  }

  /** Asks an upstream for a key; gives the request's slot, -1 when too many are open. */
  ask(now: number, upstream: Upstream, fetch: Fetch): number {
    const request = this.#request;
    request.family = fetch.family;
    request.keyHi = fetch.hi;
    request.keyLo = fetch.lo;
    request.header.flags = fetch.floor.isZero ? 0 : RequestFlag.floor;
    request.floorLineage = fetch.floor.lineage;
    request.floorHi = fetch.floor.hi;
    request.floorLo = fetch.floor.lo;
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
      if (upstream !== undefined && fault === Fault.none) this.#acknowledgeCopy(upstream, reply.header);
      return;
    }
    this.counters.upstreamReplies++;
    this.nearReplyBy = 0;
    const sentAt = this.#requests.sentAt(slot);
    if (!this.#requests.wasExtended(slot)) addRttSample(upstream.rtt, Math.max(1, now - sentAt));
    const trusted = this.#health.noteAnswer(now, upstream, sentAt, reply);
    if (length > MAP_REPLY_OCTETS) this.noteShift(now, upstream, view, length);
    if ((reply.header.flags & ReplyFlag.ackWanted) !== 0) this.#acknowledger.send(upstream, MessageType.mapReplyAck, reply.header, 0);
    if (this.#requests.fetch(slot) === PROBE) this.#requests.close(slot);
    else this.#owner.answered(now, slot, upstream, reply, trusted);
  }

  /** Whether a message carries the nonce of a request that this server has not answered yet. */
  isAsking(upstream: Upstream, header: MapReply["header"]): boolean {
    return this.#requests.isOpenWith(header.nonceHi, header.nonceLo, upstream.index);
  }

  /** Takes a Map Request Ack: the server is at work, and needs as long as it says. Half of what is left stays for others. */
  handleRequestAck(now: number, peer: number, view: DataView, length: number): void {
    const upstream = this.#upstreams.ofPeer(peer);
    const fault = decodeAcknowledgement(view, length, MessageType.mapRequestAck, this.#ack);
    const slot = upstream === undefined || fault !== Fault.none ? -1 : this.#match(upstream, this.#ack.header);
    if (slot < 0) {
      this.counters.unmatchedReplies++;
      return;
    }
    if (!upstream!.hasEpoch(this.#ack.epochHi, this.#ack.epochLo)) this.#prober.hurry(now, upstream!);
    const fetch = this.#requests.fetch(slot);
    const left = (fetch === PROBE ? this.#requests.sentAt(slot) + QUERY_DEADLINE : this.#owner.deadlineOf(fetch)) - now;
    this.#requests.extend(slot, now + Math.min(left / 2, this.#ack.value * 1000));
  }

  /** Notes the wish to shift load that a message of an upstream carries, if it carries one. */
  noteShift(now: number, upstream: Upstream, view: DataView, length: number): void {
    const value = findExtension(view, MAP_REPLY_OCTETS, length, ExtensionType.loadShift);
    if (value === 0) return;
    upstream.shift = receiveShift(now, decodeLoadShift(view, value, extensionLength(view, value)));
    if (upstream.shift !== undefined) this.counters.unlistedAlternatives += unlistedAlternatives(upstream.shift, this.#upstreams.rankingsOf(upstream));
  }

  #timeOutLate(now: number): void {
    for (let slot = this.#popLate(now); slot >= 0; slot = this.#popLate(now)) this.#timeOut(now, slot);
  }

  #probeDue(now: number): void {
    while (this.#ring.room > 1) {
      const upstream = this.#prober.pop(now);
      if (upstream === undefined) return;
      this.#probe(now, upstream);
    }
  }

  /** Gives up a request of a fetch that has failed: a server that did not answer until then has lost it. */
  giveUp(now: number, slot: number): void {
    const upstream = this.#upstreams.at(this.#requests.upstream(slot));
    const wasWaiting = this.#requests.isWaiting(slot);
    const sentAt = this.#requests.sentAt(slot);
    this.#requests.close(slot);
    if (upstream !== undefined && wasWaiting) this.#health.noteTimeout(now, upstream, sentAt, false);
  }

  /** Leaves an upstream that DNS lists no more: nothing learnt from it stays, and what it was asked is asked elsewhere. */
  abandon(now: number, upstream: Upstream): number[] {
    this.#prober.forget(upstream);
    this.#health.forget(upstream);
    this.#health.flush(now, upstream);
    const orphans: number[] = [];
    for (let slot = this.#requests.nextOf(upstream.index, 0); slot >= 0; slot = this.#requests.nextOf(upstream.index, slot + 1)) {
      this.#requests.stopWaiting(slot);
      if (this.#requests.fetch(slot) === PROBE) this.#requests.close(slot);
      else orphans.push(slot);
    }
    this.#upstreams.forget(upstream);
    return orphans;
  }

  /** No more than the ring can take what comes of them. */
  #popLate(now: number): number {
    return this.#ring.room > 1 ? this.#requests.popLate(now) : -1;
  }

  #probe(now: number, upstream: Upstream): void {
    const request = this.#request;
    request.family = 0;
    request.keyHi = 0;
    request.keyLo = 0;
    request.header.flags = 0;
    request.floorLineage = 0;
    request.floorHi = 0;
    request.floorLo = 0;
    upstream.probes++;
    this.counters.probesSent++;
    if (this.#send(now, upstream, PROBE) < 0) this.#prober.plan(now, upstream);
  }

  #send(now: number, upstream: Upstream, fetch: number): number {
    const requests = this.#requests;
    const slot = requests.open(now, now + retransmissionTimeout(upstream.rtt), upstream.index, fetch);
    if (slot < 0) return -1;
    const { header } = this.#request;
    header.sequence = requests.sequence(slot);
    header.nonceHi = requests.nonceHi(slot);
    header.nonceLo = requests.nonceLo(slot);
    upstream.fillCookies(header);
    this.#request.received = upstream.window.complete;
    const isSent = this.#ring.commit(upstream.peer, encodeMapRequest(this.#ring.claim(), this.#request));
    if (!isSent) requests.markUnsent(slot, now + RING_FULL_RETRY);
    else if (upstream.rtt.smoothed > 0 && upstream.rtt.smoothed < NEAR) this.nearReplyBy = now + NEAR;
    return slot;
  }

  /** The acknowledgement of the reply was lost, or crossed this copy of it. */
  #acknowledgeCopy(upstream: Upstream, header: MapReply["header"]): void {
    const isWanted = (header.flags & ReplyFlag.ackWanted) !== 0 && upstream.knowsUs(header);
    if (isWanted && this.#requests.wasClosed(header.sequence, header.nonceHi, header.nonceLo, upstream.index)) {
      this.#acknowledger.send(upstream, MessageType.mapReplyAck, header, 0);
    }
  }

  #match(upstream: Upstream, header: MapReply["header"]): number {
    return upstream.knowsUs(header) ? this.#requests.match(header.sequence, header.nonceHi, header.nonceLo, upstream.index) : -1;
  }

  #timeOut(now: number, slot: number): void {
    const upstream = this.#upstreams.at(this.#requests.upstream(slot));
    const isProbe = this.#requests.fetch(slot) === PROBE;
    if (upstream !== undefined) {
      if (this.#requests.isUnsent(slot)) this.#prober.noLaterThan(now, upstream);
      else this.#health.noteTimeout(now, upstream, this.#requests.sentAt(slot), isProbe);
    }
    if (isProbe) this.#requests.close(slot);
    else this.#owner.late(now, slot);
  }
}
