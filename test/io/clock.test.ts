import { describe, expect, test } from "vitest";
import { makeClock, now } from "../../src/io/clock.ts";

describe("the clock", () => {
  test("counts a suspended machine's nap, once, and never steps back", () => {
    let running = 5_000;
    let nap = 0;
    const clock = makeClock(() => running, () => Math.floor((running + nap + 100_000) / 10) / 100);
    const start = clock();
    running += 1_000;
    expect(clock() - start).toBe(1_000_000);
    nap = 30_000;
    running += 100;
    const woken = clock() - start;
    expect(Math.abs(woken - 31_100_000)).toBeLessThanOrEqual(10_000);
    running += 100;
    expect(clock() - start - woken).toBe(100_000);
  });

  test("of this machine goes on by itself", async () => {
    const before = now();
    await new Promise((done) => {
      setImmediate(done);
    });
    expect(now()).toBeGreaterThan(before);
  });
});
