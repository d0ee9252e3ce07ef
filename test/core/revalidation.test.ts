import { describe, expect, test } from "vitest";
import { formatWords, parseIp, parsePrefix } from "../../src/address/index.ts";
import { NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { MappingBody, ResultCode } from "../../src/wire/index.ts";
import { World } from "../support/world.ts";

const MANY = 3000;
const HOUR_MS = 3_600_000;
/** So many at most are withdrawn in one go. */
const MOST = 64;
const WIDE = parsePrefix("198.18.0.0/15");

/** A QSR that has very many entries of one MAB, and one of another. */
function filled(): World {
  const world = new World([20]);
  world.publish(withWide(world));
  const [upstream] = world.qsr.querier.upstreams.listed();
  for (let key = 0; key < MANY; key++) {
    const at = (WIDE.hi + key) >>> 0;
    const body = Object.assign(new MappingBody(), { family: 4, prefixLength: WIDE.length, etrFamily: 4, etr0: 1, firstHi: at, lastHi: at, versionLineage: 1, versionLo: 5, positionLineage: 1, positionLo: 5 });
    world.qsr.server.cache.file(world.network.now, ResultCode.mapping, body, upstream!.index, HOUR_MS);
  }
  world.querier.answer("192.0.2.7");
  return world;
}

function withWide(world: World): ReturnType<World["content"]> {
  const { mabs, services } = world.content();
  // In order of families and keys.
  return { mabs: mabs.toSpliced(1, 0, { prefix: WIDE, services: [0], set: "s" }), services };
}

function isThere(world: World, address: string): boolean {
  return world.qsr.server.cache.find(world.network.now, 4, parseIp(address).words[0], 0) !== NO_ENTRY;
}

describe("when a MAB of very many entries is in the catalogue no more", () => {
  test("they go in steps, and the others stay", () => {
    const world = filled();
    const { qsr } = world;
    world.publish(world.content());
    let { size } = qsr.server.cache.entries;
    expect(size).toBeGreaterThan(MANY - MOST);
    let steps = 0;
    for (let now = qsr.pollTimeout(); size > 1; now = qsr.pollTimeout()) {
      qsr.handleTimeout(now);
      const after = qsr.server.cache.entries.size;
      expect(size - after).toBeLessThanOrEqual(MOST);
      size = after;
      steps++;
    }
    expect(steps).toBeGreaterThanOrEqual(Math.floor(MANY / MOST) - 1);
    expect([isThere(world, "192.0.2.7"), isThere(world, "198.18.0.0")]).toEqual([true, false]);
  });

  test("none is given out that no step has come to yet", () => {
    const world = filled();
    const last = formatWords(4, WIDE.hi + MANY - 1, 0, 0, 0);
    expect(world.querier.answer(last).reply.result).toBe(ResultCode.mapping);
    world.publish(world.content());
    expect(isThere(world, last)).toBe(true);
    expect(world.querier.answer(last).reply.result).toBe(ResultCode.notInAnyMab);
  });

  test("one that is in it again, before a step has come to them, keeps what is left of them", () => {
    const world = filled();
    world.publish(world.content());
    world.publish(withWide(world));
    world.network.run(3_000_000);
    const left = world.qsr.server.cache.entries.size;
    expect(left).toBeGreaterThan(MANY - 2 * MOST);
    expect(isThere(world, formatWords(4, WIDE.hi + MANY - 1, 0, 0, 0))).toBe(true);
  });
});
