import type { Family } from "../../address/index.ts";
import { type MapReply, ReplyFlag, ResultCode } from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import { Answer, Asker, type Audience, UNPROMISED_MS } from "../answer.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import type { MappingCache } from "../cache/mapping-cache.ts";
import { milliseconds } from "../clock.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { Version } from "../version.ts";
import { NO_ASKER } from "./asker-table.ts";
import type { Chooser } from "./chooser.ts";
import type { Directory } from "./directory.ts";
import { type Fetch, FetchTable, MAX_ATTEMPTS } from "./fetch-table.ts";
import type { RequestTable } from "./request-table.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamHealth } from "./upstream-health.ts";
import { type PortOwner, QUERY_DEADLINE, type UpstreamPort } from "./upstream-port.ts";
import { UpstreamState } from "./upstream-state.ts";
import { WantQueue } from "./want-queue.ts";

/** Between fetches for nobody in particular: what a dead server held comes back without a storm. */
const WANT_PACING = 1_000;

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedAnswer = new Answer();
const sharedAsker = new Asker();
const sharedFloor = new Version();

/** Gets answers from upstreams: asks the best, the next one when that is late, and gives the answer to all who wait. */
export class Fetcher implements PortOwner {
  readonly counters = { fetches: 0, refetches: 0, coalesced: 0, retries: 0, answered: 0, unusable: 0, failed: 0 };
  readonly #fetches: FetchTable;
  readonly #wanted = new WantQueue();
  readonly #answer = sharedAnswer;
  readonly #asker = sharedAsker;
  readonly #floor = sharedFloor;
  readonly #requests: RequestTable;
  readonly #cache: MappingCache;
  readonly #audience: Audience;
  readonly #directory: Directory;
  readonly #chooser: Chooser;
  readonly #health: UpstreamHealth;
  readonly #mostMs: number;
  readonly #port: UpstreamPort;
  readonly #agenda: Agenda;
  #nextWanted = 0;

  constructor(parts: {
    agenda: Agenda;
    peers: PeerTable;
    maxFetches: number;
    maxWaiting: number;
    requests: RequestTable;
    cache: MappingCache;
    audience: Audience;
    directory: Directory;
    chooser: Chooser;
    health: UpstreamHealth;
    /** How long what upstreams promise is kept at most; milliseconds. */
    mostMs: number;
    makePort: (owner: PortOwner) => UpstreamPort;
  }) {
    this.#fetches = new FetchTable(parts.maxFetches, parts.peers, parts.maxWaiting, parts.agenda);
    this.#requests = parts.requests;
    this.#cache = parts.cache;
    this.#audience = parts.audience;
    this.#directory = parts.directory;
    this.#chooser = parts.chooser;
    this.#health = parts.health;
    this.#mostMs = parts.mostMs;
    this.#port = parts.makePort(this);
    this.#agenda = parts.agenda;
    this.#agenda.assign(Task.fetch, (now) => {
      this.#endWaits(now);
    });
    this.#agenda.assign(Task.wanted, (now) => {
      this.#fetchWanted(now);
    });
    this.#cache.wantKey = (family, hi, lo) => {
      this.#wanted.add(family, hi, lo);
      this.#planWanted();
    };
  }

  /** Queries waiting for upstreams. */
  get inFlight(): number {
    return this.#fetches.size;
  }

  get port(): UpstreamPort {
    return this.#port;
  }

  /**
   * Lets an asker wait for the answer for a key; false when there is no room to. One that names a floor waits alone: what it
   * takes for too old is good for the others.
   */
  fetch(now: number, family: Family, hi: number, lo: number, asker: Asker): boolean {
    const isShared = asker.floor.isZero;
    const present = isShared ? this.#fetches.find(family, hi, lo) : undefined;
    if (present !== undefined) return this.#join(now, present, asker);
    if (!this.#fetches.hasRoomFor(asker)) return false;
    const fetch = this.#start(now, family, hi, lo, isShared);
    if (!this.#fetches.join(fetch, asker)) {
      this.#fetches.end(fetch);
      return false;
    }
    this.counters.fetches++;
    this.#attempt(now, fetch);
    return true;
  }

  /** The server that would be asked for a key now. */
  choose(now: number, family: Family, hi: number, lo: number): Upstream | undefined {
    return this.#chooser.choose(now, this.#directory.rankingsFor(family, hi, lo))?.upstream;
  }

  answered(now: number, slot: number, upstream: Upstream, reply: MapReply, trusted: boolean): void {
    const fetch = this.#fetches.at(this.#requests.fetch(slot));
    const sentAt = this.#requests.sentAt(slot);
    const attempt = fetch.attemptOf(slot);
    fetch.endRequest(attempt);
    this.#requests.close(slot);
    const isLatest = attempt === fetch.attempts - 1;
    if (reply.result > ResultCode.nullReply) fetch.noteRefusal(attempt, reply.result);
    if (!trusted || !this.#isUsable(now, fetch, upstream, reply)) {
      this.counters.unusable++;
      if (isLatest) this.#attempt(now, fetch);
    } else {
      this.#deliver(now, fetch, upstream, reply, sentAt);
    }
  }

  late(now: number, slot: number): void {
    const fetch = this.#fetches.at(this.#requests.fetch(slot));
    if (fetch.request(fetch.attempts - 1) !== slot) return;
    this.counters.retries++;
    this.#attempt(now, fetch);
  }

  deadlineOf(fetch: number): number {
    return this.#fetches.at(fetch).deadline;
  }

  /** Asks elsewhere what an upstream that was left has not answered. */
  adoptOrphans(now: number, slots: readonly number[]): void {
    for (const slot of slots) this.late(now, slot);
  }

  #endWaits(now: number): void {
    const { timers } = this.#fetches;
    while (timers.next <= now && this.#audience.room > this.#fetches.at(timers.first).askers) {
      const fetch = this.#fetches.at(timers.pop(now));
      if (now >= fetch.deadline) this.#fail(now, fetch, ResultCode.noAnswer);
      else this.#tellToWait(now, fetch);
    }
  }

  #start(now: number, family: Family, hi: number, lo: number, isShared: boolean): Fetch {
    const fetch = this.#fetches.start(family, hi, lo, now + QUERY_DEADLINE, isShared);
    this.#fetches.timers.set(fetch.index, Math.min(now + this.#audience.patience, fetch.deadline));
    return fetch;
  }

  #join(now: number, fetch: Fetch, asker: Asker): boolean {
    if (!this.#fetches.join(fetch, asker)) return false;
    this.counters.coalesced++;
    if (fetch.acknowledged) this.#acknowledge(now, fetch, fetch.lastAsker);
    return true;
  }

  #tellToWait(now: number, fetch: Fetch): void {
    fetch.acknowledged = true;
    const { askers } = this.#fetches;
    for (let row = fetch.firstAsker; row !== NO_ASKER; row = askers.next(row)) this.#acknowledge(now, fetch, row);
    this.#fetches.timers.set(fetch.index, fetch.deadline);
  }

  /** A source that has not proved itself gets one datagram, the answer. */
  #acknowledge(now: number, fetch: Fetch, row: number): void {
    const { askers } = this.#fetches;
    const asker = this.#asker;
    askers.read(row, asker);
    if (!asker.verified) return;
    askers.setWaitedLong(row);
    this.#audience.acknowledge(asker, Math.max(1, Math.ceil((fetch.deadline - now) / 1000)));
  }

  #fetchWanted(now: number): void {
    this.#nextWanted = now + WANT_PACING;
    this.#wanted.take((family, hi, lo) => {
      this.#refetch(now, family, hi, lo);
    });
    this.#planWanted();
  }

  #planWanted(): void {
    this.#agenda.set(Task.wanted, this.#wanted.size > 0 ? this.#nextWanted : Infinity);
  }

  #refetch(now: number, family: Family, hi: number, lo: number): void {
    if (this.#fetches.find(family, hi, lo) !== undefined || !this.#fetches.hasRoomFor(undefined)) return;
    this.counters.refetches++;
    this.#attempt(now, this.#start(now, family, hi, lo, true));
  }

  #attempt(now: number, fetch: Fetch): void {
    if (this.#directory.answers(fetch.family, fetch.hi, fetch.lo, this.#answer)) {
      this.#answer.cachingMs = 0;
      this.#finish(now, fetch);
      return;
    }
    if (fetch.attempts === MAX_ATTEMPTS || now >= fetch.deadline) {
      this.#fail(now, fetch, fetch.refusal || ResultCode.noAnswer);
      return;
    }
    const rankings = this.#directory.rankingsFor(fetch.family, fetch.hi, fetch.lo);
    const upstream = this.#chooser.choose(now, rankings, fetch)?.upstream;
    if (upstream === undefined) {
      for (const { name } of rankings) this.#health.failedServices.add(name);
      this.#fail(now, fetch, fetch.refusal || ResultCode.noQsa);
    } else if (upstream.state === UpstreamState.down && this.#requests.openTo(upstream.index) > 0) {
      // One query at a time finds out whether it is back; the others need not wait for that.
      this.#fail(now, fetch, fetch.refusal || ResultCode.noAnswer);
    } else {
      this.#ask(now, fetch, upstream);
    }
  }

  #ask(now: number, fetch: Fetch, upstream: Upstream): void {
    const slot = this.#port.ask(now, upstream, fetch);
    if (slot < 0) {
      this.#fail(now, fetch, ResultCode.overloaded);
      return;
    }
    fetch.addAttempt(slot, upstream.index);
  }

  /** The checks of docs/protocol.md section 7.1: an answer, for the key asked, about what that server serves, and not older than what was here. */
  #isUsable(now: number, fetch: Fetch, upstream: Upstream, reply: MapReply): boolean {
    if (!this.#directory.admits(upstream, fetch.family, fetch.hi, fetch.lo, reply)) return false;
    const { body } = reply;
    const floor = this.#floor.set(fetch.floor.lineage, fetch.floor.hi, fetch.floor.lo);
    this.#cache.floorOver(now, body, floor);
    if (reply.result === ResultCode.notInAnyMab || !floor.isAbove(body.positionLineage, body.positionHi, body.positionLo)) return true;
    // A server with a cache would say the same again: the next one must know how new the answer has to be.
    fetch.floor.raise(floor.lineage, floor.hi, floor.lo);
    return false;
  }

  #deliver(now: number, fetch: Fetch, upstream: Upstream, reply: MapReply, sentAt: number): void {
    const answer = this.#answer;
    const { body, header } = reply;
    const isPromised = (header.flags & ReplyFlag.noPromise) === 0;
    const entry = this.#file(now, upstream, reply, isPromised, sentAt);
    if (entry === NO_ENTRY) {
      answer.result = reply.result;
      answer.entry = NO_ENTRY;
      answer.cachingMs = 0;
      answer.body.set(body);
      this.#cache.passOn(now, body);
    } else {
      this.#cache.entries.setNonce(entry, header.nonceHi, header.nonceLo);
      // What nobody asked for is not in use until somebody does: otherwise it would be fetched again for ever.
      if (fetch.askers > 0) this.#cache.entries.touch(entry);
      else this.#cache.entries.takeTouched(entry);
      this.#health.noteHeld(now, upstream);
      answer.readEntry(this.#cache.entries, entry, milliseconds(now));
    }
    this.#noteOrigin(upstream, now - sentAt);
    this.counters.answered++;
    // It did not take us for ourselves, and has given us the cookie that proves us: what it can promise is worth another request.
    const isWorthMore = body.cachingMs === 0 && !isPromised && header.hasServerCookie && fetch.askers > 0;
    this.#finish(now, fetch);
    if (isWorthMore) this.#refetch(now, fetch.family, fetch.hi, fetch.lo);
  }

  /** Files an answer for as long as its server keeps its promise, counted from our request, so that it ends here first. */
  #file(now: number, upstream: Upstream, { result, body }: MapReply, isPromised: boolean, sentAt: number): number {
    const mostMs = isPromised ? this.#mostMs : UNPROMISED_MS;
    const cachingMs = Math.floor(Math.min(mostMs, body.cachingMs) - (now - sentAt) / 1000);
    if (cachingMs <= 0) return NO_ENTRY;
    return this.#cache.file(now, result, body, upstream.index, cachingMs, isPromised);
  }

  #noteOrigin(upstream: Upstream, rtt: number): void {
    const { origin } = this.#answer;
    const { words } = upstream.address;
    origin.fromCache = false;
    origin.family = upstream.address.family;
    origin.port = upstream.port;
    origin.rtt = rtt;
    origin.words[0] = words[0];
    origin.words[1] = words[1];
    origin.words[2] = words[2];
    origin.words[3] = words[3];
  }

  #fail(now: number, fetch: Fetch, result: number): void {
    this.counters.failed++;
    if (result === ResultCode.noAnswer) this.#wantServicesOf(fetch);
    for (let attempt = 0; attempt < fetch.attempts; attempt++) {
      const slot = fetch.request(attempt);
      fetch.endRequest(attempt);
      if (slot >= 0) this.#port.giveUp(now, slot);
    }
    this.#answer.fail(result, result !== fetch.refusal);
    this.#finish(now, fetch);
  }

  /** Where nobody answered, DNS is worth another look: who answers may have changed. */
  #wantServicesOf(fetch: Fetch): void {
    for (const { name } of this.#directory.rankingsFor(fetch.family, fetch.hi, fetch.lo)) this.#health.failedServices.add(name);
  }

  #finish(now: number, fetch: Fetch): void {
    for (let attempt = 0; attempt < fetch.attempts; attempt++) {
      if (fetch.request(attempt) >= 0) this.#requests.close(fetch.request(attempt));
    }
    const { askers } = this.#fetches;
    for (let row = fetch.firstAsker; row !== NO_ASKER; row = askers.next(row)) {
      askers.read(row, this.#asker);
      this.#audience.reply(now, this.#asker, this.#answer);
    }
    this.#fetches.end(fetch);
  }
}
