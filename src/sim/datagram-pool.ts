import { MAX_DATAGRAM_OCTETS } from "../wire/index.ts";
import { HASH_OF_NOTHING, littleEndian, mixed } from "./trace.ts";

/** A slot's row of words: where the datagram comes from and goes to, its length, the hash of what is in it for the trace, and whether it is forged; then its octets. */
const FROM = 0;
const TO = 1;
const LENGTH = 2;
const HASH = 3;
const FORGED = 4;
const OCTETS = 8;
const ROW = OCTETS + (MAX_DATAGRAM_OCTETS >> 2);
const FIRST_CAPACITY = 256;

/** Datagrams on their way, in memory that is used again. */
export class DatagramPool {
  #rows = new Int32Array(0);
  #capacity = 0;
  readonly #views: DataView[] = [];
  readonly #free: number[] = [];

  get inUse(): number {
    return this.#capacity - this.#free.length;
  }

  /** Keeps a copy of a datagram of `length` octets, given as words in this machine's order, the last of which may be a part of one; gives its slot. */
  keep(from: number, to: number, words: Int32Array, length: number, isForged: boolean): number {
    if (this.#free.length === 0) this.#grow();
    const slot = this.#free.pop()!;
    const rows = this.#rows;
    const row = slot * ROW;
    const octets = row + OCTETS;
    const whole = length >> 2;
    let hash = HASH_OF_NOTHING;
    for (let at = 0; at < whole; at++) {
      const word = words[at]!;
      rows[octets + at] = word;
      hash = mixed(hash, littleEndian(word));
    }
    const rest = length & 3;
    if (rest > 0) {
      rows[octets + whole] = words[whole]!;
      hash = mixed(mixed(hash, littleEndian(words[whole]!) & ((1 << (8 * rest)) - 1)), rest);
    }
    rows[row + FROM] = from;
    rows[row + TO] = to;
    rows[row + LENGTH] = length;
    rows[row + HASH] = hash;
    rows[row + FORGED] = isForged ? 1 : 0;
    return slot;
  }

  /** Of all its octets; valid until the slot is released. */
  view(slot: number): DataView {
    return this.#views[slot]!;
  }

  from(slot: number): number {
    return this.#rows[slot * ROW + FROM]!;
  }

  to(slot: number): number {
    return this.#rows[slot * ROW + TO]!;
  }

  length(slot: number): number {
    return this.#rows[slot * ROW + LENGTH]!;
  }

  hash(slot: number): number {
    return this.#rows[slot * ROW + HASH]!;
  }

  /** Whether nobody sent it whom it seems to come from. */
  isForged(slot: number): boolean {
    return this.#rows[slot * ROW + FORGED] === 1;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  /** Twice as many slots. Views that somebody still looks at stay as they are, of the memory before. */
  #grow(): void {
    const before = this.#capacity;
    this.#capacity = Math.max(FIRST_CAPACITY, 2 * before);
    const rows = new Int32Array(this.#capacity * ROW);
    rows.set(this.#rows);
    this.#rows = rows;
    for (let slot = 0; slot < this.#capacity; slot++) this.#views[slot] = new DataView(rows.buffer, (slot * ROW + OCTETS) * 4, MAX_DATAGRAM_OCTETS);
    for (let slot = this.#capacity - 1; slot >= before; slot--) this.#free.push(slot);
  }
}
