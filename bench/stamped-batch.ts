import { findControl } from "../src/io/batch/control-messages.ts";
import { CONTROL_OCTETS, MessageBlock } from "../src/io/batch/message-block.ts";
import type { Native } from "../src/io/batch/native.ts";
import { SOL_UDP, UDP_GRO } from "../src/io/batch/segments.ts";
import { SOCKET_ADDRESS_OCTETS, readPort, readWord } from "../src/io/batch/socket-address.ts";
import { MAX_DATAGRAM_OCTETS } from "../src/wire/index.ts";
import type { WallClock } from "./wall-clock.ts";

const MSG_DONTWAIT = 0x40;
/** socket(7): has the kernel say when it took each datagram: on loopback, when its sender handed it over. A struct timespec. */
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const TIMESPEC_OCTETS = 16;

/** Has a socket stamp what it takes, and give each datagram by itself, with a stamp of its own. */
export function stamp(native: Native, descriptor: number): void {
  const memory = new ArrayBuffer(4);
  const set = (level: number, option: number, value: number): void => {
    new DataView(memory).setInt32(0, value, true);
    if (native.setsockopt(descriptor, level, option, native.addressOf(memory), 4) < 0) throw new Error(`socket option ${option} cannot be set: error ${native.errno()}; the kernel must know SO_TIMESTAMPNS and UDP_GRO`);
  };
  set(SOL_UDP, UDP_GRO, 0);
  set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

/** The datagrams, of IPv4, that one recvmmsg has brought from a socket that stamps them. */
export class StampedBatch {
  readonly #native: Native;
  readonly #clock: WallClock;
  readonly #block: MessageBlock;

  constructor(native: Native, clock: WallClock, slots: number) {
    this.#native = native;
    this.#clock = clock;
    this.#block = new MessageBlock(native, slots, MAX_DATAGRAM_OCTETS);
  }

  /** Gives how many came. */
  receive(descriptor: number): number {
    for (let slot = 0; slot < this.#block.slots; slot++) {
      this.#block.setNameLength(slot, SOCKET_ADDRESS_OCTETS);
      this.#block.setControlLength(slot, CONTROL_OCTETS);
    }
    return Math.max(0, this.#native.recvmmsg(descriptor, this.#block.address, this.#block.slots, MSG_DONTWAIT, 0));
  }

  /** A datagram's octets are the first `length` of this. */
  data(datagram: number): DataView {
    return this.#block.data[datagram]!;
  }

  length(datagram: number): number {
    return this.#block.length(datagram);
  }

  /** The address it came from. */
  word(datagram: number): number {
    return readWord(this.#block.view, this.#block.nameAt(datagram), 4, 0);
  }

  port(datagram: number): number {
    return readPort(this.#block.view, this.#block.nameAt(datagram));
  }

  /** When the kernel took it; nanoseconds of the wall clock. */
  takenAt(datagram: number): number {
    const at = findControl(this.#block, datagram, SOL_SOCKET, SO_TIMESTAMPNS, TIMESPEC_OCTETS);
    if (at < 0) throw new Error("the kernel has not stamped a datagram");
    return this.#clock.read(this.#block.view, at);
  }
}
