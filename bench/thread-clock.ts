import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/** clock_gettime(2): CPU time of the thread that asks, to the nanosecond; getrusage(2) counts in ticks. */
const CLOCK_THREAD_CPUTIME_ID = 3;

/** A clock of the CPU time that this thread has had, in milliseconds. Throws where koffi does not load. */
export function threadClock(): () => number {
  const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
  const readClock = koffi.load(null).func("int clock_gettime(int, _Out_ int64_t *)");
  const time = new BigInt64Array(2);
  return () => {
    readClock(CLOCK_THREAD_CPUTIME_ID, time);
    return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
  };
}
