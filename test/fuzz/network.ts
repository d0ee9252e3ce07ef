import { TimerHeap } from "../../src/core/tables/timer-heap.ts";
import type { NextU32 } from "../../src/core/next-u32.ts";

/** An IPv4 endpoint of the fuzzed world. */
export interface Endpoint {
  readonly word: number;
  readonly port: number;
}

/** Anything that takes datagrams; `link` counts its endpoints. The view is reused: nothing of it may be kept. */
export interface Station {
  readonly endpoints: readonly Endpoint[];
  /** One-way delay to the middle of the network, microseconds. */
  readonly delay: number;
  receive(now: number, link: number, from: Endpoint, view: DataView, length: number): void;
  wakeAt(): number;
  wake(now: number): void;
}

/** Sees every datagram of the world as it is sent. */
export type Tap = (from: Endpoint, to: Station, link: number, bytes: Uint8Array, length: number) => void;

interface Place {
  readonly station: Station;
  readonly link: number;
}

const SLOTS = 16_384;
const SLOT_OCTETS = 1232;

/**
 * Virtual time for millions of datagrams: those in flight lie in slots allocated once, and addresses are numbers. While it
 * is hostile it loses some and delays others, so that they overtake each other.
 */
export class FuzzNetwork {
  now = 0;
  isHostile = true;
  delivered = 0;
  /** Given up because every slot was taken. */
  overflowed = 0;
  tap: Tap = () => undefined;
  readonly #random: NextU32;
  readonly #places = new Map<number, Place>();
  readonly #stations = new Set<Station>();
  readonly #inFlight = new TimerHeap(SLOTS);
  readonly #free: number[] = Array.from({ length: SLOTS }, (_, slot) => slot);
  readonly #to: Place[] = [];
  readonly #from: Endpoint[] = [];
  readonly #lengths = new Uint16Array(SLOTS);
  readonly #bytes: Uint8Array[] = [];
  readonly #views: DataView[] = [];

  constructor(random: NextU32) {
    this.#random = random;
    const memory = new ArrayBuffer(SLOTS * SLOT_OCTETS);
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#bytes.push(new Uint8Array(memory, slot * SLOT_OCTETS, SLOT_OCTETS));
      this.#views.push(new DataView(memory, slot * SLOT_OCTETS, SLOT_OCTETS));
    }
  }

  attach(station: Station): void {
    this.#stations.add(station);
    for (const [link, { word, port }] of station.endpoints.entries()) this.#places.set(keyOf(word, port), { station, link });
  }

  detach(station: Station): void {
    this.#stations.delete(station);
    for (const { word, port } of station.endpoints) this.#places.delete(keyOf(word, port));
  }

  /** Puts a datagram on its way; one to nobody vanishes. */
  send(sender: Station, from: Endpoint, toWord: number, toPort: number, bytes: Uint8Array, length: number): void {
    const to = this.#places.get(keyOf(toWord, toPort));
    if (to === undefined) return;
    this.tap(from, to.station, to.link, bytes, length);
    const chance = this.isHostile ? this.#random() % 100 : 100;
    if (chance < 5) return;
    const slot = this.#free.pop();
    if (slot === undefined) {
      this.overflowed++;
      return;
    }
    this.#bytes[slot]!.set(length === bytes.length ? bytes : bytes.subarray(0, length));
    this.#lengths[slot] = length;
    this.#to[slot] = to;
    this.#from[slot] = from;
    const delay = sender.delay + to.station.delay;
    this.#inFlight.set(slot, this.now + (chance < 15 ? delay * (1 + (this.#random() & 7)) : delay));
  }

  /** Lets time pass until `end`. */
  runTo(end: number): void {
    for (;;) {
      let next = this.#inFlight.next;
      let sleeper: Station | undefined;
      for (const station of this.#stations) {
        const at = station.wakeAt();
        if (at < next) {
          next = at;
          sleeper = station;
        }
      }
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (sleeper === undefined) this.#deliver();
      else sleeper.wake(this.now);
    }
    this.now = Math.max(this.now, end);
  }

  #deliver(): void {
    const slot = this.#inFlight.pop(this.now);
    const { station, link } = this.#to[slot]!;
    this.delivered++;
    // Whoever was taken off the network in the meantime hears nothing.
    if (this.#stations.has(station)) station.receive(this.now, link, this.#from[slot]!, this.#views[slot]!, this.#lengths[slot]!);
    this.#free.push(slot);
  }
}

function keyOf(word: number, port: number): number {
  return word * 65_536 + port;
}
