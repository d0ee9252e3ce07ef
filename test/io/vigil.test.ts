import { describe, expect, test } from "vitest";
import { Vigil } from "../../src/io/batch/vigil.ts";

/** A clock of which each look takes 10 us, and at which looks there is something. */
function clock(finds: readonly number[]) {
  const state = { time: 1_000, looks: 0 };
  const look = (): number => {
    state.time += 10;
    return finds.includes(++state.looks) ? 1 : 0;
  };
  return { state, now: (): number => state.time, look };
}

describe("a vigil", () => {
  test("is over with the first find", () => {
    const { state, now, look } = clock([3]);
    expect(new Vigil().keep(now, 1_200, look)).toBe(1);
    expect(state).toEqual({ time: 1_030, looks: 3 });
  });

  test("is over in time", () => {
    const { state, now, look } = clock([]);
    expect(new Vigil().keep(now, 1_050, look)).toBe(0);
    expect(state).toEqual({ time: 1_050, looks: 5 });
  });

  test("is not kept for what should be there already", () => {
    const { state, now, look } = clock([1]);
    expect(new Vigil().keep(now, 1_000, look)).toBe(0);
    expect(state.looks).toBe(0);
  });

  test("takes a tenth of the time at most", () => {
    const { state, now, look } = clock([]);
    const vigil = new Vigil();
    vigil.keep(now, 1_100, look);
    state.time += 899;
    vigil.keep(now, state.time + 100, look);
    expect(state.looks).toBe(10);
    state.time += 1;
    vigil.keep(now, state.time + 100, look);
    expect(state.looks).toBe(20);
  });
});
