import { MAX_DATAGRAM_OCTETS } from "../wire/index.ts";
import { HASH_OF_NOTHING, mixed } from "./trace.ts";

const SLOTS_A_CHUNK = 256;

/** Datagrams on their way, in buffers that are used again. */
export class DatagramPool {
  readonly views: DataView[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly lengths: number[] = [];
  /** Whether nobody sent it whom it seems to come from. */
  readonly forged: boolean[] = [];
  /** Hashes of what is in them, for the trace. */
  readonly hashes: number[] = [];
  readonly #free: number[] = [];

  get inUse(): number {
    return this.views.length - this.#free.length;
  }

  /** Keeps a copy of the first `length` octets of a view; gives its slot. */
  keep(from: number, to: number, view: DataView, length: number, isForged: boolean): number {
    if (this.#free.length === 0) this.#grow();
    const slot = this.#free.pop()!;
    this.from[slot] = from;
    this.to[slot] = to;
    this.lengths[slot] = length;
    this.forged[slot] = isForged;
    let hash = HASH_OF_NOTHING;
    const copy = this.views[slot]!;
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4) {
      const word = view.getInt32(at, true);
      copy.setInt32(at, word, true);
      hash = mixed(hash, word);
    }
    for (let at = whole; at < length; at++) {
      const octet = view.getUint8(at);
      copy.setUint8(at, octet);
      hash = mixed(hash, octet);
    }
    this.hashes[slot] = hash;
    return slot;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  #grow(): void {
    const memory = new ArrayBuffer(SLOTS_A_CHUNK * MAX_DATAGRAM_OCTETS);
    for (let index = SLOTS_A_CHUNK - 1; index >= 0; index--) {
      this.#free.push(this.views.length);
      this.views.push(new DataView(memory, index * MAX_DATAGRAM_OCTETS, MAX_DATAGRAM_OCTETS));
      this.from.push(0);
      this.to.push(0);
      this.lengths.push(0);
      this.forged.push(false);
      this.hashes.push(0);
    }
  }
}
