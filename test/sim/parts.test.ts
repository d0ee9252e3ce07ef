import { describe, expect, test } from "vitest";
import { DatagramPool } from "../../src/sim/datagram-pool.ts";
import { EventQueue } from "../../src/sim/event-queue.ts";
import { Histogram } from "../../src/sim/histogram.ts";
import { Random } from "../../src/sim/random.ts";
import { RttError, RttTable } from "../../src/sim/rtt-table.ts";
import { WakeTimes } from "../../src/sim/wake-times.ts";

const HEADER = "country1,country2,samples,rtt_avg_ms,rtt_std_ms,rtt_min_ms,rtt_max_ms";

test("randomness is the same everywhere, and another for each seed and stream", () => {
  expect(draw(1, 0)).toEqual([2959181728, 2841532365]);
  expect(draw(1, 1)).not.toEqual(draw(1, 0));
  expect(draw(2, 0)).not.toEqual(draw(1, 0));
});

test("events come by time, near and far, and at one time in the order in which they were added", () => {
  const random = new Random(1, 0);
  const START = 7e9;
  const queue = new EventQueue(START);
  const added: { at: number; value: number }[] = [];
  const came: { at: number; value: number }[] = [];
  const add = (at: number): void => {
    queue.add(at, added.length);
    added.push({ at, value: added.length });
  };
  const take = (): void => {
    expect(queue.size).toBe(added.length - came.length);
    expect(queue.next).toBe(Math.min(...waiting()));
    const at = queue.next;
    came.push({ at, value: queue.take() });
  };
  const waiting = (): number[] => {
    const taken = new Set(came.map(({ value }) => value));
    return added.filter(({ value }) => !taken.has(value)).map(({ at }) => at);
  };
  for (let event = 0; event < 400; event++) add(START + random.below(500));
  for (let round = 0; round < 600; round++) {
    // From a moment ahead to minutes, some at one time, and pauses in which nothing happens.
    const now = came.at(-1)?.at ?? START;
    add(now + random.pick([0, 1, 700, 50_000, 1_000_000, 16_777_216, 40_000_000, 300_000_000]));
    if (queue.size > 0) take();
    if (random.chance(0.1)) while (queue.size > 0) take();
  }
  while (queue.size > 0) take();
  expect(came).toEqual(added.toSorted((a, b) => a.at - b.at || a.value - b.value));
  expect(queue.next).toBe(Infinity);
});

test("who wants to be woken first is first, and of several the one with the lowest number", () => {
  const random = new Random(1, 0);
  const wakes = new WakeTimes(70);
  const times = Array.from({ length: 70 }, () => Infinity);
  expect(wakes.next).toBe(Infinity);
  for (let step = 0; step < 5_000; step++) {
    const station = random.below(70);
    times[station] = random.chance(0.2) ? Infinity : random.below(40);
    wakes.set(station, times[station]);
    const first = Math.min(...times);
    expect([wakes.next, wakes.first, wakes.at(station)]).toEqual([first, times.indexOf(first), times[station]]);
  }
});

test("a datagram on its way is a copy, whose hash is of its octets alone", () => {
  const pool = new DatagramPool();
  const octets = new Uint8Array(8);
  const hashOf = (length: number, ...values: number[]): number => {
    octets.set(values);
    const slot = pool.keep(1, 2, new Int32Array(octets.buffer), length, false);
    octets.fill(0);
    expect(Array.from({ length }, (_, at) => pool.view(slot).getUint8(at))).toEqual(values.slice(0, length));
    pool.release(slot);
    return pool.hash(slot);
  };
  expect(hashOf(6, 1, 2, 3, 4, 5, 6, 7, 8)).toBe(hashOf(6, 1, 2, 3, 4, 5, 6, 9, 9));
  expect(new Set([hashOf(6, 1, 2, 3, 4, 5, 6), hashOf(6, 1, 2, 3, 4, 5, 7), hashOf(6, 1, 2, 3, 4, 6, 6), hashOf(8, 1, 2, 3, 4, 5, 6, 0, 0), hashOf(6, 2, 2, 3, 4, 5, 6)]).size).toBe(5);
  expect(pool.inUse).toBe(0);
});

test("percentiles are right to three per cent, also of two histograms together", () => {
  const [low, high] = [new Histogram(), new Histogram()];
  for (let value = 1; value <= 50_000; value++) low.add(value);
  for (let value = 50_001; value <= 100_000; value++) high.add(value);
  low.merge(high);
  for (const percent of [1, 50, 90, 99]) expect(Math.abs(low.percentile(percent) / (percent * 1000) - 1)).toBeLessThan(0.035);
  expect(low.percentile(100)).toBe(100_000);
  expect(low.mean).toBe(50_000.5);
});

describe("measured RTTs", () => {
  test("are the shortest plus a third of the spread, and not above the mean", () => {
    const table = new RttTable(`${HEADER}\nDE,US,1000,120,20,90,300\nDE,FR,1000,12,90,10,50\nFR,US,100,100,10,95,300\nDE,JP,99,250,1,240,260\nNone,US,500,1,1,0,1\n`);
    expect(table.rtt("US", "DE")).toBe(97);
    expect(table.rtt("DE", "FR")).toBe(12);
    expect(table.rtt("DE", "JP")).toBeUndefined();
    expect([...table.choose(new Random(1, 0), 3)].toSorted()).toEqual(["DE", "FR", "US"]);
    expect(table.choose(new Random(1, 0), 12).toSorted().join(" ")).toBe("DE DE DE DE FR FR FR FR US US US US");
    expect(() => table.choose(new Random(1, 0), 13)).toThrow(RttError);
  });

  test.each([
    ["another header", "a,b\n"],
    ["a line that is none", `${HEADER}\nDE,US,many,1,1,1,1\n`],
    ["a line that is cut off", `${HEADER}\nDE,US,1000\n`],
  ])("with %s are refused", (_, csv) => {
    expect(() => new RttTable(csv)).toThrow(RttError);
  });
});

function draw(seed: number, stream: number): number[] {
  const random = new Random(seed, stream);
  return [random.next(), random.next()];
}
