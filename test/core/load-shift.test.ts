import { describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import type { LoadShift } from "../../src/wire/index.ts";
import { World } from "../support/world.ts";

const SECOND = 1_000_000;

/** How many of 200 queries for as many micronets each site gets. */
function shares(world: World): number[] {
  const before = world.sites.map(({ qsa }) => qsa.server.responder.counters.requests);
  for (let host = 0; host < 200; host++) world.querier.answer(`192.0.2.${host}`);
  return world.sites.map(({ qsa }, index) => qsa.server.responder.counters.requests - before[index]!);
}

function spreadAt(place: number): ConstructorParameters<typeof World>[1] {
  return { spread: { place, of: 2, within: 5_000 } };
}

/** A world in which every host of 192.0.2.0/24 below 200 is a micronet of its own, and the first site wishes for a shift. */
function shifted(rttsMs: readonly number[], shift: LoadShift, options: ConstructorParameters<typeof World>[1] = {}): World {
  const world = new World(rttsMs, options);
  for (let host = 0; host < 200; host++) world.change(`192.0.2.${host}`, "203.0.113.1");
  world.sites[0]!.qsa.server.shift.set(world.network.now, shift);
  world.network.run(12 * SECOND);
  return world;
}

describe("load shift", () => {
  test("without one the nearest gets all", () => {
    expect(shares(shifted([10, 30, 50], { share: 100, holdMs: 60_000, alternatives: [] }))).toEqual([200, 0, 0]);
  });

  test("a share of 30 leaves about 30 in 100, the rest goes to the alternative, by address or by name", () => {
    for (const alternative of [parseIp("127.0.1.3"), "SITE3.dsoc.example"]) {
      const [kept, second, third] = shares(shifted([10, 30, 50], { share: 30, holdMs: 60_000, alternatives: [alternative] }));
      expect(kept).toBeGreaterThan(30);
      expect(kept).toBeLessThan(90);
      expect([second, kept! + third!]).toEqual([0, 200]);
    }
  });

  test("alternatives that DNS does not list are counted, and the next nearest is asked", () => {
    const world = shifted([10, 30, 50], { share: 0, holdMs: 60_000, alternatives: [parseIp("192.0.2.1"), "elsewhere.example"] });
    expect(shares(world)).toEqual([0, 200, 0]);
    expect(world.qsr.querier.port.counters.unlistedAlternatives).toBeGreaterThan(0);
  });

  test("ends with its hold time, and never leaves a MAB without a server", () => {
    const world = shifted([10, 30], { share: 0, holdMs: 60_000, alternatives: [] });
    world.sites[1]!.station.leave();
    world.network.run(15 * SECOND);
    expect(shares(world)).toEqual([200, 0]);
    world.sites[1]!.station.rejoin();
    world.network.run(40 * SECOND);
    world.querier.answer("192.0.2.230");
    expect(world.sites[0]!.qsa.server.responder.counters.requests).toBe(201);
  });
});

describe("spreading over QSAs that are about as near", () => {
  const nothing = { share: 100, holdMs: 1, alternatives: [] };

  test("each of two QSRs takes another; one that is farther off gets nothing", () => {
    expect(shares(shifted([10, 12, 50], nothing, spreadAt(0)))).toEqual([200, 0, 0]);
    expect(shares(shifted([10, 12, 50], nothing, spreadAt(1)))).toEqual([0, 200, 0]);
  });

  test("where one is clearly nearest both take it", () => {
    expect(shares(shifted([10, 30, 50], nothing, spreadAt(1)))).toEqual([200, 0, 0]);
  });
});
