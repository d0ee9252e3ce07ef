import type { Family } from "../../address/index.ts";
import { CONTROL_OCTETS, MessageBlock } from "./message-block.ts";
import type { Native } from "./native.ts";
import { readDestination } from "./packet-info.ts";
import { MOST_RECEIVED_SEGMENTS, segmentSize } from "./segments.ts";
import { SOCKET_ADDRESS_OCTETS, readFamily, readPort, readWord } from "./socket-address.ts";

const MSG_DONTWAIT = 0x40;
/** The most that the kernel makes one message of; and a line of the processor's cache, so that slots do not share lines of it. */
const SLOT_OCTETS = 65_536 + 64;

/**
 * The datagrams that one recvmmsg has brought. A message may hold several of one sender (UDP_GRO): each is a datagram here, by its
 * number.
 */
export class ReceiveBatch {
  readonly #native: Native;
  readonly #block: MessageBlock;
  readonly #most: number;
  /** Of each datagram, the message it came in and where it begins in that. */
  readonly #slots: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  /** Where datagrams began before, by slot and place in the message: most are as long as each other, so that they begin there again. */
  readonly #views: (DataView | undefined)[];
  /** Of each datagram, its index in `#views`. */
  readonly #places: Uint16Array;
  /** Slots that the kernel has written to since they were made ready. */
  #used: number;
  #size = 0;

  /** `slots`: messages at a time, at most 256; `most`: octets of a datagram, of a longer one only so much is taken. */
  constructor(native: Native, slots: number, most: number) {
    this.#native = native;
    this.#block = new MessageBlock(native, slots, SLOT_OCTETS);
    this.#most = most;
    this.#slots = new Uint8Array(slots * MOST_RECEIVED_SEGMENTS);
    this.#offsets = new Uint32Array(slots * MOST_RECEIVED_SEGMENTS);
    this.#lengths = new Uint32Array(slots * MOST_RECEIVED_SEGMENTS);
    this.#views = Array.from({ length: slots * MOST_RECEIVED_SEGMENTS }, () => undefined);
    this.#places = new Uint16Array(slots * MOST_RECEIVED_SEGMENTS);
    this.#used = slots;
  }

  /** Takes what a socket has, as many messages as there are slots; gives how many datagrams these are. */
  receive(descriptor: number): number {
    const block = this.#block;
    for (let slot = 0; slot < this.#used; slot++) {
      block.setNameLength(slot, SOCKET_ADDRESS_OCTETS);
      block.setControlLength(slot, CONTROL_OCTETS);
    }
    this.#used = Math.max(0, this.#native.recvmmsg(descriptor, block.address, block.slots, MSG_DONTWAIT, 0));
    this.#size = 0;
    for (let slot = 0; slot < this.#used; slot++) this.#take(slot);
    return this.#size;
  }

  /** A datagram's octets are the first `length` of this. */
  data(datagram: number): DataView {
    const message = this.#block.data[this.#slots[datagram]!]!;
    const offset = this.#offsets[datagram]!;
    if (offset === 0) return message;
    const place = this.#places[datagram]!;
    const before = this.#views[place];
    if (before !== undefined && before.byteOffset === message.byteOffset + offset) return before;
    const view = new DataView(message.buffer, message.byteOffset + offset, message.byteLength - offset);
    this.#views[place] = view;
    return view;
  }

  length(datagram: number): number {
    return this.#lengths[datagram]!;
  }

  /** Whether it came in one message with the datagram before, and so from the same sender to the same address. */
  follows(datagram: number): boolean {
    return datagram > 0 && this.#slots[datagram] === this.#slots[datagram - 1];
  }

  family(datagram: number): Family {
    return readFamily(this.#block.view, this.#block.nameAt(this.#slots[datagram]!));
  }

  port(datagram: number): number {
    return readPort(this.#block.view, this.#block.nameAt(this.#slots[datagram]!));
  }

  /** One of the four 32-bit words of the source's address. */
  word(datagram: number, family: Family, index: 0 | 1 | 2 | 3): number {
    return readWord(this.#block.view, this.#block.nameAt(this.#slots[datagram]!), family, index);
  }

  /** Fills `out` with the address it was sent to; false where the kernel did not say. */
  destination(datagram: number, family: Family, out: Uint32Array, at: number): boolean {
    return readDestination(this.#block, this.#slots[datagram]!, family, out, at);
  }

  #take(slot: number): void {
    const length = this.#block.length(slot);
    const segment = segmentSize(this.#block, slot) || length;
    const end = Math.min(length, segment * MOST_RECEIVED_SEGMENTS);
    // One without octets is a datagram too.
    for (let offset = 0, place = slot * MOST_RECEIVED_SEGMENTS; offset === 0 || offset < end; offset += segment, place++) {
      const datagram = this.#size++;
      this.#places[datagram] = place;
      this.#slots[datagram] = slot;
      this.#offsets[datagram] = offset;
      this.#lengths[datagram] = Math.min(segment, length - offset, this.#most);
      if (segment === 0) break;
    }
  }
}
