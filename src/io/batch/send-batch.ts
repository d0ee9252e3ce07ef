import type { Family } from "../../address/index.ts";
import { MessageBlock } from "./message-block.ts";
import type { Native } from "./native.ts";
import { appendSource } from "./packet-info.ts";
import { LARGEST_SEGMENT, MOST_SEGMENTED_OCTETS, MOST_SEGMENTS, appendSegmentSize, dropSegmentSize } from "./segments.ts";
import { socketAddressLength, writeEndpoint } from "./socket-address.ts";

const EINTR = 4;
const EAGAIN = 11;

/** What became of datagrams. */
export interface SendCounters {
  sent: number;
  /** Not taken by the kernel: no route, refused by a filter, or its buffer full. */
  sendErrors: number;
}

/** Where a message goes. */
interface Destination {
  family: Family;
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  port: number;
}

/**
 * Datagrams that go out with one sendmmsg. Those that follow each other to one place, and are as long as each other, make one message,
 * which the kernel cuts (UDP_SEGMENT): it goes through the network stack once, not once for each.
 */
export class SendBatch {
  readonly #counters: SendCounters;
  readonly #native: Native;
  readonly #block: MessageBlock;
  readonly #octets: readonly Uint8Array[];
  /** Of each message, how many datagrams it holds. */
  readonly #datagrams: Uint16Array;
  readonly #last: Destination = { family: 4, w0: 0, w1: 0, w2: 0, w3: 0, port: 0 };
  #lastLength = 0;
  #size = 0;
  #messages = 0;
  /** Until it shows that this socket's way out does not take it. */
  #isJoining: boolean;

  /** `isJoining`: whether datagrams may be joined. */
  constructor(native: Native, slots: number, slotOctets: number, counters: SendCounters, isJoining = true) {
    this.#isJoining = isJoining;
    this.#native = native;
    this.#counters = counters;
    this.#block = new MessageBlock(native, slots, slotOctets);
    this.#datagrams = new Uint16Array(slots);
    this.#octets = this.#block.data.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  }

  get isFull(): boolean {
    return this.#size === this.#block.slots;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the first `length` octets of `bytes`, to an address and port. There must be room. True: it is not joined to the one before. */
  add(bytes: Uint8Array, length: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): boolean {
    const slot = this.#size++;
    const octets = this.#octets[slot]!;
    for (let octet = 0; octet < length; octet++) octets[octet] = bytes[octet]!;
    this.#block.setVectorLength(slot, length);
    if (this.#takesMore(length) && isSame(this.#last, family, w0, w1, w2, w3, port)) {
      this.#join(slot, length);
      return false;
    }
    this.#begin(slot, length, family, w0, w1, w2, w3, port);
    return true;
  }

  /** Has the datagram added last, which is not joined to another, leave from an address of this machine, four words of `words`. */
  from(family: Family, words: Uint32Array, at: number): void {
    appendSource(this.#block, this.#messages - 1, family, words, at);
  }

  /** Hands all to the kernel. What it does not take is lost, as on the wire, and counted. */
  flush(descriptor: number): void {
    for (let message = 0, slot = 0; message < this.#messages; ) {
      const done = this.#hand(descriptor, message, slot);
      for (const end = message + done; message < end; message++) slot += this.#datagrams[message]!;
    }
    this.#size = 0;
    this.#messages = 0;
  }

  #takesMore(length: number): boolean {
    if (!this.#isJoining || this.#messages === 0 || length !== this.#lastLength || length > LARGEST_SEGMENT) return false;
    const datagrams = this.#datagrams[this.#messages - 1]!;
    return datagrams < MOST_SEGMENTS && (datagrams + 1) * length <= MOST_SEGMENTED_OCTETS;
  }

  #join(slot: number, length: number): void {
    const message = this.#messages - 1;
    const datagrams = ++this.#datagrams[message]!;
    if (datagrams === 2) appendSegmentSize(this.#block, message, length);
    this.#block.setVectors(message, slot + 1 - datagrams, datagrams);
  }

  #begin(slot: number, length: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): void {
    const message = this.#messages++;
    const block = this.#block;
    this.#datagrams[message] = 1;
    block.setVectors(message, slot, 1);
    block.setControlLength(message, 0);
    block.setNameLength(message, socketAddressLength(family));
    writeEndpoint(block.view, block.nameAt(message), family, w0, w1, w2, w3, port);
    this.#lastLength = length;
    const last = this.#last;
    last.family = family;
    last.w0 = w0;
    last.w1 = w1;
    last.w2 = w2;
    last.w3 = w3;
    last.port = port;
  }

  /** Hands over from a message on, whose first datagram is in this slot; gives how many messages are done with. */
  #hand(descriptor: number, message: number, slot: number): number {
    const sent = this.#native.sendmmsg(descriptor, this.#block.headerAddress(message), this.#messages - message, 0);
    if (sent > 0) {
      for (let one = message; one < message + sent; one++) this.#counters.sent += this.#datagrams[one]!;
      return sent;
    }
    const errno = this.#native.errno();
    if (errno === EINTR) return 0;
    if (errno === EAGAIN) return this.#giveUp(message);
    // One that cannot go is no reason to keep the others.
    if (this.#datagrams[message] === 1) this.#counters.sendErrors++;
    else this.#handApart(descriptor, message, slot);
    return 1;
  }

  /** A full buffer takes none of them. */
  #giveUp(message: number): number {
    for (let one = message; one < this.#messages; one++) this.#counters.sendErrors += this.#datagrams[one]!;
    return this.#messages - message;
  }

  /** Not every device and filter takes what is still to be cut. Where the same goes through in pieces, nothing is joined any more. */
  #handApart(descriptor: number, message: number, slot: number): void {
    dropSegmentSize(this.#block, message);
    for (let piece = 0; piece < this.#datagrams[message]!; piece++) {
      this.#block.setVectors(message, slot + piece, 1);
      const isSent = this.#native.sendmmsg(descriptor, this.#block.headerAddress(message), 1, 0) === 1;
      if (isSent) {
        this.#counters.sent++;
        this.#isJoining = false;
      } else {
        this.#counters.sendErrors++;
      }
    }
  }
}

function isSame(last: Destination, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): boolean {
  return last.port === port && last.w0 === w0 && last.w3 === w3 && last.w1 === w1 && last.w2 === w2 && last.family === family;
}
