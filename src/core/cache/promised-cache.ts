import { type Family, compareKeys } from "../../address/index.ts";
import { CacheUpdate, type MappingBody, ResultCode, UpdateAction } from "../../wire/index.ts";
import { Cache } from "./cache.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import { type EntryTable, NO_ENTRY } from "./entry-table.ts";
import { Ledger, NO_RECORD } from "../server/ledger.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { QuerierTable } from "../server/querier-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { UpdateSender } from "../server/update-sender.ts";

const SWEEP_ROWS = 4096;
const SWEEP_INTERVAL = 250_000;

/** Which upstreams' entries a flush takes. */
export const ANY_UPSTREAM = -1;

export interface CacheLimits {
  readonly maxEntries: number;
  /** Ledger records: one for each entry and querier that holds it. */
  readonly maxPromises: number;
  /** Cache Updates that wait for their acknowledgement. */
  readonly maxUpdates: number;
}

/** The cache together with what was promised of it: nothing in it changes or goes without its holders being told. */
export class PromisedCache {
  readonly cache: Cache;
  readonly entries: EntryTable;
  readonly ledger: Ledger;
  readonly sender: UpdateSender;
  epochHi = 0;
  epochLo = 0;
  readonly #update = new CacheUpdate();
  #nextSweep = 0;

  constructor(limits: CacheLimits, maxUpstreams: number, peers: PeerTable, queriers: QuerierTable, ring: TransmitRing) {
    this.cache = new Cache(limits.maxEntries, maxUpstreams);
    this.entries = this.cache.entries;
    this.ledger = new Ledger(limits.maxPromises, this.entries, peers);
    this.sender = new UpdateSender(limits.maxUpdates, peers, queriers, ring);
  }

  /** The live entry around a key; NO_ENTRY when there is none. */
  find(now: number, family: Family, hi: number, lo: number): number {
    const entry = this.cache.find(family, hi, lo);
    return entry !== NO_ENTRY && remainingMs(this.entries.expiry(entry), milliseconds(now)) > 0 ? entry : NO_ENTRY;
  }

  /** Files an answer whole, in place of whatever overlaps it; NO_ENTRY when there is no room. */
  install(now: number, result: number, body: MappingBody, upstream: number, cachingMs: number): number {
    const family = body.family as Family;
    this.flushRange(now, family, body.firstHi, body.firstLo, body.lastHi, body.lastLo, ANY_UPSTREAM);
    return this.cache.insert(result, body, (milliseconds(now) + cachingMs) >>> 0, upstream);
  }

  /** Gives an entry another mapping, and tells its holders. Its expiry stays. */
  revise(now: number, entry: number, result: number, body: MappingBody): void {
    this.entries.setAnswer(entry, result, body);
    this.#tellHolders(now, entry, result === ResultCode.mapping ? UpdateAction.update : UpdateAction.flushRange);
    if (result !== ResultCode.mapping) this.ledger.clear(entry);
  }

  /** Takes an entry out, and tells its holders to do so. */
  withdraw(now: number, entry: number): void {
    this.#tellHolders(now, entry, UpdateAction.flushRange);
    this.#drop(entry);
  }

  /** Withdraws all that overlaps a range and came from one upstream, or from any. */
  flushRange(now: number, family: Family, firstHi: number, firstLo: number, lastHi: number, lastLo: number, upstream: number): number {
    let flushed = 0;
    let hi = firstHi;
    let lo = firstLo;
    for (;;) {
      const entry = this.cache.overlapping(family, hi, lo, lastHi, lastLo);
      if (entry === NO_ENTRY) return flushed;
      hi = this.entries.lastHi(entry);
      lo = this.entries.lastLo(entry);
      if (upstream === ANY_UPSTREAM || this.entries.upstream(entry) === upstream) {
        this.withdraw(now, entry);
        flushed++;
      }
      if (compareKeys(hi, lo, lastHi, lastLo) >= 0) return flushed;
      const carry = family === 4 || lo === 0xffffffff;
      lo = carry ? 0 : lo + 1;
      if (carry) hi++;
    }
  }

  /** Withdraws all that came from one upstream. */
  flushUpstream(now: number, upstream: number): number {
    let flushed = 0;
    for (let entry = this.entries.firstOf(upstream); entry !== NO_ENTRY; entry = this.entries.firstOf(upstream)) {
      this.withdraw(now, entry);
      flushed++;
    }
    return flushed;
  }

  get next(): number {
    return Math.min(this.sender.next, this.cache.size > 0 ? this.#nextSweep : Infinity);
  }

  handleTimeout(now: number): void {
    this.sender.handleTimeout(now);
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_INTERVAL;
    this.#sweep(milliseconds(now));
  }

  /** Frees expired entries: nobody holds them any more, so nobody is told. */
  #sweep(nowMs: number): void {
    for (let freed = 0; freed < SWEEP_ROWS; freed++) {
      const entry = this.cache.nextExpired(nowMs, SWEEP_ROWS);
      if (entry === NO_ENTRY) return;
      this.#drop(entry);
    }
  }

  #drop(entry: number): void {
    this.ledger.clear(entry);
    this.cache.remove(entry);
  }

  #tellHolders(now: number, entry: number, action: UpdateAction): void {
    let record = this.ledger.firstOf(entry);
    if (record === NO_RECORD) return;
    const nowMs = milliseconds(now);
    const { body } = this.#update;
    this.entries.read(entry, body);
    if (action !== UpdateAction.update) clearMapping(body);
    this.#update.action = action;
    body.epochHi = this.epochHi;
    body.epochLo = this.epochLo;
    for (; record !== NO_RECORD; record = this.ledger.following(record)) {
      if (remainingMs(this.ledger.expiry(record), nowMs) <= 0) continue;
      body.cachingMs = remainingMs(this.ledger.expiry(record), nowMs);
      this.sender.send(now, this.#update, this.ledger, record);
    }
  }
}

function clearMapping(body: MappingBody): void {
  body.etrFamily = 0;
  body.etr0 = 0;
  body.etr1 = 0;
  body.etr2 = 0;
  body.etr3 = 0;
}
