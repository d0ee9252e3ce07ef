import type { Native } from "./native.ts";
import { SOCKET_ADDRESS_OCTETS } from "./socket-address.ts";

/** struct mmsghdr of 64-bit Linux (recvmmsg(2), recvmsg(2)). */
const HEADER_OCTETS = 64;
const NAME = 0;
const NAME_LENGTH = 8;
const VECTOR = 16;
const VECTOR_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const LENGTH = 56;
/** struct iovec. */
const VECTOR_OCTETS = 16;
const VECTOR_LENGTH = 8;
/** One struct cmsghdr with a struct in6_pktinfo, and room to spare. */
export const CONTROL_OCTETS = 64;

/**
 * Memory for so many datagrams at a time, laid out once as recvmmsg and sendmmsg want it: headers, addresses, control messages
 * and octets of each slot.
 */
export class MessageBlock {
  readonly slots: number;
  readonly slotOctets: number;
  /** Where the kernel finds the headers. */
  readonly address: number;
  /** All of it. */
  readonly view: DataView;
  /** The octets of each slot. */
  readonly data: readonly DataView[];
  readonly #names: number;
  readonly #controls: number;

  constructor(native: Native, slots: number, slotOctets: number) {
    this.slots = slots;
    this.slotOctets = slotOctets;
    const vectors = slots * HEADER_OCTETS;
    this.#names = vectors + slots * VECTOR_OCTETS;
    this.#controls = this.#names + slots * SOCKET_ADDRESS_OCTETS;
    const data = this.#controls + slots * CONTROL_OCTETS;
    const memory = new ArrayBuffer(data + slots * slotOctets);
    this.address = native.addressOf(memory);
    this.view = new DataView(memory);
    this.data = Array.from({ length: slots }, (_, slot) => new DataView(memory, data + slot * slotOctets, slotOctets));
    for (let slot = 0; slot < slots; slot++) {
      const vector = vectors + slot * VECTOR_OCTETS;
      this.#setPointer(slot * HEADER_OCTETS + NAME, this.nameAt(slot));
      this.#setPointer(slot * HEADER_OCTETS + VECTOR, vector);
      this.view.setUint32(slot * HEADER_OCTETS + VECTOR_COUNT, 1, true);
      this.#setPointer(slot * HEADER_OCTETS + CONTROL, this.controlAt(slot));
      this.#setPointer(vector, data + slot * slotOctets);
      this.setVectorLength(slot, slotOctets);
    }
  }

  /** Where a slot's socket address is in `view`. */
  nameAt(slot: number): number {
    return this.#names + slot * SOCKET_ADDRESS_OCTETS;
  }

  /** Where a slot's control messages are in `view`. */
  controlAt(slot: number): number {
    return this.#controls + slot * CONTROL_OCTETS;
  }

  /** Where the kernel finds a slot's header. */
  headerAddress(slot: number): number {
    return this.address + slot * HEADER_OCTETS;
  }

  setNameLength(slot: number, octets: number): void {
    this.view.setUint32(slot * HEADER_OCTETS + NAME_LENGTH, octets, true);
  }

  controlLength(slot: number): number {
    return this.view.getUint32(slot * HEADER_OCTETS + CONTROL_LENGTH, true);
  }

  setControlLength(slot: number, octets: number): void {
    this.view.setUint32(slot * HEADER_OCTETS + CONTROL_LENGTH, octets, true);
  }

  /** How many octets came, or were sent. */
  length(slot: number): number {
    return this.view.getUint32(slot * HEADER_OCTETS + LENGTH, true);
  }

  /** Has a message be made of the octets of so many slots, one after the other, from a slot on. */
  setVectors(message: number, slot: number, count: number): void {
    this.#setPointer(message * HEADER_OCTETS + VECTOR, this.slots * HEADER_OCTETS + slot * VECTOR_OCTETS);
    this.view.setUint32(message * HEADER_OCTETS + VECTOR_COUNT, count, true);
  }

  setVectorLength(slot: number, octets: number): void {
    this.view.setUint32(this.slots * HEADER_OCTETS + slot * VECTOR_OCTETS + VECTOR_LENGTH, octets, true);
  }

  /** Writes the address of what is at `target` in `view`. */
  #setPointer(at: number, target: number): void {
    const address = this.address + target;
    this.view.setUint32(at, address >>> 0, true);
    this.view.setUint32(at + 4, Math.floor(address / 2 ** 32), true);
  }
}
