import { type Agenda, Task } from "../agenda.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { Slots } from "../tables/slots.ts";
import type { TimerHeap } from "../tables/timer-heap.ts";

const CAPACITY = 1024;
/** A Map Reply with trace and a load shift of some alternatives; a longer one is not repeated. */
const SLOT_OCTETS = 512;
const REPETITIONS = 2;
const INTERVAL = 200_000;

/** Map Replies that ask to be acknowledged (ACK_WANTED): sent again until they are, twice at most (docs/protocol.md section 7.2). */
export class ReplyRepeater {
  readonly counters = { repliesRepeated: 0, repliesAcknowledged: 0 };
  readonly #peers: PeerTable;
  readonly #ring: TransmitRing;
  readonly #slots = new Slots(CAPACITY);
  /** By querier and sequence number. */
  readonly #waiting = new PairIndex(CAPACITY);
  readonly #timers: TimerHeap;
  readonly #repetitions = new Uint8Array(CAPACITY);
  readonly #lengths = new Uint16Array(CAPACITY);
  /** By slot, from when it is first used. */
  readonly #bytes: Uint8Array[] = [];

  constructor(peers: PeerTable, ring: TransmitRing, agenda: Agenda) {
    this.#peers = peers;
    this.#ring = ring;
    this.#timers = agenda.timers(Task.repeatedReply, CAPACITY);
    agenda.assign(Task.repeatedReply, (now) => {
      this.#repeatDue(now);
    });
  }

  /** Whether a reply of this length to this request can be repeated. */
  canKeep(peer: number, sequence: number, length: number): boolean {
    return this.#slots.available > 0 && length <= SLOT_OCTETS && this.#waiting.find(peer, sequence) < 0;
  }

  /** Keeps a reply that goes out now; `canKeep` has been asked. */
  keep(now: number, peer: number, sequence: number, view: DataView, length: number): void {
    const slot = this.#slots.take();
    (this.#bytes[slot] ??= new Uint8Array(SLOT_OCTETS)).set(new Uint8Array(view.buffer, view.byteOffset, length));
    this.#lengths[slot] = length;
    this.#repetitions[slot] = 0;
    this.#waiting.insert(slot, peer, sequence);
    this.#peers.hold(peer);
    this.#timers.set(slot, now + INTERVAL);
  }

  acknowledge(peer: number, sequence: number): boolean {
    const slot = this.#waiting.find(peer, sequence);
    if (slot < 0) return false;
    this.counters.repliesAcknowledged++;
    this.#forget(slot);
    return true;
  }

  get outstanding(): number {
    return this.#slots.taken;
  }

  #repeatDue(now: number): void {
    for (let room = this.#ring.room - 1; room > 0; room--) {
      const slot = this.#timers.pop(now);
      if (slot < 0) return;
      if (this.#repetitions[slot] === REPETITIONS) {
        this.#forget(slot);
      } else {
        this.#repeat(slot);
        this.#timers.set(slot, now + INTERVAL);
      }
    }
  }

  #repeat(slot: number): void {
    const length = this.#lengths[slot]!;
    const out = this.#ring.claim();
    new Uint8Array(out.buffer, out.byteOffset, length).set(this.#bytes[slot]!.subarray(0, length));
    this.#ring.commit(this.#waiting.first(slot), length);
    this.#repetitions[slot]!++;
    this.counters.repliesRepeated++;
  }

  #forget(slot: number): void {
    this.#timers.clear(slot);
    this.#peers.release(this.#waiting.first(slot));
    this.#waiting.remove(slot);
    this.#slots.give(slot);
  }
}
