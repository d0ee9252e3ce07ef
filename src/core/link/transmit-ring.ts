import type { Transmit } from "../engine.ts";

const SLOTS_A_CHUNK = 32;

/** Datagrams waiting for the driver, in slots allocated once, when they are first used. */
export class TransmitRing {
  readonly #views: DataView[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #words: Int32Array[] = [];
  readonly #peers: Int32Array;
  readonly #lengths: Int32Array;
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
    this.#peers = new Int32Array(slots);
    this.#lengths = new Int32Array(slots);
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
    if (slot === this.#views.length) this.#openSlot(slot);
    return this.#views[slot]!;
  }

  /** False when every slot is full: the datagram is given up. */
  commit(peer: number, length: number): boolean {
    if (this.room === 0) {
      this.dropped++;
      return false;
    }
    const slot = this.#tail & this.#mask;
    this.#peers[slot] = peer;
    this.#lengths[slot] = length;
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
    const slot = this.#head++ & this.#mask;
    out.peer = this.#peers[slot]!;
    out.bytes = this.#bytes[slot]!;
    out.view = this.#views[slot]!;
    out.words = this.#words[slot]!;
    out.length = this.#lengths[slot]!;
    return true;
  }

  #openSlot(slot: number): void {
    const place = slot % SLOTS_A_CHUNK;
    if (place === 0) this.#chunk = new ArrayBuffer(SLOTS_A_CHUNK * this.#slotOctets);
    this.#views.push(new DataView(this.#chunk, place * this.#slotOctets, this.#slotOctets));
    this.#bytes.push(new Uint8Array(this.#chunk, place * this.#slotOctets, this.#slotOctets));
    this.#words.push(new Int32Array(this.#chunk, place * this.#slotOctets, this.#slotOctets >> 2));
  }
}
