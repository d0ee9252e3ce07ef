import { uptime } from "node:os";

/** How often the two clocks are compared; milliseconds. */
const CHECK_EVERY = 50;
/** os.uptime() steps by 10 ms, and the two readings are not taken at one instant. */
const NOISE = 500;

/**
 * A clock in microseconds from an origin of its own that never steps back, and counts the time for which the machine was
 * suspended (as CLOCK_BOOTTIME does): what a querier holds must not outlive its server's promise by a nap. `running` is the
 * usual monotonic clock in milliseconds, `sinceBoot` the seconds since the machine was booted, naps included.
 */
export function makeClock(running: () => number, sinceBoot: () => number): () => number {
  let napped = 0;
  let checkedAt = running();
  const difference = sinceBoot() * 1000 - checkedAt;
  return () => {
    const time = running();
    if (time - checkedAt >= CHECK_EVERY) {
      checkedAt = time;
      const missing = sinceBoot() * 1000 - time - difference - napped;
      if (missing > NOISE) napped += missing;
    }
    return (time + napped) * 1000;
  };
}

export const now = makeClock(() => performance.now(), uptime);
