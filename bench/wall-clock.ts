import type { Native } from "../src/io/batch/native.ts";

/** clock_gettime(2), by its number; the C library's name for it takes no pointer as a number here. */
const CLOCK_GETTIME = process.arch === "x64" ? 228 : 113;
const CLOCK_REALTIME = 0;
const NANOSECONDS = 8;

/** The clock that the kernel stamps datagrams by, in nanoseconds from an origin of its own: what has passed since 1970 is more than a number holds. */
export class WallClock {
  readonly #native: Native;
  readonly #time = new DataView(new ArrayBuffer(16));
  readonly #address: number;
  readonly #origin: number;

  constructor(native: Native) {
    this.#native = native;
    this.#address = native.addressOf(this.#time.buffer);
    this.#origin = Math.floor(Date.now() / 1000);
  }

  now(): number {
    this.#native.syscall(CLOCK_GETTIME, CLOCK_REALTIME, this.#address, 0, 0);
    return this.read(this.#time, 0);
  }

  /** Of a struct timespec: seconds and nanoseconds, 64 bits each. */
  read(view: DataView, at: number): number {
    return (Number(view.getBigInt64(at, true)) - this.#origin) * 1e9 + view.getUint32(at + NANOSECONDS, true);
  }
}
