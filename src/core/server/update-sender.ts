import { type CacheUpdate, MAP_REPLY_OCTETS, encodeCacheUpdate } from "../../wire/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import { milliseconds, remainingMs } from "../clock.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";
import { NO_SLOT, PeerQueues } from "./peer-queues.ts";
import type { QuerierTable } from "./querier-table.ts";
import { UpdateRows } from "./update-rows.ts";

/** First retransmission after this many microseconds, then twice as long each time. */
const FIRST_RETRANSMISSION = 200_000;
const LAST_RETRANSMISSION = 2_000_000;
/** Updates on their way to one querier at a time; the others wait for acknowledgements. */
const MOST_IN_AIR = 64;
/** Updates are put on the wire so many at a time, and so long after the first of them the next lot: acknowledgements must be read in between. */
const BURST = 64;
const BURST_PAUSE = 1_000;
/** Where the code and range of an update are (docs/protocol.md section 5.5): what tells whether two are about the same. */
const BODY = 40;
const RANGE = 88;
const RANGE_END = 104;
const COUNTER = 80;

/**
 * Cache Updates on their way: each is sent again until it is acknowledged or what it is about has expired at its receiver.
 * To each querier they go in order of their numbers, a few at a time. One that a newer one overtakes is not sent any more:
 * its number goes out with what is so now.
 */
export class UpdateSender {
  readonly counters = { updatesSent: 0, updatesRetransmitted: 0, updatesAcknowledged: 0, updatesUnsent: 0, updatesOvertaken: 0 };
  /** Updates that may wait for one querier. */
  readonly mostPerPeer: number;
  readonly #peers: PeerTable;
  readonly #queriers: QuerierTable;
  readonly #ring: TransmitRing;
  readonly #slots: Slots;
  /** By querier and number. */
  readonly #numbers: PairIndex;
  /** The latest update by entry and querier. */
  readonly #latest: PairIndex;
  readonly #rows: UpdateRows;
  readonly #timers: TimerHeap;
  readonly #memory: ArrayBuffer;
  /** One for each slot that was ever used. */
  readonly #views: DataView[] = [];
  readonly #queues: PeerQueues;
  /** What is left of the present burst, and when the next may begin. */
  #burstLeft = BURST;
  #nextBurst = 0;

  constructor(capacity: number, peers: PeerTable, queriers: QuerierTable, ring: TransmitRing, agenda: Agenda) {
    this.mostPerPeer = Math.max(1, capacity >> 3);
    this.#peers = peers;
    this.#queriers = queriers;
    this.#ring = ring;
    this.#slots = new Slots(capacity);
    this.#numbers = new PairIndex(capacity);
    this.#latest = new PairIndex(capacity);
    this.#rows = new UpdateRows(capacity);
    this.#timers = agenda.timers(Task.update, capacity);
    this.#queues = new PeerQueues(peers.capacity, capacity);
    this.#memory = new ArrayBuffer(capacity * MAP_REPLY_OCTETS);
    agenda.assign(Task.update, (now) => {
      this.#transmitDue(now);
    });
    agenda.holdBack(Task.update, () => (this.#burstLeft > 0 ? -Infinity : this.#nextBurst));
  }

  get outstanding(): number {
    return this.#slots.taken;
  }

  /**
   * Sends `update` (whose header names the request it belongs to) to a querier, under its next number, until `expiryMs`.
   * `entry` is what it is about, NO_ENTRY for more than one. False when there is no room: the number is lost then, and the
   * querier will find it missing.
   */
  send(now: number, update: CacheUpdate, peer: number, entry: number, expiryMs: number): boolean {
    if (entry !== NO_ENTRY && this.#overtakes(entry, peer, update, expiryMs)) return true;
    update.body.counter = this.#queriers.nextUpdateNumber(peer);
    const slot = this.#queues.size(peer) < this.mostPerPeer ? this.#slots.take() : NO_SLOT;
    if (slot === NO_SLOT) {
      this.counters.updatesUnsent++;
      return false;
    }
    // Slots are handed out lowest first: all that were ever used come first.
    if (slot === this.#views.length) this.#views.push(new DataView(this.#memory, slot * MAP_REPLY_OCTETS, MAP_REPLY_OCTETS));
    encodeCacheUpdate(this.#views[slot]!, update);
    this.#numbers.insert(slot, peer, update.body.counter);
    this.#rows.start(slot, entry, expiryMs);
    if (entry !== NO_ENTRY) this.#latest.insert(slot, entry, peer);
    this.#peers.hold(peer);
    this.#queues.append(peer, slot);
    this.#release(now, peer);
    return true;
  }

  /** An acknowledgement from a peer; false when it fits nothing outstanding. */
  acknowledge(now: number, peer: number, number: number): boolean {
    const slot = this.#numbers.find(peer, number);
    if (slot < 0 || this.#rows.attempts(slot) === 0) return false;
    this.counters.updatesAcknowledged++;
    this.#forget(slot);
    this.#release(now, peer);
    return true;
  }

  /** Sends again at once what a querier says it has not received: all on their way after the number `received`. */
  resend(now: number, peer: number, received: number): void {
    for (let slot = this.#queues.first(peer); slot !== NO_SLOT && this.#timers.has(slot); slot = this.#queues.following(slot)) {
      const isMissing = ((this.#numbers.second(slot) - received) | 0) > 0;
      // What went out a moment ago may be there by now; without this, asking would draw more than it costs.
      if (isMissing && this.#rows.attempts(slot) > 0 && now - this.#rows.sentAt(slot) >= FIRST_RETRANSMISSION / 2) this.#timers.set(slot, now);
    }
  }

  /** Whether anything is on its way to a querier. */
  isSendingTo(peer: number): boolean {
    return this.#queues.size(peer) > 0;
  }

  /** Gives up all that is on its way to a querier; gives the later of `untilMs` and the end of what it was about. */
  forgetPeer(peer: number, untilMs: number): number {
    let latest = untilMs;
    for (let slot = this.#queues.first(peer); slot !== NO_SLOT; slot = this.#queues.first(peer)) {
      const expiryMs = this.#rows.expiry(slot);
      if (remainingMs(expiryMs, latest) > 0) latest = expiryMs;
      this.#forget(slot);
    }
    return latest;
  }

  /** Puts what is due on the wire, a burst at a time. */
  #transmitDue(now: number): void {
    const nowMs = milliseconds(now);
    while (this.#mayTransmit(now)) {
      const slot = this.#timers.pop(now);
      if (slot < 0) return;
      const peer = this.#numbers.first(slot);
      if (remainingMs(this.#rows.expiry(slot), nowMs) <= 0) {
        this.#forget(slot);
        this.#release(now, peer);
      } else {
        this.#transmit(now, slot, peer);
      }
    }
    // Where the ring is full, the rest waits as after a whole burst.
    this.#burstLeft = 0;
  }

  #mayTransmit(now: number): boolean {
    if (now >= this.#nextBurst) {
      this.#burstLeft = BURST;
      this.#nextBurst = now + BURST_PAUSE;
    }
    return this.#burstLeft > 0 && this.#ring.room > 1;
  }

  #transmit(now: number, slot: number, peer: number): void {
    this.#burstLeft--;
    const attempt = this.#rows.attempts(slot);
    const number = this.#numbers.second(slot);
    const from = this.#views[this.#rows.isLatest(slot) ? slot : this.#overtakerOf(slot, peer)]!;
    const out = this.#ring.claim();
    for (let at = 0; at < MAP_REPLY_OCTETS; at += 4) out.setInt32(at, from.getInt32(at));
    out.setUint32(COUNTER, number);
    this.#ring.commit(peer, MAP_REPLY_OCTETS);
    if (attempt === 0) this.counters.updatesSent++;
    else this.counters.updatesRetransmitted++;
    this.#rows.noteSent(slot, now);
    this.#timers.set(slot, now + Math.min(LAST_RETRANSMISSION, FIRST_RETRANSMISSION * (1 << Math.min(attempt, 8))));
  }

  /** Whether an update for the same range is still waiting to go out, and now goes out as this one. */
  #overtakes(entry: number, peer: number, update: CacheUpdate, expiryMs: number): boolean {
    const slot = this.#latest.find(entry, peer);
    if (slot < 0) return false;
    const isSame = isAboutSameRange(this.#views[slot]!, update);
    if (isSame) this.counters.updatesOvertaken++;
    if (isSame && this.#rows.attempts(slot) === 0) {
      update.body.counter = this.#numbers.second(slot);
      encodeCacheUpdate(this.#views[slot]!, update);
      this.#rows.setExpiry(slot, expiryMs);
      return true;
    }
    this.#latest.remove(slot);
    this.#rows.noteOvertaken(slot);
    return false;
  }

  /** What goes out under the number of an update that is not the latest about its range: the latest, if it is still here. */
  #overtakerOf(slot: number, peer: number): number {
    const entry = this.#rows.entry(slot);
    const latest = entry === NO_ENTRY ? NO_SLOT : this.#latest.find(entry, peer);
    return latest !== NO_SLOT && haveSameRange(this.#views[slot]!, this.#views[latest]!) ? latest : slot;
  }

  /** Lets the next ones of a querier go, as many as may be on their way. */
  #release(now: number, peer: number): void {
    while (this.#queues.inAir(peer) < Math.min(MOST_IN_AIR, this.mostPerPeer)) {
      const slot = this.#queues.launch(peer);
      if (slot === NO_SLOT) return;
      if (this.#mayTransmit(now)) this.#transmit(now, slot, peer);
      else this.#timers.set(slot, now);
    }
  }

  #forget(slot: number): void {
    const peer = this.#numbers.first(slot);
    this.#timers.clear(slot);
    this.#queues.remove(peer, slot);
    this.#numbers.remove(slot);
    if (this.#rows.isLatest(slot)) this.#latest.remove(slot);
    this.#slots.give(slot);
    this.#peers.release(peer);
  }
}

function isAboutSameRange(view: DataView, { body }: CacheUpdate): boolean {
  return (
    view.getUint8(BODY + 1) === body.family &&
    view.getUint32(RANGE) === body.firstHi &&
    view.getUint32(RANGE + 4) === body.firstLo &&
    view.getUint32(RANGE + 8) === body.lastHi &&
    view.getUint32(RANGE_END - 4) === body.lastLo
  );
}

function haveSameRange(a: DataView, b: DataView): boolean {
  if (a.getUint8(BODY + 1) !== b.getUint8(BODY + 1)) return false;
  for (let at = RANGE; at < RANGE_END; at += 4) if (a.getUint32(at) !== b.getUint32(at)) return false;
  return true;
}
