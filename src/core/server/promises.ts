import { type Family, prefixAround, prefixLast } from "../../address/index.ts";
import { CacheUpdate, type MappingBody, UpdateAction } from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import type { Asker } from "../answer.ts";
import { type EntryTable, NO_ENTRY } from "../cache/entry-table.ts";
import type { Holders } from "../cache/mapping-cache.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { Rounds } from "../tables/rounds.ts";
import type { TableMemory } from "../tables/table-memory.ts";
import type { Version } from "../version.ts";
import { Ledger, NO_RECORD } from "./ledger.ts";
import type { QuerierTable } from "./querier-table.ts";
import { UpdateSender } from "./update-sender.ts";

/** A querier that was not heard for this long has flushed what it had (docs/protocol.md section 7.5). */
const QUERIER_SILENCE_MS = 15_000;
/** As many flushes go to one querier when an upstream dies, rather than one of everything. */
const FEW_ENTRIES = 8;
/** The longest promise there is. */
const LONGEST_MS = 3_600_000;

export interface PromiseLimits {
  /** Ledger records: one for each entry and querier that holds it. */
  readonly maxPromises: number;
  /** Cache Updates that wait for their acknowledgement. */
  readonly maxUpdates: number;
}

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedUpdate = new CacheUpdate();
const sharedFlushAll = new CacheUpdate();

/** Keeps what was promised with answers: who holds an entry hears of every change, or is told to forget everything. */
export class Promises implements Holders {
  readonly ledger: Ledger;
  readonly sender: UpdateSender;
  readonly counters = { flushAlls: 0, silentQueriers: 0 };
  epochHi = 0;
  epochLo = 0;
  readonly #entries: EntryTable;
  readonly #peers: PeerTable;
  readonly #queriers: QuerierTable;
  readonly #update = sharedUpdate;
  readonly #flushAll = sharedFlushAll;
  /** Until when a querier may still count on promises that are not kept any more, and the peer's generation then, 0 where there are none. */
  readonly #owedUntilMs: Uint32Array;
  readonly #owedGeneration: Uint32Array;
  /** Which flush of a MAB each querier was told of last. */
  readonly #toldOfMab: Uint32Array;
  /** Of how many entries that are withdrawn step by step each querier was told. */
  readonly #toldOfMany = new Map<number, number>();
  #mabFlush = 0;
  readonly #rounds: Rounds;
  #hand = 0;

  constructor(limits: PromiseLimits, entries: EntryTable, peers: PeerTable, queriers: QuerierTable, ring: TransmitRing, agenda: Agenda, memory?: TableMemory) {
    this.#entries = entries;
    this.#peers = peers;
    this.#queriers = queriers;
    this.ledger = new Ledger(limits.maxPromises, entries, peers, memory);
    this.sender = new UpdateSender(limits.maxUpdates, peers, queriers, ring, agenda);
    this.#owedUntilMs = new Uint32Array(peers.capacity);
    this.#owedGeneration = new Uint32Array(peers.capacity);
    this.#toldOfMab = new Uint32Array(peers.capacity);
    this.#rounds = new Rounds(agenda, Task.promiseRound);
    agenda.assign(Task.promiseRound, (now) => {
      this.#goRound(now);
    });
    agenda.holdBack(Task.promiseRound, () => (this.ledger.isEmpty && this.sender.outstanding === 0 ? Infinity : -Infinity));
  }

  /** Promises updates of an entry for `cachingMs`; false when that cannot be promised. */
  note(nowMs: number, entry: number, asker: Asker, cachingMs: number): boolean {
    return this.ledger.note(entry, asker.peer, asker.nonceHi, asker.nonceLo, (nowMs + cachingMs) >>> 0);
  }

  hold(entry: number): boolean {
    return this.#entries.ledger(entry) !== 0;
  }

  tell(now: number, entry: number, action: number, cause: Version): void {
    if (!this.hold(entry)) return;
    this.#prepare(entry, action, cause);
    this.#sendToHolders(now, entry);
    if (action !== UpdateAction.update) this.ledger.clear(entry);
  }

  beginMab(): void {
    this.#mabFlush++;
  }

  tellMab(now: number, entry: number, cause: Version): void {
    if (!this.hold(entry)) return;
    this.#prepare(entry, UpdateAction.flushMab, cause);
    makeWholeMab(this.#update.body);
    for (let record = this.ledger.firstOf(entry), next; record !== NO_RECORD; record = next) {
      next = this.ledger.following(record);
      const peer = this.ledger.peer(record);
      if (this.#toldOfMab[peer] === this.#mabFlush) continue;
      this.#toldOfMab[peer] = this.#mabFlush;
      this.#send(now, record, NO_ENTRY, (milliseconds(now) + LONGEST_MS) >>> 0);
    }
    this.ledger.clear(entry);
  }

  /**
   * A querier with more than a few entries of an upstream is told to forget everything: what it has of others is here for it
   * to ask again. So the death of a server costs messages in proportion to queriers, not to entries.
   */
  beginUpstream(now: number, upstream: number): void {
    for (const [peer, entries] of this.#countHolders(upstream)) if (entries > FEW_ENTRIES) this.#collapse(now, peer);
  }

  beginMany(): void {
    this.#toldOfMany.clear();
  }

  tellOfMany(now: number, entry: number, cause: Version): number {
    if (!this.hold(entry)) return 0;
    let holders = 0;
    for (let record = this.ledger.firstOf(entry), next; record !== NO_RECORD; record = next) {
      next = this.ledger.following(record);
      holders++;
      const peer = this.ledger.peer(record);
      const told = (this.#toldOfMany.get(peer) ?? 0) + 1;
      this.#toldOfMany.set(peer, told);
      if (told > FEW_ENTRIES) this.#collapse(now, peer);
    }
    this.tell(now, entry, UpdateAction.flushRange, cause);
    return holders;
  }

  /** A verified querier has spoken. If promises to it were dropped, it is told now that nothing of us holds any more. */
  heard(now: number, peer: number): void {
    const nowMs = milliseconds(now);
    this.#queriers.noteHeard(peer, nowMs);
    if (this.#owedGeneration[peer] !== this.#peers.generation[peer]) return;
    this.#owedGeneration[peer] = 0;
    if (remainingMs(this.#owedUntilMs[peer]!, nowMs) > 0) this.#sendFlushAll(now, peer, this.#owedUntilMs[peer]!);
  }

  #goRound(now: number): void {
    const nowMs = milliseconds(now);
    const left = this.ledger.sweep(nowMs, this.#rounds.begin(now, Math.max(this.ledger.highWater, this.#peers.size)));
    if (left > 0) this.#rounds.breakOff(now, left);
    else this.#sweepSilent(nowMs, this.#rounds.rows);
  }

  /** How many entries of an upstream each querier holds. */
  #countHolders(upstream: number): Map<number, number> {
    const held = new Map<number, number>();
    for (let entry = this.#entries.firstOf(upstream); entry !== NO_ENTRY; entry = this.#entries.following(entry)) {
      for (let record = this.ledger.firstOf(entry); record !== NO_RECORD; record = this.ledger.following(record)) {
        const peer = this.ledger.peer(record);
        held.set(peer, (held.get(peer) ?? 0) + 1);
      }
    }
    return held;
  }

  #sendToHolders(now: number, entry: number): void {
    const nowMs = milliseconds(now);
    for (let record = this.ledger.firstOf(entry), next; record !== NO_RECORD; record = next) {
      next = this.ledger.following(record);
      const expiryMs = this.ledger.expiry(record);
      if (remainingMs(expiryMs, nowMs) > 0) this.#send(now, record, entry, expiryMs);
    }
  }

  /** Sends the prepared update to the querier of a record; one for whom too much is waiting already forgets everything. */
  #send(now: number, record: number, entry: number, expiryMs: number): void {
    const { header, body } = this.#update;
    const peer = this.ledger.peer(record);
    header.nonceHi = this.ledger.nonceHi(record);
    header.nonceLo = this.ledger.nonceLo(record);
    header.clientCookieHi = this.#queriers.cookieHi(peer);
    header.clientCookieLo = this.#queriers.cookieLo(peer);
    body.cachingMs = remainingMs(expiryMs, milliseconds(now));
    if (!this.sender.send(now, this.#update, peer, entry, expiryMs)) this.#collapse(now, peer);
  }

  /** One message in place of many. */
  #collapse(now: number, peer: number): void {
    this.#sendFlushAll(now, peer, this.#drop(peer, milliseconds(now)));
  }

  #sendFlushAll(now: number, peer: number, untilMs: number): void {
    this.counters.flushAlls++;
    fillFlushAll(this.#flushAll, this.#queriers, peer, this.epochHi, this.epochLo);
    if (!this.sender.send(now, this.#flushAll, peer, NO_ENTRY, untilMs)) this.#owe(peer, untilMs);
  }

  /** Drops all promises to a querier, and what is on its way to it; gives until when it may count on them. */
  #drop(peer: number, nowMs: number): number {
    let untilMs = (nowMs + QUERIER_SILENCE_MS) >>> 0;
    if (this.ledger.holdsAny(peer) && remainingMs(this.ledger.latest(peer), untilMs) > 0) untilMs = this.ledger.latest(peer);
    this.ledger.clearPeer(peer);
    return this.sender.forgetPeer(peer, untilMs);
  }

  #owe(peer: number, untilMs: number): void {
    this.#owedUntilMs[peer] = untilMs;
    this.#owedGeneration[peer] = this.#peers.generation[peer]!;
  }

  #sweepSilent(nowMs: number, rows: number): void {
    for (let step = Math.min(rows, this.#peers.size); step > 0; step--) {
      this.#hand = this.#hand + 1 >= this.#peers.size ? 0 : this.#hand + 1;
      const peer = this.#hand;
      const isHeld = this.ledger.holdsAny(peer) || this.sender.isSendingTo(peer);
      if (!isHeld || this.#queriers.silence(peer, nowMs) < QUERIER_SILENCE_MS) continue;
      this.counters.silentQueriers++;
      this.#owe(peer, this.#drop(peer, nowMs));
    }
  }

  #prepare(entry: number, action: number, cause: Version): void {
    const { body } = this.#update;
    this.#entries.read(entry, body);
    this.#update.action = action;
    body.epochHi = this.epochHi;
    body.epochLo = this.epochLo;
    if (action === UpdateAction.update) return;
    clearMapping(body);
    if (cause.isZero) return;
    body.versionLineage = cause.lineage;
    body.versionHi = cause.hi;
    body.versionLo = cause.lo;
    body.positionLineage = cause.lineage;
    body.positionHi = cause.hi;
    body.positionLo = cause.lo;
  }
}

function fillFlushAll(update: CacheUpdate, queriers: QuerierTable, peer: number, epochHi: number, epochLo: number): void {
  const { header, body } = update;
  update.action = UpdateAction.flushAll;
  header.nonceHi = queriers.nonceHi(peer);
  header.nonceLo = queriers.nonceLo(peer);
  header.clientCookieHi = queriers.cookieHi(peer);
  header.clientCookieLo = queriers.cookieLo(peer);
  body.epochHi = epochHi;
  body.epochLo = epochLo;
}

function makeWholeMab(body: MappingBody): void {
  const mab = prefixAround(body.family as Family, body.firstHi, body.firstLo, body.prefixLength);
  const last = prefixLast(mab);
  body.firstHi = mab.hi;
  body.firstLo = mab.lo;
  body.lastHi = last.hi;
  body.lastLo = last.lo;
}

function clearMapping(body: MappingBody): void {
  body.etrFamily = 0;
  body.etr0 = 0;
  body.etr1 = 0;
  body.etr2 = 0;
  body.etr3 = 0;
}
