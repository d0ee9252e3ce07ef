import type { Transmit } from "../engine.ts";

const SLOTS_A_CHUNK = 32;

/** Memory for a datagram, as octets, as a view of them, and as words, and whom it is for. */
class Slot {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  peer = 0;
  length = 0;

  constructor(memory: ArrayBuffer, at: number, octets: number) {
    this.bytes = new Uint8Array(memory, at, octets);
    this.view = new DataView(memory, at, octets);
    this.words = new Int32Array(memory, at, octets >> 2);
  }
}

/** Datagrams waiting for the driver, in slots allocated once, when they are first used. */
export class TransmitRing {
  readonly #slots: Slot[] = [];
  readonly #mask: number;
  readonly #slotOctets: number;
  #chunk = new ArrayBuffer(0);
  #head = 0;
  #tail = 0;
  /** Datagrams given up because every slot was full. */
  dropped = 0;

  /** `slots` must be a power of two, `slotOctets` a multiple of four; one slot is always free, for the datagram being encoded. */
  constructor(slots: number, slotOctets: number) {
    this.#mask = slots - 1;
    this.#slotOctets = slotOctets;
  }

  /** How many more datagrams fit. */
  get room(): number {
    return this.#mask - (this.#tail - this.#head);
  }

  /** The view to encode the next datagram into. It counts only once `commit` is called. */
  claim(): DataView {
    const slot = this.#tail & this.#mask;
    // Slots are used in turn: all that were ever used come first.
    if (slot === this.#slots.length) this.#slots.push(this.#openSlot(slot));
    return this.#slots[slot]!.view;
  }

  /** False when every slot is full: the datagram is given up. */
  commit(peer: number, length: number): boolean {
    if (this.room === 0) {
      this.dropped++;
      return false;
    }
    const slot = this.#slots[this.#tail & this.#mask]!;
    slot.peer = peer;
    slot.length = length;
    this.#tail++;
    return true;
  }

  take(out: Transmit): boolean {
    if (this.#head === this.#tail) {
      // The slots used last are still in the processor's cache.
      this.#head = 0;
      this.#tail = 0;
      return false;
    }
    const slot = this.#slots[this.#head++ & this.#mask]!;
    out.peer = slot.peer;
    out.bytes = slot.bytes;
    out.view = slot.view;
    out.words = slot.words;
    out.length = slot.length;
    return true;
  }

  #openSlot(number: number): Slot {
    const place = number % SLOTS_A_CHUNK;
    if (place === 0) this.#chunk = new ArrayBuffer(SLOTS_A_CHUNK * this.#slotOctets);
    return new Slot(this.#chunk, place * this.#slotOctets, this.#slotOctets);
  }
}
