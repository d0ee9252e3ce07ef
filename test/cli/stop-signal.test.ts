import { afterEach, expect, test } from "vitest";
import { stopSignal, untilStopped } from "../../src/cli/stop-signal.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const before = SIGNALS.map((signal) => process.listeners(signal));

afterEach(() => {
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) if (!before[index]!.includes(listener)) process.off(signal, listener);
  }
});

test.each(SIGNALS)("%s is told, and the same again at once does no harm", async (signal) => {
  const stop = stopSignal();
  expect(stop.aborted).toBe(false);
  const told = untilStopped(stop);
  for (let time = 0; time < 3; time++) process.emit(signal, signal);
  expect(await told).toBe(signal);
  // One that came before anybody waited is told too.
  expect(await untilStopped(stop)).toBe(signal);
  expect(process.listenerCount(signal)).toBeGreaterThan(0);
});
