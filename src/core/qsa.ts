import { type Family, type Range, compareKeys } from "../address/index.ts";
import { Fault, Header, type MapRequest, MessageType, ResultCode, decodeHeader } from "../wire/index.ts";
import { Answer, type Asker } from "./server/answer.ts";
import type { Engine, Transmit } from "./engine.ts";
import { NO_ENTRY, OWN } from "./cache/entry-table.ts";
import type { ChangeReport, MappingStore } from "./mapping/mapping-store.ts";
import { ANY_UPSTREAM } from "./cache/promised-cache.ts";
import type { AnswerSource } from "./server/responder.ts";
import { ServerHalf, type ServerOptions } from "./server/server-half.ts";

export interface QsaOptions extends ServerOptions {
  /** How long queriers may cache mapping, and how long the absence of it; milliseconds. */
  readonly cachingMs: number;
  readonly negativeCachingMs: number;
}

/** An authoritative query server: answers for its MABs from its mapping store, and tells queriers of changes. */
export class Qsa implements Engine, AnswerSource {
  readonly server: ServerHalf;
  readonly store: MappingStore;
  readonly counters = { malformedDatagrams: 0, unexpectedTypes: 0 };
  readonly #options: QsaOptions;
  readonly #header = new Header();
  readonly #scratch = new Answer();

  constructor(options: QsaOptions, store: MappingStore) {
    this.#options = options;
    this.store = store;
    this.server = new ServerHalf(options, 1, this);
  }

  get peers(): ServerHalf["peers"] {
    return this.server.peers;
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    const fault = decodeHeader(view, length, this.#header);
    const answerable = fault === Fault.none || fault === Fault.unsupportedVersion;
    if (!answerable) this.counters.malformedDatagrams++;
    else if (this.#header.type === MessageType.mapRequest) this.server.responder.handleRequest(now, peer, view, length);
    else if (this.#header.type === MessageType.cacheUpdateAck) this.server.responder.handleUpdateAck(peer, view, length);
    else this.counters.unexpectedTypes++;
  }

  resolve(now: number, request: MapRequest, _asker: Asker, answer: Answer): boolean {
    const result = this.store.lookUp(request.family as Family, request.keyHi, request.keyLo, answer.body);
    if (result === ResultCode.notAuthoritative) {
      answer.fail(result);
      return true;
    }
    answer.result = result;
    answer.cachingMs = this.ownCachingMs(result);
    answer.entry = this.server.book.install(now, result, answer.body, OWN, answer.cachingMs);
    return true;
  }

  /** All of it is from its own store. */
  vouchesFor(): boolean {
    return true;
  }

  ownCachingMs(result: number): number {
    return result === ResultCode.mapping ? this.#options.cachingMs : this.#options.negativeCachingMs;
  }

  /** Tells everyone who holds what a change of the store has replaced. */
  noteChange(now: number, { range, etr, flushed }: ChangeReport): void {
    const entry = etr === null ? NO_ENTRY : this.#entryOf(now, range);
    if (entry === NO_ENTRY) {
      for (const { family, first, last } of flushed) {
        this.server.book.flushRange(now, family, first.hi, first.lo, last.hi, last.lo, ANY_UPSTREAM);
      }
    } else {
      const result = this.store.lookUp(range.family, range.first.hi, range.first.lo, this.#scratch.body);
      this.server.book.revise(now, entry, result, this.#scratch.body);
    }
  }

  pollTransmit(out: Transmit): boolean {
    return this.server.ring.take(out);
  }

  pollTimeout(): number {
    return this.server.book.next;
  }

  handleTimeout(now: number): void {
    this.server.book.handleTimeout(now);
  }

  /** The live entry for exactly this range. */
  #entryOf(now: number, { family, first, last }: Range): number {
    const { book } = this.server;
    const entry = book.find(now, family, first.hi, first.lo);
    if (entry === NO_ENTRY || book.entries.result(entry) !== ResultCode.mapping) return NO_ENTRY;
    const exact =
      compareKeys(book.entries.firstHi(entry), book.entries.firstLo(entry), first.hi, first.lo) === 0 &&
      compareKeys(book.entries.lastHi(entry), book.entries.lastLo(entry), last.hi, last.lo) === 0;
    return exact ? entry : NO_ENTRY;
  }
}
