import type { Family } from "../../address/index.ts";
import { CONTROL_OCTETS, MessageBlock } from "./message-block.ts";
import type { Native } from "./native.ts";
import { readDestination } from "./packet-info.ts";
import { SOCKET_ADDRESS_OCTETS, readFamily, readPort, readWord } from "./socket-address.ts";

const MSG_DONTWAIT = 0x40;

/** The datagrams that one recvmmsg has brought. */
export class ReceiveBatch {
  readonly #native: Native;
  readonly #block: MessageBlock;
  /** Slots that the kernel has written to since they were made ready. */
  #used: number;

  constructor(native: Native, slots: number, slotOctets: number) {
    this.#native = native;
    this.#block = new MessageBlock(native, slots, slotOctets);
    this.#used = slots;
  }

  /** Takes what a socket has, as many as there are slots; gives how many. */
  receive(descriptor: number): number {
    const block = this.#block;
    for (let slot = 0; slot < this.#used; slot++) {
      block.setNameLength(slot, SOCKET_ADDRESS_OCTETS);
      block.setControlLength(slot, CONTROL_OCTETS);
    }
    const received = this.#native.recvmmsg(descriptor, block.address, block.slots, MSG_DONTWAIT, 0);
    this.#used = Math.max(0, received);
    return this.#used;
  }

  /** A datagram's octets are the first `length` of this. */
  data(slot: number): DataView {
    return this.#block.data[slot]!;
  }

  /** Of one that was longer than a slot, as much as a slot holds. */
  length(slot: number): number {
    return this.#block.length(slot);
  }

  family(slot: number): Family {
    return readFamily(this.#block.view, this.#block.nameAt(slot));
  }

  port(slot: number): number {
    return readPort(this.#block.view, this.#block.nameAt(slot));
  }

  /** One of the four 32-bit words of the source's address. */
  word(slot: number, family: Family, index: 0 | 1 | 2 | 3): number {
    return readWord(this.#block.view, this.#block.nameAt(slot), family, index);
  }

  /** Fills `out` with the address it was sent to; false where the kernel did not say. */
  destination(slot: number, family: Family, out: Uint32Array, at: number): boolean {
    return readDestination(this.#block, slot, family, out, at);
  }
}
