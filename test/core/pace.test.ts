import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pace } from "../../src/core/querier/pace.ts";
import { mostWithin } from "../support/rates.ts";

const SECOND = 1_000_000;

/** Takes as many as may be at each of the moments, which are so many microseconds apart. */
function takeAll(perSecond: number, gaps: readonly number[]): number[] {
  const pace = new Pace(SECOND / perSecond);
  const taken: number[] = [];
  let now = SECOND;
  for (const gap of gaps) {
    now += gap;
    for (; pace.next <= now; pace.take(now)) taken.push(now);
  }
  return taken;
}

const limits = fc.integer({ min: 10, max: 10_000 });
/** From moments that are near each other to pauses of 1.5 s. */
const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 1_500_000 })), { maxLength: 300 });

describe("pacing", () => {
  test("no stretch of a second has more than the limit, however timers come", () => {
    fc.assert(
      fc.property(limits, gaps, (perSecond, between) => {
        expect(mostWithin(SECOND, takeAll(perSecond, between))).toBeLessThanOrEqual(perSecond);
      }),
    );
  });

  test.each([1_000, 5_000, 20_000])("timers that come every %i us only let nearly all of the limit go", (interval) => {
    const taken = takeAll(500, Array<number>(10_000_000 / interval).fill(interval));
    expect(taken.length).toBeGreaterThan(0.93 * 5_000);
  });

  test("the first goes at once, and so do a few after a pause", () => {
    expect(takeAll(500, [0]).length).toBe(20);
    expect(takeAll(10, [0, 1_000_000]).length).toBe(2);
  });
});
