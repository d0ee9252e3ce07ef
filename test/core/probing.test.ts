import { describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import type { ServiceEntry } from "../../src/core/mabs/catalogue-content.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import { UpstreamState } from "../../src/core/querier/upstream-state.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { MessageType, ResultCode } from "../../src/wire/index.ts";
import { mostWithin } from "../support/rates.ts";
import { EngineStation, seeded } from "../support/virtual-network.ts";
import { CLIENTS, LIMITS, World } from "../support/world.ts";

const SECOND = 1_000_000;
const DSOCS = 200;
const SITES = 20;
/** Where a Map Request has the address family; 0 in a null one. */
const FAMILY = 40;
const OPTIONS = { maxUpstreams: 8192, limits: { ...LIMITS, maxPeers: 16_384 } };
const ADDRESSES = Array.from({ length: DSOCS * SITES }, (_, number) => `127.1.${Math.floor(number / SITES)}.${(number % SITES) + 1}`);

function services(): ServiceEntry[] {
  return Array.from({ length: DSOCS }, (_, dsoc) => ({
    name: `s1.dsoc${dsoc}.example.`,
    servers: ADDRESSES.slice(dsoc * SITES, (dsoc + 1) * SITES).map((address, site) => ({ name: `qsa${site}.dsoc${dsoc}.example.`, address: parseIp(address), port: 4344, tier: 10, region: "", weight: 100 })),
  }));
}

/** One engine at all these addresses. */
function openAll(world: World): EngineStation {
  const clients = { ...CLIENTS, allow: [parsePrefix("0.0.0.0/0")], maxQueriesPerSecond: 1_000_000 };
  const qsa = new Qsa({ limits: OPTIONS.limits, clients, nextU32: seeded(5), cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore([]));
  return new EngineStation(world.network, qsa, ADDRESSES.map((address) => `${address}:4344`));
}

/** When the QSR sends null Map Requests, from now on. */
function watchProbes(world: World): number[] {
  const times: number[] = [];
  world.network.loses = ({ from, bytes }) => {
    if (from === "10.0.0.1:40000" && bytes[1] === MessageType.mapRequest && bytes[FAMILY] === 0) times.push(world.network.now);
    return false;
  };
  return times;
}

/** Adds 200 services of 20 servers each to the world's own. */
function publishAll(world: World): void {
  const content = world.content();
  world.publish({ ...content, services: [...content.services, ...services()] });
}

describe("with 4,000 QSAs", () => {
  test("each is measured three times within 30 s, by at most 500 probes in any second", () => {
    const world = new World([12], OPTIONS);
    const times = watchProbes(world);
    openAll(world);
    publishAll(world);
    world.network.run(30 * SECOND);
    const samples = [...world.qsr.querier.upstreams.listed()].map(({ rtt }) => rtt.samples);
    expect([samples.length, Math.min(...samples)]).toEqual([4_001, 3]);
    expect(mostWithin(SECOND, times)).toBeLessThanOrEqual(500);
  });

  test("none of which answers, probes stay within the limit, and what is held from another is kept", () => {
    const world = new World([12], OPTIONS);
    const times = watchProbes(world);
    publishAll(world);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    world.network.run(60 * SECOND);
    const { upstreams, health } = world.qsr.querier;
    const states = [...upstreams.listed()].map(({ state }) => state);
    expect(states.filter((state) => state === UpstreamState.down)).toHaveLength(4_000);
    expect([health.counters.silences, world.qsr.server.cache.cache.size]).toEqual([0, 1]);
    expect(mostWithin(SECOND, times)).toBeLessThanOrEqual(500);
  });

  test("that all come back after an outage, each is found alive soon, within the limit", () => {
    const world = new World([12], OPTIONS);
    publishAll(world);
    world.network.run(120 * SECOND);
    const times = watchProbes(world);
    openAll(world);
    world.network.run(45 * SECOND);
    const states = new Set([...world.qsr.querier.upstreams.listed()].map(({ state }) => state));
    expect([...states]).toEqual([UpstreamState.up]);
    expect(mostWithin(SECOND, times)).toBeLessThanOrEqual(500);
  });
});

test("a limit of its own is kept to", () => {
  const world = new World([12], { ...OPTIONS, intervals: { ...DEFAULT_INTERVALS, pacing: 20_000 } });
  const times = watchProbes(world);
  openAll(world);
  publishAll(world);
  world.network.run(20 * SECOND);
  expect(mostWithin(SECOND, times)).toBeLessThanOrEqual(50);
  expect(times.length).toBeGreaterThan(0.9 * 20 * 50);
});
