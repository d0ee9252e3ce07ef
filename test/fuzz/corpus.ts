import type { NextU32 } from "../../src/core/next-u32.ts";
import type { Endpoint } from "./network.ts";

const SIZE = 1024;
const SLOT_OCTETS = 1232;
const NOWHERE: Endpoint = { word: 0, port: 0 };

/** Valid datagrams of the world, heard on the wire: young ones mostly, and a few from long ago. */
export class Corpus {
  readonly bytes: readonly Uint8Array[];
  readonly lengths = new Uint16Array(SIZE);
  /** Who sent it. */
  readonly from: Endpoint[] = Array.from({ length: SIZE }, () => NOWHERE);
  /** Which of the target's endpoints it went to; -1 when it went to somebody else. */
  readonly links = new Int8Array(SIZE);
  size = 0;
  readonly #random: NextU32;

  constructor(random: NextU32) {
    const memory = new Uint8Array(SIZE * SLOT_OCTETS);
    this.bytes = Array.from({ length: SIZE }, (_, slot) => memory.subarray(slot * SLOT_OCTETS, (slot + 1) * SLOT_OCTETS));
    this.#random = random;
  }

  add(from: Endpoint, link: number, bytes: Uint8Array, length: number): void {
    const slot = this.size < SIZE ? this.size++ : this.#random() % SIZE;
    this.bytes[slot]!.set(bytes.subarray(0, length));
    this.lengths[slot] = length;
    this.from[slot] = from;
    this.links[slot] = link;
  }

  pick(): number {
    return this.#random() % this.size;
  }
}
