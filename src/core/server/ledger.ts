import { remainingMs } from "../clock.ts";
import type { EntryTable } from "../cache/entry-table.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";

/** No record. */
export const NO_RECORD = -1;

const WIDTH = 8;
const NONCE_HI = 0;
const NONCE_LO = 1;
const SEQUENCE = 2;
const EXPIRY = 3;
const NEXT_OF_ENTRY = 4;
const PREVIOUS_OF_ENTRY = 5;
const NEXT_OF_PEER = 6;
const PREVIOUS_OF_PEER = 7;

/**
 * To whom each entry was given, with which nonce, until when: one record per entry and querier. Nothing is ever evicted;
 * when it is full, answers go out without promise. Records are chained by entry and by querier; links are stored plus
 * one, zero is none.
 */
export class Ledger {
  readonly #entries: EntryTable;
  readonly #peers: PeerTable;
  readonly #slots: Slots;
  readonly #holders: PairIndex;
  readonly #words: Uint32Array;
  readonly #ofPeer: Uint32Array;
  readonly #taken: Uint8Array;
  /** Queriers that hold something may be at most so many: the others must still find room among the peers. */
  readonly #mostHolders: number;
  #holderCount = 0;
  #hand = 0;

  constructor(capacity: number, entries: EntryTable, peers: PeerTable) {
    this.#entries = entries;
    this.#peers = peers;
    this.#slots = new Slots(capacity);
    this.#holders = new PairIndex(capacity);
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#ofPeer = new Uint32Array(peers.capacity);
    this.#taken = new Uint8Array(capacity);
    this.#mostHolders = Math.floor((peers.capacity * 3) / 4);
  }

  /** Records that have ever been used: those at or above this number are empty. */
  get highWater(): number {
    return this.#slots.highWater;
  }

  get size(): number {
    return this.#slots.taken;
  }

  /** Notes that a querier holds an entry until `expiryMs`; false when there is no room, so that nothing may be promised. */
  note(entry: number, peer: number, nonceHi: number, nonceLo: number, sequence: number, expiryMs: number): boolean {
    let record = this.#holders.find(entry, peer);
    if (record === NO_RECORD) {
      if (this.#ofPeer[peer] === 0 && this.#holderCount >= this.#mostHolders) return false;
      record = this.#slots.take();
      if (record === NO_RECORD) return false;
      this.#chain(record, entry, peer);
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
    for (let record = this.firstOf(entry); record !== NO_RECORD; record = this.firstOf(entry)) this.#remove(record);
  }

  /** Forgets all that a querier holds. */
  clearPeer(peer: number): void {
    for (let record = this.firstOfPeer(peer); record !== NO_RECORD; record = this.firstOfPeer(peer)) this.#remove(record);
  }

  /** Forgets promises whose time is up, among at most `steps` records looked at, going round. */
  sweep(nowMs: number, steps: number): void {
    for (let step = Math.min(steps, this.#slots.highWater); step > 0 && this.size > 0; step--) {
      this.#hand = this.#hand + 1 >= this.#slots.highWater ? 0 : this.#hand + 1;
      if (this.#taken[this.#hand] === 1 && remainingMs(this.expiry(this.#hand), nowMs) <= 0) this.#remove(this.#hand);
    }
  }

  /** The first record of an entry; go on with `following`. */
  firstOf(entry: number): number {
    return this.#entries.ledger(entry) - 1;
  }

  following(record: number): number {
    return this.#words[record * WIDTH + NEXT_OF_ENTRY]! - 1;
  }

  /** The first record of what a querier holds; go on with `followingOfPeer`. */
  firstOfPeer(peer: number): number {
    return this.#ofPeer[peer]! - 1;
  }

  followingOfPeer(record: number): number {
    return this.#words[record * WIDTH + NEXT_OF_PEER]! - 1;
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

  #chain(record: number, entry: number, peer: number): void {
    const words = this.#words;
    const at = record * WIDTH;
    const ofEntry = this.#entries.ledger(entry);
    const ofPeer = this.#ofPeer[peer]!;
    words[at + NEXT_OF_ENTRY] = ofEntry;
    words[at + PREVIOUS_OF_ENTRY] = 0;
    words[at + NEXT_OF_PEER] = ofPeer;
    words[at + PREVIOUS_OF_PEER] = 0;
    if (ofEntry !== 0) words[(ofEntry - 1) * WIDTH + PREVIOUS_OF_ENTRY] = record + 1;
    if (ofPeer === 0) this.#holderCount++;
    else words[(ofPeer - 1) * WIDTH + PREVIOUS_OF_PEER] = record + 1;
    this.#entries.setLedger(entry, record + 1);
    this.#ofPeer[peer] = record + 1;
    this.#holders.insert(record, entry, peer);
    this.#taken[record] = 1;
    this.#peers.hold(peer);
  }

  #remove(record: number): void {
    const words = this.#words;
    const at = record * WIDTH;
    const peer = this.peer(record);
    const [nextOfEntry, previousOfEntry] = [words[at + NEXT_OF_ENTRY]!, words[at + PREVIOUS_OF_ENTRY]!];
    const [nextOfPeer, previousOfPeer] = [words[at + NEXT_OF_PEER]!, words[at + PREVIOUS_OF_PEER]!];
    if (nextOfEntry !== 0) words[(nextOfEntry - 1) * WIDTH + PREVIOUS_OF_ENTRY] = previousOfEntry;
    if (previousOfEntry === 0) this.#entries.setLedger(this.#holders.first(record), nextOfEntry);
    else words[(previousOfEntry - 1) * WIDTH + NEXT_OF_ENTRY] = nextOfEntry;
    if (nextOfPeer !== 0) words[(nextOfPeer - 1) * WIDTH + PREVIOUS_OF_PEER] = previousOfPeer;
    if (previousOfPeer === 0) this.#ofPeer[peer] = nextOfPeer;
    else words[(previousOfPeer - 1) * WIDTH + NEXT_OF_PEER] = nextOfPeer;
    if (this.#ofPeer[peer] === 0) this.#holderCount--;
    this.#holders.remove(record);
    this.#slots.give(record);
    this.#taken[record] = 0;
    this.#peers.release(peer);
  }
}
