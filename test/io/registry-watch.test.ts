import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RegistryState } from "../../src/dns/discovery/types.ts";
import type { RegistryReader } from "../../src/io/registry-reader.ts";
import { RegistryWatch, refreshBounds } from "../../src/io/registry-watch.ts";

const DAY = 86_400;
const STATE: RegistryState = { apex: "drtm.example.", serial: 1, refresh: 3_600, retry: 600, expire: 2 * DAY, sets: new Map(), problems: [], settled: true };
const BOUNDS = refreshBounds({ refreshMinSeconds: 10, refreshMaxSeconds: 3_600 }, 7 * DAY);

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 26) }));
afterEach(() => vi.useRealTimers());

/** A watch on a clock of its own, and what it has said. */
function watchOf(reader: Partial<RegistryReader>) {
  const time = { now: 1_000 };
  const failures: string[] = [];
  const whole = { source: "test", complaints: [], close() {}, read: () => Promise.resolve(STATE), ...reader };
  const watch = new RegistryWatch({ registry: { apex: STATE.apex, space: [] }, reader: whole, bounds: BOUNDS, onFailure: (_, { message }) => failures.push(message), clock: () => time.now });
  return { watch, time, failures };
}

/** Can be read once. */
function onceReadable(state = STATE): Pick<RegistryReader, "read"> {
  let isFirst = true;
  return {
    read() {
      if (!isFirst) return Promise.reject(new Error("nobody answers"));
      isFirst = false;
      return Promise.resolve(state);
    },
  };
}

describe("what is known of a registry", () => {
  test("is looked at when its SOA says, and forgotten when its SOA says", async () => {
    const { watch, time, failures } = watchOf(onceReadable());
    expect(watch.wait).toBe(0);
    expect(await watch.read()).toBe(true);
    expect(watch.wait).toBeGreaterThan(3_200);
    for (; time.now < 1_000 + 2 * DAY; time.now += watch.wait) {
      expect(watch.state).toBe(STATE);
      await watch.read();
      expect(watch.wait).toBeLessThanOrEqual(600);
    }
    expect(await watch.read()).toBe(true);
    expect(time.now).toBe(1_000 + 2 * DAY);
    expect(watch.state).toBeUndefined();
    expect(failures.at(-1)).toMatch(/^not confirmed since .*: what was known of it is forgotten$/);
  });

  test("of which a part could not be read is looked at after the retry time", async () => {
    const { watch } = watchOf(onceReadable({ ...STATE, settled: false }));
    await watch.read();
    expect(watch.wait).toBeLessThanOrEqual(600);
    expect(watch.wait).toBeGreaterThan(500);
  });

  test("is looked at when a suspended machine wakes, and forgotten only if it cannot be read then", async () => {
    for (const [reader, state] of [[{}, STATE], [onceReadable(), undefined]] as const) {
      const { watch, time } = watchOf(reader);
      await watch.read();
      time.now += 30 * DAY;
      expect([watch.wait, watch.state, watch.standing.ageSeconds, watch.standing.expiresInSeconds]).toEqual([0, STATE, 30 * DAY, 0]);
      await watch.read();
      expect(watch.state).toBe(state);
    }
  });

  test("says since when it cannot be read, and for how long it counts; all is well again at the first word of DNS", async () => {
    let isDown = false;
    const { watch, time } = watchOf({ read: () => (isDown ? Promise.reject(new Error("nobody answers")) : Promise.resolve(STATE)) });
    await watch.read();
    isDown = true;
    for (const wait of [60, 60, 60]) {
      time.now += wait;
      await watch.read();
    }
    expect(watch.standing).toMatchObject({ serial: 1, source: "test", ageSeconds: 180, expiresInSeconds: 2 * DAY - 180, failingSeconds: 120, failures: 3 });
    isDown = false;
    await watch.read();
    expect(watch.standing).toMatchObject({ ageSeconds: 0, failingSeconds: null, failures: 0 });
  });

  test("does not age when the time of day steps", async () => {
    vi.setSystemTime(0);
    const { watch, time } = watchOf(onceReadable());
    await watch.read();
    vi.setSystemTime(Date.UTC(2026, 10, 26));
    time.now += 60;
    expect(await watch.read()).toBe(false);
    expect(watch.state).toBe(STATE);
    expect(watch.confirmedAt).toBe(Date.UTC(2026, 10, 26) - 60_000);
  });
});

describe("what was kept of a registry", () => {
  test("ages while the program does not run", () => {
    for (const [age, state] of [[2 * DAY - 1, STATE], [2 * DAY, undefined]] as const) {
      const { watch } = watchOf({});
      watch.resume(STATE, Date.now() - age * 1_000);
      expect(watch.state).toBe(state);
    }
  });

  test("at a time that is still to come counts as from now", async () => {
    const { watch, time } = watchOf({ read: () => Promise.reject(new Error("nobody answers")) });
    watch.resume(STATE, Date.now() + 365 * DAY * 1_000);
    expect(watch.confirmedAt).toBe(Date.now());
    time.now += 2 * DAY;
    await watch.read();
    expect(watch.state).toBeUndefined();
  });
});
