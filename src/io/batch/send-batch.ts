import type { Family } from "../../address/index.ts";
import { MessageBlock } from "./message-block.ts";
import type { Native } from "./native.ts";
import { writeSource } from "./packet-info.ts";
import { socketAddressLength, writeEndpoint } from "./socket-address.ts";

const EINTR = 4;
const EAGAIN = 11;

/** What became of datagrams. */
export interface SendCounters {
  sent: number;
  /** Not taken by the kernel: no route, refused by a filter, or its buffer full. */
  sendErrors: number;
}

/** Datagrams that go out with one sendmmsg. */
export class SendBatch {
  readonly #counters: SendCounters;
  readonly #native: Native;
  readonly #block: MessageBlock;
  readonly #octets: readonly Uint8Array[];
  #size = 0;

  constructor(native: Native, slots: number, slotOctets: number, counters: SendCounters) {
    this.#native = native;
    this.#counters = counters;
    this.#block = new MessageBlock(native, slots, slotOctets);
    this.#octets = this.#block.data.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    for (let slot = 0; slot < slots; slot++) this.#block.setControlLength(slot, 0);
  }

  get isFull(): boolean {
    return this.#size === this.#block.slots;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the first `length` octets of `bytes`, to an address and port. There must be room. */
  add(bytes: Uint8Array, length: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): void {
    const slot = this.#size++;
    const block = this.#block;
    const name = block.nameAt(slot);
    const octets = this.#octets[slot]!;
    for (let octet = 0; octet < length; octet++) octets[octet] = bytes[octet]!;
    block.setVectorLength(slot, length);
    writeEndpoint(block.view, name, family, w0, w1, w2, w3, port);
    block.setNameLength(slot, socketAddressLength(family));
  }

  /** Has the datagram added last leave from an address of this machine, four words of `words`. */
  from(family: Family, words: Uint32Array, at: number): void {
    writeSource(this.#block, this.#size - 1, family, words, at);
  }

  /** Hands all to the kernel. What it does not take is lost, as on the wire, and counted. */
  flush(descriptor: number): void {
    for (let done = 0; done < this.#size; ) done += this.#hand(descriptor, done);
    this.#size = 0;
  }

  /** Hands over from a slot on; gives how many are done with. */
  #hand(descriptor: number, from: number): number {
    const sent = this.#native.sendmmsg(descriptor, this.#block.headerAddress(from), this.#size - from, 0);
    if (sent > 0) {
      this.#counters.sent += sent;
      return sent;
    }
    const errno = this.#native.errno();
    if (errno === EINTR) return 0;
    // One that cannot go is no reason to keep the others, but a full buffer takes none of them.
    const lost = errno === EAGAIN ? this.#size - from : 1;
    this.#counters.sendErrors += lost;
    return lost;
  }
}
