import { remainingMs } from "../clock.ts";
import type { EntryTable } from "../cache/entry-table.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { NO_ROW, RowIndex, type RowKeys } from "../tables/row-index.ts";
import { plainMemory } from "../tables/table-memory.ts";

/** No record. */
export const NO_RECORD = NO_ROW;

const WIDTH = 6;
const ENTRY = 0;
/** Peer, generation of its records, and whether the record is taken. */
const HOLDER = 1;
const NONCE_HI = 2;
const NONCE_LO = 3;
const EXPIRY = 4;
/** Of the same entry; of a free record: the next free one. Plus one; zero is none. */
const NEXT = 5;

const PEER = 0x000f_ffff;
const TAKEN = 0x8000_0000;
const GENERATION_SHIFT = 20;
/** With so many behind it, a peer is promised nothing more until its records are gone: each generation must be told from the others. */
const LAST_GENERATION = 0x7ff;
/** About so many records are freed in one go, each of which may be anywhere in memory: that takes 0.03 to 0.1 ms, in which datagrams wait. */
const MOST_FREED = 16;

/** Finds records by entry and peer. */
class RecordKeys implements RowKeys {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  first(record: number): number {
    return this.#words[record * WIDTH + ENTRY]!;
  }

  second(record: number): number {
    return this.#words[record * WIDTH + HOLDER]! & PEER;
  }
}

/**
 * To whom each entry was given, with which nonce, until when: one record per entry and querier, of 24 octets and 6 of index. Nothing
 * is ever evicted; when it is full, answers go out without promise. Records of one entry are chained. All records of a querier are
 * given up by one number, its generation; what is void or over goes when a sweep comes by.
 */
export class Ledger {
  readonly #entries: EntryTable;
  readonly #peers: PeerTable;
  readonly #capacity: number;
  readonly #words: Uint32Array;
  readonly #index: RowIndex;
  /** By peer: records, void ones too; valid ones; their generation; the end of the promise that lasts longest. */
  readonly #records: Uint32Array;
  readonly #held: Uint32Array;
  readonly #generation: Uint16Array;
  readonly #latest: Uint32Array;
  /** Queriers that hold something may be at most so many: the others must still find room among the peers. */
  readonly #mostHolders: number;
  #holderCount = 0;
  #free = 0;
  #fresh = 0;
  #taken = 0;
  #size = 0;
  #hand = 0;

  /** `capacity`: at most MOST_ROWS records; `peers`: at most 2^20. */
  constructor(capacity: number, entries: EntryTable, peers: PeerTable, memory = plainMemory) {
    this.#entries = entries;
    this.#peers = peers;
    this.#capacity = capacity;
    this.#words = memory.rows(capacity * WIDTH);
    this.#index = new RowIndex(capacity, new RecordKeys(this.#words), memory);
    this.#records = new Uint32Array(peers.capacity);
    this.#held = new Uint32Array(peers.capacity);
    this.#generation = new Uint16Array(peers.capacity);
    this.#latest = new Uint32Array(peers.capacity);
    this.#mostHolders = Math.floor((peers.capacity * 3) / 4);
  }

  /** Records that have ever been used: those at or above this number are empty. */
  get highWater(): number {
    return this.#fresh;
  }

  /** Promises that are kept. */
  get size(): number {
    return this.#size;
  }

  /** Whether a sweep has something to do, now or later. */
  get isEmpty(): boolean {
    return this.#taken === 0;
  }

  /** Notes that a querier holds an entry until `expiryMs`; false when there is no room, so that nothing may be promised. */
  note(entry: number, peer: number, nonceHi: number, nonceLo: number, expiryMs: number): boolean {
    let record = this.#index.find(entry, peer);
    if (record === NO_RECORD || !this.#isValid(record)) {
      if (this.#generation[peer] === LAST_GENERATION) return false;
      if (record === NO_RECORD) record = this.#add(entry, peer);
      if (record === NO_RECORD) return false;
      this.#validate(record, peer);
    }
    const at = record * WIDTH;
    this.#words[at + NONCE_HI] = nonceHi;
    this.#words[at + NONCE_LO] = nonceLo;
    this.#words[at + EXPIRY] = expiryMs;
    if (this.#held[peer] === 1 || remainingMs(expiryMs, this.#latest[peer]!) > 0) this.#latest[peer] = expiryMs;
    return true;
  }

  /** The record, most likely, of an entry and a querier; NO_RECORD when there is none. For looking ahead, with `glance`. */
  likely(entry: number, peer: number): number {
    return this.#index.likely(entry, peer);
  }

  /** Something of the line of memory that a record is in: it is at hand then. */
  glance(record: number): number {
    return this.#words[record * WIDTH]!;
  }

  /** Forgets everyone an entry was given to. */
  clear(entry: number): void {
    for (let link = this.#entries.ledger(entry), next; link !== 0; link = next) {
      next = this.#words[(link - 1) * WIDTH + NEXT]!;
      this.#remove(link - 1);
    }
    this.#entries.setLedger(entry, 0);
  }

  /** Forgets all that a querier holds. */
  clearPeer(peer: number): void {
    if (this.#held[peer] === 0) return;
    this.#size -= this.#held[peer]!;
    this.#held[peer] = 0;
    this.#generation[peer]!++;
  }

  /** Whether a querier holds anything. */
  holdsAny(peer: number): boolean {
    return this.#held[peer] !== 0;
  }

  /** No promise to a querier that holds something lasts longer. */
  latest(peer: number): number {
    return this.#latest[peer]!;
  }

  /**
   * Frees the records of promises whose time is up or that are void, among at most about `steps` records, going round. Gives how many are left
   * to be looked at: where many are to be freed, it ends before.
   */
  sweep(nowMs: number, steps: number): number {
    let left = Math.min(steps, this.#fresh);
    const enough = this.#taken - MOST_FREED;
    while (left > 0 && this.#taken > 0) {
      if (this.#taken <= enough) return left;
      const first = this.#hand + 1 >= this.#fresh ? 0 : this.#hand + 1;
      const end = Math.min(first + left, this.#fresh);
      const record = this.#nextOver(first, end, nowMs);
      this.#hand = Math.min(record, end - 1);
      left -= this.#hand - first + 1;
      if (record < end) left -= this.#purge(this.#words[record * WIDTH + ENTRY]!, nowMs);
    }
    return 0;
  }

  /** The first record of an entry; go on with `following`. */
  firstOf(entry: number): number {
    return this.#validFrom(this.#entries.ledger(entry));
  }

  following(record: number): number {
    return this.#validFrom(this.#words[record * WIDTH + NEXT]!);
  }

  peer(record: number): number {
    return this.#words[record * WIDTH + HOLDER]! & PEER;
  }

  nonceHi(record: number): number {
    return this.#words[record * WIDTH + NONCE_HI]!;
  }

  nonceLo(record: number): number {
    return this.#words[record * WIDTH + NONCE_LO]!;
  }

  expiry(record: number): number {
    return this.#words[record * WIDTH + EXPIRY]!;
  }

  #add(entry: number, peer: number): number {
    const isNew = this.#records[peer] === 0;
    if (isNew && this.#holderCount >= this.#mostHolders) return NO_RECORD;
    const record = this.#take();
    if (record === NO_RECORD) return NO_RECORD;
    if (isNew) {
      this.#holderCount++;
      this.#peers.hold(peer);
    }
    this.#records[peer]!++;
    this.#words[record * WIDTH + ENTRY] = entry;
    this.#words[record * WIDTH + NEXT] = this.#entries.ledger(entry);
    this.#entries.setLedger(entry, record + 1);
    this.#words[record * WIDTH + HOLDER] = TAKEN | peer;
    this.#index.insert(record);
    return record;
  }

  #validate(record: number, peer: number): void {
    this.#words[record * WIDTH + HOLDER] = TAKEN | (this.#generation[peer]! << GENERATION_SHIFT) | peer;
    this.#held[peer]!++;
    this.#size++;
  }

  #take(): number {
    let record = this.#free - 1;
    if (record !== NO_RECORD) this.#free = this.#words[record * WIDTH + NEXT]!;
    else if (this.#fresh < this.#capacity) record = this.#fresh++;
    else return NO_RECORD;
    this.#taken++;
    return record;
  }

  /** Frees a record, which its entry's chain must not lead to any more. */
  #remove(record: number): void {
    const peer = this.peer(record);
    if (this.#isValid(record)) {
      this.#held[peer]!--;
      this.#size--;
    }
    this.#index.remove(record);
    this.#words[record * WIDTH + HOLDER] = 0;
    this.#words[record * WIDTH + NEXT] = this.#free;
    this.#free = record + 1;
    this.#taken--;
    if (--this.#records[peer]! > 0) return;
    this.#generation[peer] = 0;
    this.#holderCount--;
    this.#peers.release(peer);
  }

  /** Frees all records of an entry that are over; gives how many records it has looked at. */
  #purge(entry: number, nowMs: number): number {
    let kept = NO_RECORD;
    let looked = 0;
    for (let link = this.#entries.ledger(entry), next; link !== 0; link = next) {
      const record = link - 1;
      next = this.#words[record * WIDTH + NEXT]!;
      looked++;
      if (!this.#isOver(record, nowMs)) {
        kept = record;
        continue;
      }
      if (kept === NO_RECORD) this.#entries.setLedger(entry, next);
      else this.#words[kept * WIDTH + NEXT] = next;
      this.#remove(record);
    }
    return looked;
  }

  /** The record of a link, or the first valid one after it. */
  #validFrom(first: number): number {
    let link = first;
    while (link !== 0 && !this.#isValid(link - 1)) link = this.#words[(link - 1) * WIDTH + NEXT]!;
    return link - 1;
  }

  /** The first record from one up to an end that is taken, and over; the end where there is none. */
  #nextOver(from: number, end: number, nowMs: number): number {
    const words = this.#words;
    const now = nowMs | 0;
    const hasVoid = this.#taken > this.#size;
    let record = from | 0;
    for (; record < (end | 0); record = (record + 1) | 0) {
      const at = (record * WIDTH) | 0;
      if ((words[at + HOLDER]! & TAKEN) === 0) continue;
      if (((words[at + EXPIRY]! - now) | 0) <= 0 || (hasVoid && !this.#isValid(record))) break;
    }
    return record;
  }

  /** Whether a record that is taken is of its querier's present generation. */
  #isValid(record: number): boolean {
    const holder = this.#words[record * WIDTH + HOLDER]!;
    return ((holder >>> GENERATION_SHIFT) & LAST_GENERATION) === this.#generation[holder & PEER];
  }

  #isOver(record: number, nowMs: number): boolean {
    return !this.#isValid(record) || remainingMs(this.expiry(record), nowMs) <= 0;
  }
}
