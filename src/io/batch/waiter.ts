import type { Native } from "./native.ts";

const POLLIN = 1;
/** struct pollfd: descriptor, events wanted, events seen. */
const POLL_OCTETS = 8;
const WANTED = 4;
const SEEN = 6;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

/** Waits until one of several sockets has something, for some time, or until another thread raises the alarm. */
export class Waiter {
  /** An eventfd. */
  readonly alarm: number;
  readonly #native: Native;
  readonly #count: number;
  readonly #view: DataView;
  readonly #address: number;
  readonly #time: number;
  readonly #number: number;

  constructor(native: Native, sockets: readonly number[]) {
    this.#native = native;
    this.alarm = native.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const descriptors = [...sockets, this.alarm];
    this.#count = descriptors.length;
    this.#time = this.#count * POLL_OCTETS;
    this.#number = this.#time + 16;
    const memory = new ArrayBuffer(this.#number + 8);
    this.#address = native.addressOf(memory);
    this.#view = new DataView(memory);
    for (const [index, descriptor] of descriptors.entries()) {
      this.#view.setInt32(index * POLL_OCTETS, descriptor, true);
      this.#view.setInt16(index * POLL_OCTETS + WANTED, POLLIN, true);
    }
  }

  /** Waits so many microseconds at most, Infinity for ever; gives how many have something. */
  wait(microseconds: number): number {
    const isEndless = microseconds === Infinity;
    if (!isEndless) this.#setTime(microseconds);
    return Math.max(0, this.#native.ppoll(this.#address, this.#count, isEndless ? 0 : this.#address + this.#time, 0));
  }

  /** Whether the last wait found something on a socket, an error too. */
  isReady(index: number): boolean {
    return this.#view.getInt16(index * POLL_OCTETS + SEEN, true) !== 0;
  }

  /** Whether the alarm was raised; it is over then. */
  takeAlarm(): boolean {
    return this.isReady(this.#count - 1) && this.#native.read(this.alarm, this.#address + this.#number, 8) === 8;
  }

  close(): void {
    this.#native.close(this.alarm);
  }

  /** struct timespec: seconds and nanoseconds, 64 bits each. */
  #setTime(microseconds: number): void {
    const seconds = Math.floor(microseconds / 1_000_000);
    this.#view.setUint32(this.#time, seconds, true);
    this.#view.setUint32(this.#time + 8, Math.ceil((microseconds - seconds * 1_000_000) * 1000), true);
  }
}
