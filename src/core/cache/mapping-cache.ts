import { type Family, type Prefix, prefixAround, prefixLast } from "../../address/index.ts";
import { type MappingBody, ResultCode, UpdateAction } from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import { Rounds } from "../tables/rounds.ts";
import { Version } from "../version.ts";
import type { Cache } from "./cache.ts";
import { type EntryTable, NO_ENTRY, OWN } from "./entry-table.ts";
import { Floors } from "./floors.ts";

/** Which upstreams' entries a flush takes. */
export const ANY_UPSTREAM = -1;

/** Within this all that is about to expire is found, and fetched again: one round, and the deadline of a fetch. */
export const REFETCH_STEP_MS = 6_000;

/**
 * So many entries are withdrawn in one go; of more, so many in each step, and steps have this time between them for everything else, in
 * microseconds. A message, which may be the first to touch its memory, counts as some entries.
 */
const STEP_ENTRIES = 128;
const STEP_PAUSE = 300;
const MESSAGE_ENTRIES = 4;

/** Those who were given entries. */
export interface Holders {
  /** Whether anyone still counts on an entry. */
  hold(entry: number): boolean;
  /** Tells them what became of it; `cause` is the position of the change. After a flush they hold it no more. */
  tell(now: number, entry: number, action: number, cause: Version): void;
  /** Tells each of those who were told nothing else since `beginMab` to forget the whole MAB that the entry is in. */
  tellMab(now: number, entry: number, cause: Version): void;
  beginMab(): void;
  /** All that came from an upstream is about to be withdrawn: tells those who hold much of it at once, by one message. */
  beginUpstream(now: number, upstream: number): void;
  /** Very many entries are about to be withdrawn, with time between them. */
  beginMany(): void;
  /** Tells them to forget one of these; who has been told of a few is told to forget everything instead. Gives how many are told. */
  tellOfMany(now: number, entry: number, cause: Version): number;
}

/** Wants the mapping of a key soon, for nobody in particular. */
export type WantKey = (family: Family, hi: number, lo: number) => void;

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedFloor = new Version();
const sharedCause = new Version();

/**
 * The cache, kept true: nothing in it changes or goes without its holders being told, and nothing comes into it that is
 * older than what was there (floors).
 */
export class MappingCache {
  readonly cache: Cache;
  readonly entries: EntryTable;
  readonly floors: Floors;
  /** Asked for entries in use that are about to expire, or whose server has died. */
  wantKey: WantKey = () => undefined;
  /** An entry in use is fetched again when it has no longer than this to live. */
  refetchLeadMs = REFETCH_STEP_MS;
  readonly #holders: Holders;
  readonly #floor = sharedFloor;
  readonly #cause = sharedCause;
  readonly #nothing = new Version();
  readonly #rounds: Rounds;
  readonly #agenda: Agenda;
  /** Upstreams with void entries, which are taken out step by step; for each, whether their floors are kept. */
  readonly #emptied = new Map<number, boolean>();

  constructor(cache: Cache, holders: Holders, agenda: Agenda) {
    this.cache = cache;
    this.entries = cache.entries;
    this.floors = new Floors(cache.entries.capacity);
    this.#holders = holders;
    this.#agenda = agenda;
    this.#rounds = new Rounds(agenda, Task.cacheRound);
    cache.isHeld = (entry) => holders.hold(entry);
    agenda.assign(Task.emptying, (now) => {
      this.#emptyStep(now);
    });
    agenda.assign(Task.cacheRound, (now) => {
      this.#goRound(now);
    });
    agenda.holdBack(Task.cacheRound, () => (this.entries.size + this.floors.size > 0 ? -Infinity : Infinity));
  }

  /** The live entry around a key; NO_ENTRY when there is none. */
  find(now: number, family: Family, hi: number, lo: number): number {
    const entry = this.cache.find(family, hi, lo);
    return entry !== NO_ENTRY && remainingMs(this.entries.expiry(entry), milliseconds(now)) > 0 ? entry : NO_ENTRY;
  }

  /**
   * Files an answer whole: over the entry for the same range, whose holders hear only if it says something else, or in
   * place of all that overlaps it. NO_ENTRY when there is no room. `isPromised`: the upstream sends Cache Updates for it.
   */
  file(now: number, result: number, body: MappingBody, upstream: number, cachingMs: number, isPromised = true): number {
    const family = body.family as Family;
    const expiryMs = (milliseconds(now) + cachingMs) >>> 0;
    const { firstHi, firstLo, lastHi, lastLo } = body;
    let entry = this.cache.overlapping(family, firstHi, firstLo, lastHi, lastLo);
    if (this.#flushOlderLineage(now, family, body, entry)) entry = this.cache.overlapping(family, firstHi, firstLo, lastHi, lastLo);
    if (entry === NO_ENTRY || !this.#renew(now, entry, result, body, upstream, expiryMs, isPromised)) {
      if (entry !== NO_ENTRY) this.flushRange(now, family, firstHi, firstLo, lastHi, lastLo, ANY_UPSTREAM, positionOf(body, this.#cause));
      entry = this.#insert(now, result, body, expiryMs, upstream);
    }
    if (entry !== NO_ENTRY) this.entries.setPromised(entry, isPromised);
    return entry;
  }

  /** Gives an entry another mapping for the same range, and tells its holders. Its expiry stays. */
  revise(now: number, entry: number, result: number, body: MappingBody): void {
    this.entries.setAnswer(entry, result, body);
    const action = result === ResultCode.mapping ? UpdateAction.update : UpdateAction.flushRange;
    this.#holders.tell(now, entry, action, positionOf(body, this.#cause));
  }

  /** Takes an entry out, and tells its holders to do so. `cause` is the position of what made it go, zero where nothing is known. */
  withdraw(now: number, entry: number, cause: Version): void {
    this.#holders.tell(now, entry, UpdateAction.flushRange, cause);
    this.#remove(now, entry, cause);
  }

  /** Withdraws all that overlaps a range and came from one upstream, or from any. */
  flushRange(
    now: number,
    family: Family,
    firstHi: number,
    firstLo: number,
    lastHi: number,
    lastLo: number,
    upstream: number,
    cause: Version,
  ): void {
    let entry = this.cache.overlapping(family, firstHi, firstLo, lastHi, lastLo);
    while (entry !== NO_ENTRY) {
      const [hi, lo] = [this.entries.lastHi(entry), this.entries.lastLo(entry)];
      if (upstream === ANY_UPSTREAM || this.entries.upstream(entry) === upstream) this.withdraw(now, entry, cause);
      entry = this.cache.following(family, hi, lo, lastHi, lastLo);
    }
  }

  /** Withdraws what overlaps a prefix and is to go, among `most` entries; gives how many it has looked at. */
  withdrawIn(now: number, prefix: Prefix, most: number, isToGo: (entry: number) => boolean): number {
    const { family, hi, lo } = prefix;
    const last = prefixLast(prefix);
    let seen = 0;
    let entry = this.cache.overlapping(family, hi, lo, last.hi, last.lo);
    for (; entry !== NO_ENTRY && seen < most; seen++) {
      const [afterHi, afterLo] = [this.entries.lastHi(entry), this.entries.lastLo(entry)];
      if (isToGo(entry)) this.withdraw(now, entry, this.#nothing);
      entry = this.cache.following(family, afterHi, afterLo, last.hi, last.lo);
    }
    return seen;
  }

  /** Withdraws what overlaps a range and is older than a position that its MAB is known to have reached there. */
  flushOlder(now: number, body: MappingBody, position: Version): void {
    const family = body.family as Family;
    let entry = this.cache.overlapping(family, body.firstHi, body.firstLo, body.lastHi, body.lastLo);
    while (entry !== NO_ENTRY) {
      const [hi, lo] = [this.entries.lastHi(entry), this.entries.lastLo(entry)];
      if (this.entries.isBelow(entry, position)) this.withdraw(now, entry, position);
      entry = this.cache.following(family, hi, lo, body.lastHi, body.lastLo);
    }
  }

  /**
   * Withdraws all of one MAB that came from one upstream, or from any, and what is older than `cause`: one message for each
   * holder. What answers it from now on stands at `cause` at least.
   */
  flushMab(now: number, family: Family, hi: number, lo: number, prefixLength: number, upstream: number, cause: Version): void {
    const mab = prefixAround(family, hi, lo, prefixLength);
    const last = prefixLast(mab);
    this.#holders.beginMab();
    let entry = this.cache.overlapping(family, mab.hi, mab.lo, last.hi, last.lo);
    while (entry !== NO_ENTRY) {
      const [afterHi, afterLo] = [this.entries.lastHi(entry), this.entries.lastLo(entry)];
      const isVoid = upstream === ANY_UPSTREAM || this.entries.upstream(entry) === upstream || this.entries.isBelow(entry, cause);
      if (isVoid && this.entries.prefixLength(entry) === prefixLength) {
        this.#holders.tellMab(now, entry, cause);
        this.#remove(now, entry, cause);
      }
      entry = this.cache.following(family, afterHi, afterLo, last.hi, last.lo);
    }
    this.#floor.set(cause.lineage, cause.hi, cause.lo);
    this.floors.raise(milliseconds(now), family, prefixLength, mab.hi, mab.lo, last.hi, last.lo, this.#floor);
  }

  /**
   * Withdraws all that came from one upstream; what was in use of it is wanted again. Gives how many. Where they are very many, they are
   * void at once, and taken out and told of in steps.
   */
  flushUpstream(now: number, upstream: number): number {
    const flushed = this.entries.chains.count(upstream);
    if (flushed > STEP_ENTRIES) {
      this.#makeVoid(now, upstream, true);
    } else if (flushed > 0) {
      this.#holders.beginUpstream(now, upstream);
      for (let entry = this.entries.firstOf(upstream); entry !== NO_ENTRY; entry = this.entries.firstOf(upstream)) {
        this.#wantAgain(entry);
        this.withdraw(now, entry, this.#nothing);
      }
    }
    return flushed;
  }

  /** Withdraws everything, and forgets the floors: for an operator who knows better. */
  flushEverything(now: number): void {
    if (this.cache.size > STEP_ENTRIES) {
      for (let upstream = 0; upstream < this.entries.chains.upstreams; upstream++) if (this.entries.chains.count(upstream) > 0) this.#makeVoid(now, upstream, false);
    } else {
      for (let entry = 0; entry < this.entries.highWater; entry++) if (this.entries.isTaken(entry)) this.withdraw(now, entry, this.#nothing);
    }
    this.floors.clear();
  }

  /** Notes that a range has changed at this version or position: what is older is not taken for it again. */
  raiseFloor(now: number, body: MappingBody, version: Version): void {
    this.#floor.set(version.lineage, version.hi, version.lo);
    const { prefixLength, firstHi, firstLo, lastHi, lastLo } = body;
    this.floors.raise(milliseconds(now), body.family as Family, prefixLength, firstHi, firstLo, lastHi, lastLo, this.#floor);
  }

  /** Notes an answer that is given on but not kept: nothing older may follow it. */
  passOn(now: number, body: MappingBody): void {
    this.#flushOlderLineage(now, body.family as Family, body, NO_ENTRY);
    const version = this.#cause.set(body.versionLineage, body.versionHi, body.versionLo);
    this.flushOlder(now, body, version);
    this.raiseFloor(now, body, version);
  }

  /** Raises `out` to what an answer must at least stand at: the floors of its range, and the versions of what its MAB has cached there. */
  floorOver(now: number, body: MappingBody, out: Version): void {
    const family = body.family as Family;
    this.floors.over(milliseconds(now), family, body.prefixLength, body.firstHi, body.firstLo, body.lastHi, body.lastLo, out);
    let entry = this.cache.overlapping(family, body.firstHi, body.firstLo, body.lastHi, body.lastLo);
    while (entry !== NO_ENTRY) {
      const isOfMab = this.entries.upstream(entry) !== OWN && this.entries.prefixLength(entry) === body.prefixLength;
      if (isOfMab && this.#hasFloor(entry)) this.entries.raiseToVersion(entry, out);
      entry = this.cache.following(family, this.entries.lastHi(entry), this.entries.lastLo(entry), body.lastHi, body.lastLo);
    }
  }

  #goRound(now: number): void {
    const nowMs = milliseconds(now);
    const rows = this.#rounds.begin(now, Math.max(this.entries.highWater, this.floors.highWater));
    const isBegun = rows < this.#rounds.rows;
    if (!isBegun) this.floors.sweep(nowMs, rows);
    const left = this.cache.walk(rows, nowMs, this.refetchLeadMs, (entry) => this.#age(now, nowMs, entry));
    if (left > 0) this.#rounds.breakOff(now, left);
  }

  /** Makes all of an upstream void; `hasFloors`: whether nothing older may follow. */
  #makeVoid(now: number, upstream: number, hasFloors: boolean): void {
    // Void ones are all treated alike, and not after too many others.
    const before = this.#emptied.get(upstream);
    if (before !== undefined && before !== hasFloors) this.#empty(now, upstream, Infinity);
    if (!this.entries.chains.makeVoid(upstream)) {
      this.#empty(now, upstream, Infinity);
      this.entries.chains.makeVoid(upstream);
    }
    if (this.#emptied.size === 0) this.#agenda.set(Task.emptying, now);
    this.#holders.beginMany();
    this.#emptied.set(upstream, hasFloors);
  }

  #emptyStep(now: number): void {
    let left = STEP_ENTRIES;
    for (const upstream of this.#emptied.keys()) if (left > 0) left -= this.#empty(now, upstream, left);
    this.#agenda.set(Task.emptying, this.#emptied.size > 0 ? now + STEP_PAUSE : Infinity);
  }

  /** Takes void entries of an upstream out, at most so many, messages counted; gives how many. */
  #empty(now: number, upstream: number, most: number): number {
    const hasFloors = this.#emptied.get(upstream)!;
    let done = 0;
    let entry = this.entries.chains.firstVoid(upstream);
    for (; entry !== NO_ENTRY && done < most; entry = this.entries.chains.firstVoid(upstream)) {
      this.#wantAgain(entry);
      done += 1 + MESSAGE_ENTRIES * this.#holders.tellOfMany(now, entry, this.#nothing);
      if (hasFloors) this.#remove(now, entry, this.#nothing);
      else this.cache.remove(entry);
    }
    if (entry === NO_ENTRY) this.#emptied.delete(upstream);
    return done;
  }

  #wantAgain(entry: number): void {
    const { entries } = this;
    if (entries.upstream(entry) !== OWN && entries.isTouched(entry)) this.wantKey(entries.family(entry), entries.firstHi(entry), entries.firstLo(entry));
  }

  /** Whether what an entry says binds what comes after it. */
  #hasFloor(entry: number): boolean {
    return !this.entries.isVoid(entry) || this.#emptied.get(this.entries.upstream(entry)) !== false;
  }

  /** Takes out an entry that has expired; has one in use fetched that soon will. */
  #age(now: number, nowMs: number, entry: number): void {
    const { entries } = this;
    if (entries.isVoid(entry)) return;
    const left = remainingMs(entries.expiry(entry), nowMs);
    if (left <= 0) {
      this.withdraw(now, entry, this.#nothing);
    } else if (entries.upstream(entry) !== OWN && entries.isPromised(entry) && entries.takeTouched(entry)) {
      this.wantKey(entries.family(entry), entries.firstHi(entry), entries.firstLo(entry));
    }
  }

  /** Where every row is taken, an entry that nobody counts on makes room; its floor stays. */
  #insert(now: number, result: number, body: MappingBody, expiryMs: number, upstream: number): number {
    const entry = this.cache.insert(result, body, expiryMs, upstream);
    if (entry !== NO_ENTRY) return entry;
    const leaving = this.cache.evictable();
    if (leaving === NO_ENTRY) return NO_ENTRY;
    this.#remove(now, leaving, this.#nothing);
    return this.cache.insert(result, body, expiryMs, upstream);
  }

  /**
   * Files an answer over an entry; false where that has another range, or where its holders count on it for longer. A server that says for
   * less time what it has promised for more keeps that promise too.
   */
  #renew(now: number, entry: number, result: number, body: MappingBody, upstream: number, expiryMs: number, isPromised: boolean): boolean {
    const { entries } = this;
    if (!entries.hasRange(entry, body) || entries.isVoid(entry)) return false;
    const saysSame = entries.saysSame(entry, result, body);
    const isLonger = remainingMs(expiryMs, entries.expiry(entry)) >= 0;
    const stands = saysSame && isPromised && entries.isPromised(entry) && entries.upstream(entry) === upstream;
    if (!isLonger && !stands) return false;
    if (isLonger) entries.setExpiry(entry, expiryMs);
    entries.setUpstream(entry, upstream);
    if (saysSame) entries.setAnswer(entry, result, body);
    else this.revise(now, entry, result, body);
    return true;
  }

  /**
   * An answer of a new lineage makes all of its MAB void: the numbers before mean nothing any more. `present`: the lowest entry that shares a
   * key with it, NO_ENTRY where there is none. Gives whether it did.
   */
  #flushOlderLineage(now: number, family: Family, body: MappingBody, present: number): boolean {
    if (body.positionLineage === 0 || this.entries.lowestLineage >= body.positionLineage) return false;
    const isOfMab = present !== NO_ENTRY && this.entries.prefixLength(present) === body.prefixLength;
    const entry = isOfMab ? present : this.cache.nearest(family, body.firstHi, body.firstLo, body.prefixLength);
    if (entry === NO_ENTRY || this.entries.upstream(entry) === OWN || this.entries.lineage(entry) >= body.positionLineage) return false;
    this.flushMab(now, family, body.firstHi, body.firstLo, body.prefixLength, ANY_UPSTREAM, new Version().set(body.positionLineage, 0, 0));
    return true;
  }

  #remove(now: number, entry: number, cause: Version): void {
    const { entries } = this;
    if (entries.upstream(entry) !== OWN) {
      const floor = this.#floor.set(cause.lineage, cause.hi, cause.lo);
      entries.raiseToVersion(entry, floor);
      const family = entries.family(entry);
      const prefixLength = entries.prefixLength(entry);
      this.floors.raise(milliseconds(now), family, prefixLength, entries.firstHi(entry), entries.firstLo(entry), entries.lastHi(entry), entries.lastLo(entry), floor);
    }
    this.cache.remove(entry);
  }
}

/** Fills `out` with the position that a body states. */
export function positionOf(body: MappingBody, out: Version): Version {
  return out.set(body.positionLineage, body.positionHi, body.positionLo);
}
