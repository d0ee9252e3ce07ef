import { release } from "node:os";
import { describe, expect, test } from "vitest";
import { type Native, loadNative } from "../../src/io/batch/native.ts";
import { askForShortSlice } from "../../src/io/batch/short-slice.ts";

const SET_ATTR = new Set([314, 274]);
const loaded = loadNative();

/** Whether this Linux has slices to ask for. */
function hasSlices(): boolean {
  const [major, minor] = release().split(".").map(Number) as [number, number];
  return major > 6 || (major === 6 && minor >= 12);
}

/** A system where threads have that policy, and where the call may be forbidden. `asked` is the slice that was asked for last. */
function system(policy: number, isForbidden: boolean) {
  let memory = new DataView(new ArrayBuffer(0));
  const state = { asked: undefined as bigint | undefined, nice: undefined as number | undefined };
  const syscall = (number: number): number => {
    if (!SET_ATTR.has(number)) {
      memory.setUint32(4, policy, true);
      memory.setInt32(16, 5, true);
      return 0;
    }
    state.asked = memory.getBigUint64(24, true);
    state.nice = memory.getInt32(16, true);
    return isForbidden ? -1 : 0;
  };
  const addressOf = (of: ArrayBuffer): number => {
    memory = new DataView(of);
    return 1;
  };
  return { state, native: { syscall, addressOf } as unknown as Native };
}

describe("a short slice", () => {
  test("is asked for, and nothing else is changed", () => {
    const { state, native } = system(0, false);
    expect(askForShortSlice(native)).toBe(100_000);
    expect(state).toEqual({ asked: 100_000n, nice: 5 });
  });

  test("is not had where it is forbidden", () => {
    expect(askForShortSlice(system(0, true).native)).toBe(0);
  });

  test("is not asked for by a thread that was given another policy", () => {
    const { state, native } = system(1, false);
    expect(askForShortSlice(native)).toBe(0);
    expect(state.asked).toBe(undefined);
  });

  test.runIf(typeof loaded !== "string" && hasSlices())("is granted by this machine's Linux", () => {
    expect(askForShortSlice(loaded as Native)).toBe(100_000);
  });
});
