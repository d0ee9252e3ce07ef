import { MAX_DATAGRAM_OCTETS } from "../wire/index.ts";
import { HASH_OF_NOTHING, littleEndian, mixed } from "./trace.ts";

const SLOTS_A_CHUNK = 256;

/** Datagrams on their way, in buffers that are used again. */
export class DatagramPool {
  readonly views: DataView[] = [];
  readonly #words: Int32Array[] = [];
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

  /** Keeps a copy of a datagram of `length` octets, given as words in this machine's order, the last of which may be a part of one; gives its slot. */
  keep(from: number, to: number, words: Int32Array, length: number, isForged: boolean): number {
    if (this.#free.length === 0) this.#grow();
    const slot = this.#free.pop()!;
    this.from[slot] = from;
    this.to[slot] = to;
    this.lengths[slot] = length;
    this.forged[slot] = isForged;
    const copy = this.#words[slot]!;
    const whole = length >> 2;
    let hash = HASH_OF_NOTHING;
    for (let at = 0; at < whole; at++) {
      const word = words[at]!;
      copy[at] = word;
      hash = mixed(hash, littleEndian(word));
    }
    const rest = length & 3;
    if (rest > 0) {
      copy[whole] = words[whole]!;
      hash = mixed(mixed(hash, littleEndian(words[whole]!) & ((1 << (8 * rest)) - 1)), rest);
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
      this.#words.push(new Int32Array(memory, index * MAX_DATAGRAM_OCTETS, MAX_DATAGRAM_OCTETS >> 2));
      this.from.push(0);
      this.to.push(0);
      this.lengths.push(0);
      this.forged.push(false);
      this.hashes.push(0);
    }
  }
}
