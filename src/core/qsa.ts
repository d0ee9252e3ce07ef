import { type Family, type Range, compareKeys } from "../address/index.ts";
import { type MapRequest, ResultCode } from "../wire/index.ts";
import { type Agenda, Task } from "./agenda.ts";
import { Answer, type Asker } from "./answer.ts";
import { NO_ENTRY, OWN } from "./cache/entry-table.ts";
import { ANY_UPSTREAM, positionOf } from "./cache/mapping-cache.ts";
import type { Engine, Foresight, Transmit } from "./engine.ts";
import type { ChangeReport, MappingStore } from "./mapping/mapping-store.ts";
import type { AnswerSource } from "./server/responder.ts";
import { ServerHalf, type ServerOptions } from "./server/server-half.ts";
import { Version } from "./version.ts";

export interface QsaOptions extends ServerOptions {
  /** How long queriers may cache mapping, and how long the absence of it; milliseconds. */
  readonly cachingMs: number;
  readonly negativeCachingMs: number;
  /**
   * With a feed from the mapping store: how long it may say nothing, neither a change nor a heartbeat, until this server
   * trusts its mapping no more; milliseconds (docs/protocol.md section 9). Left out: the mapping comes from files.
   */
  readonly feedLimitMs?: number;
}

/** An authoritative query server: answers for its MABs from its mapping store, and tells queriers of changes. */
export class Qsa implements Engine, AnswerSource {
  readonly server: ServerHalf;
  readonly store: MappingStore;
  readonly #options: QsaOptions;
  readonly #agenda: Agenda;
  readonly #scratch = new Answer();
  readonly #cause = new Version();

  constructor(options: QsaOptions, store: MappingStore) {
    this.#options = options;
    this.store = store;
    this.server = new ServerHalf(options, 1, this);
    this.#agenda = this.server.agenda;
    this.#watchFeed();
  }

  get peers(): ServerHalf["peers"] {
    return this.server.peers;
  }

  get foresight(): Foresight {
    return this.server.foresight;
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (!this.server.handleDatagram(now, peer, view, length)) this.server.counters.unexpectedTypes++;
  }

  resolve(now: number, request: MapRequest, asker: Asker, answer: Answer): boolean {
    const { body } = answer;
    const result = this.store.lookUp(request.family as Family, request.keyHi, request.keyLo, body);
    if (result === ResultCode.notAuthoritative) {
      answer.fail(result);
    } else if (this.#lags(now) || asker.floor.isAbove(body.positionLineage, body.positionHi, body.positionLo)) {
      answer.fail(ResultCode.notAuthoritativeNow);
    } else {
      answer.result = result;
      answer.cachingMs = this.#cachingMs(result);
      answer.entry = this.server.cache.file(now, result, body, OWN, answer.cachingMs);
    }
    return true;
  }

  /** All of it is from its own store, which is as good as its feed. */
  vouchesFor(now: number): boolean {
    return !this.#lags(now);
  }

  /** The feed has said something: all changes up to now have been applied. */
  noteFeed(now: number): void {
    this.#agenda.set(Task.feedLoss, now + (this.#options.feedLimitMs ?? Infinity) * 1000);
  }

  renew(answer: Answer): void {
    answer.cachingMs = this.#cachingMs(answer.result);
    this.store.fillPosition(answer.body);
  }

  /** Tells everyone who holds what a change of the store has replaced. */
  noteChange(now: number, { range, etr, flushed }: ChangeReport): void {
    const { cache } = this.server;
    const { body } = this.#scratch;
    const { family, first } = range;
    const entry = etr === null ? NO_ENTRY : this.#entryOf(now, range);
    if (entry !== NO_ENTRY) {
      cache.revise(now, entry, this.store.lookUp(family, first.hi, first.lo, body), body);
      return;
    }
    body.family = family;
    body.firstHi = first.hi;
    body.firstLo = first.lo;
    this.store.fillPosition(body);
    const cause = positionOf(body, this.#cause);
    for (const part of flushed) cache.flushRange(now, family, part.first.hi, part.first.lo, part.last.hi, part.last.lo, ANY_UPSTREAM, cause);
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

  /** Where a feed has been silent for too long, or has said nothing yet, what was given out may be changing without our hearing of it: those who have it must ask elsewhere. */
  #watchFeed(): void {
    const { cache } = this.server;
    this.#agenda.set(Task.feedLoss, this.#options.feedLimitMs === undefined ? Infinity : -Infinity);
    this.#agenda.holdBack(Task.feedLoss, () => (cache.entries.firstOf(OWN) === NO_ENTRY ? Infinity : -Infinity));
    this.#agenda.assign(Task.feedLoss, (now) => {
      cache.flushUpstream(now, OWN);
    });
  }

  #lags(now: number): boolean {
    return now >= this.#agenda.at(Task.feedLoss);
  }

  #cachingMs(result: number): number {
    return result === ResultCode.mapping ? this.#options.cachingMs : this.#options.negativeCachingMs;
  }

  /** The live entry for exactly this range. */
  #entryOf(now: number, { family, first, last }: Range): number {
    const { cache } = this.server;
    const { entries } = cache;
    const entry = cache.find(now, family, first.hi, first.lo);
    if (entry === NO_ENTRY || entries.result(entry) !== ResultCode.mapping) return NO_ENTRY;
    const exact =
      compareKeys(entries.firstHi(entry), entries.firstLo(entry), first.hi, first.lo) === 0 &&
      compareKeys(entries.lastHi(entry), entries.lastLo(entry), last.hi, last.lo) === 0;
    return exact ? entry : NO_ENTRY;
  }
}
