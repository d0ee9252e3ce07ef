import { type CacheUpdate, MAP_REPLY_OCTETS, encodeCacheUpdate } from "../../wire/index.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import type { Ledger } from "./ledger.ts";
import { PairIndex } from "../tables/pair-index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { QuerierTable } from "./querier-table.ts";
import { Slots } from "../tables/slots.ts";
import { TimerHeap } from "../tables/timer-heap.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";

/** First retransmission after this many microseconds, then twice as long each time. */
const FIRST_RETRANSMISSION = 200_000;
const LAST_RETRANSMISSION = 2_000_000;
/** Updates put on the wire before the driver gets the thread back. */
const BURST = 64;
const BURST_PAUSE = 1_000;

/**
 * Cache Updates on their way: each is sent again until it is acknowledged or what it is about has expired at its
 * receiver. An update that finds no room here is not sent, but has taken its number: the querier sees the gap.
 */
export class UpdateSender {
  sent = 0;
  retransmitted = 0;
  acknowledged = 0;
  /** Updates that found no room. */
  unsent = 0;

  readonly #peers: PeerTable;
  readonly #queriers: QuerierTable;
  readonly #ring: TransmitRing;
  readonly #slots: Slots;
  readonly #numbers: PairIndex;
  readonly #timers: TimerHeap;
  readonly #expiryMs: Uint32Array;
  readonly #attempts: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #pausedUntil = 0;

  constructor(capacity: number, peers: PeerTable, queriers: QuerierTable, ring: TransmitRing) {
    this.#peers = peers;
    this.#queriers = queriers;
    this.#ring = ring;
    this.#slots = new Slots(capacity);
    this.#numbers = new PairIndex(capacity);
    this.#timers = new TimerHeap(capacity);
    this.#expiryMs = new Uint32Array(capacity);
    this.#attempts = new Uint8Array(capacity);
    this.#bytes = new Uint8Array(capacity * MAP_REPLY_OCTETS);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get outstanding(): number {
    return this.#timers.size;
  }

  get next(): number {
    return Math.max(this.#timers.next, this.#pausedUntil);
  }

  /** Sends `update` to the querier of a ledger record; fills in number, nonce, sequence and cookie. */
  send(now: number, update: CacheUpdate, ledger: Ledger, record: number): void {
    const peer = ledger.peer(record);
    const number = this.#queriers.nextUpdateNumber(peer);
    const slot = this.#slots.take();
    if (slot < 0) {
      this.unsent++;
      return;
    }
    update.body.counter = number;
    update.header.sequence = ledger.sequence(record);
    update.header.nonceHi = ledger.nonceHi(record);
    update.header.nonceLo = ledger.nonceLo(record);
    update.header.clientCookieHi = this.#queriers.cookieHi(peer);
    update.header.clientCookieLo = this.#queriers.cookieLo(peer);
    encodeCacheUpdate(this.#slotView(slot), update);
    this.#numbers.insert(slot, peer, number);
    this.#peers.hold(peer);
    this.#expiryMs[slot] = ledger.expiry(record);
    this.#attempts[slot] = 0;
    this.#timers.set(slot, now);
  }

  /** An acknowledgement from a peer; false when it fits nothing outstanding. */
  acknowledge(peer: number, number: number): boolean {
    const slot = this.#numbers.find(peer, number);
    if (slot < 0) return false;
    this.acknowledged++;
    this.#forget(slot);
    return true;
  }

  /** Puts what is due on the wire, a burst at a time. */
  handleTimeout(now: number): void {
    if (now < this.#pausedUntil) return;
    const nowMs = milliseconds(now);
    let burst = Math.min(BURST, this.#ring.room);
    for (let slot = -1; burst > 0 && (slot = this.#timers.pop(now)) >= 0; ) {
      if (remainingMs(this.#expiryMs[slot]!, nowMs) <= 0) {
        this.#forget(slot);
      } else {
        this.#transmit(now, slot);
        burst--;
      }
    }
    if (this.#timers.next <= now) this.#pausedUntil = now + BURST_PAUSE;
  }

  #transmit(now: number, slot: number): void {
    const attempt = this.#attempts[slot]!++;
    const from = slot * MAP_REPLY_OCTETS;
    const out = this.#ring.claim();
    for (let at = 0; at < MAP_REPLY_OCTETS; at += 4) out.setUint32(at, this.#view.getUint32(from + at));
    this.#ring.commit(this.#numbers.first(slot), MAP_REPLY_OCTETS);
    if (attempt === 0) this.sent++;
    else this.retransmitted++;
    this.#timers.set(slot, now + Math.min(LAST_RETRANSMISSION, FIRST_RETRANSMISSION * 2 ** Math.min(attempt, 8)));
  }

  #forget(slot: number): void {
    this.#timers.clear(slot);
    this.#peers.release(this.#numbers.first(slot));
    this.#numbers.remove(slot);
    this.#slots.give(slot);
  }

  #slotView(slot: number): DataView {
    return new DataView(this.#bytes.buffer, slot * MAP_REPLY_OCTETS, MAP_REPLY_OCTETS);
  }
}
