import type { EntryTable } from "../cache/entry-table.ts";
import { PairIndex } from "../tables/pair-index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { Slots } from "../tables/slots.ts";

/** No record. */
export const NO_RECORD = -1;

const WIDTH = 5;
const NONCE_HI = 0;
const NONCE_LO = 1;
const SEQUENCE = 2;
const EXPIRY = 3;
const NEXT = 4;

/**
 * To whom each entry was given, with which nonce, until when: one record per entry and querier. Nothing is ever evicted;
 * when it is full, answers go out without promise. The records of an entry are chained; links are stored plus one.
 */
export class Ledger {
  readonly #entries: EntryTable;
  readonly #peers: PeerTable;
  readonly #slots: Slots;
  readonly #holders: PairIndex;
  readonly #words: Uint32Array;
  readonly #capacity: number;

  constructor(capacity: number, entries: EntryTable, peers: PeerTable) {
    this.#capacity = capacity;
    this.#entries = entries;
    this.#peers = peers;
    this.#slots = new Slots(capacity);
    this.#holders = new PairIndex(capacity);
    this.#words = new Uint32Array(capacity * WIDTH);
  }

  get size(): number {
    return this.#capacity - this.#slots.available;
  }

  /** Notes that a querier holds an entry until `expiryMs`; false when there is no room, so that nothing may be promised. */
  note(entry: number, peer: number, nonceHi: number, nonceLo: number, sequence: number, expiryMs: number): boolean {
    let record = this.#holders.find(entry, peer);
    if (record === NO_RECORD) {
      record = this.#slots.take();
      if (record === NO_RECORD) return false;
      this.#holders.insert(record, entry, peer);
      this.#words[record * WIDTH + NEXT] = this.#entries.ledger(entry);
      this.#entries.setLedger(entry, record + 1);
      this.#peers.hold(peer);
    }
    const at = record * WIDTH;
    this.#words[at + NONCE_HI] = nonceHi;
    this.#words[at + NONCE_LO] = nonceLo;
    this.#words[at + SEQUENCE] = sequence;
    this.#words[at + EXPIRY] = expiryMs;
    return true;
  }

  /** Forgets everyone an entry was given to. */
  clear(entry: number): void {
    for (let record = this.firstOf(entry); record !== NO_RECORD; record = this.following(record)) {
      this.#peers.release(this.peer(record));
      this.#holders.remove(record);
      this.#slots.give(record);
    }
    this.#entries.setLedger(entry, 0);
  }

  /** The first record of an entry; go on with `following`. */
  firstOf(entry: number): number {
    return this.#entries.ledger(entry) - 1;
  }

  following(record: number): number {
    return this.#words[record * WIDTH + NEXT]! - 1;
  }

  peer(record: number): number {
    return this.#holders.second(record);
  }

  nonceHi(record: number): number {
    return this.#words[record * WIDTH + NONCE_HI]!;
  }

  nonceLo(record: number): number {
    return this.#words[record * WIDTH + NONCE_LO]!;
  }

  sequence(record: number): number {
    return this.#words[record * WIDTH + SEQUENCE]!;
  }

  expiry(record: number): number {
    return this.#words[record * WIDTH + EXPIRY]!;
  }
}
