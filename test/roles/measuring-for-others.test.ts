import { describe, expect, test } from "vitest";
import { formatEndpoint, parseIp } from "../../src/address/index.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import { Pace } from "../../src/core/querier/pace.ts";
import { DEFAULT_INTERVALS, holdingAmong } from "../../src/core/querier/prober.ts";
import type { Upstream } from "../../src/core/querier/upstream.ts";
import { UpstreamState } from "../../src/core/querier/upstream-state.ts";
import { Qsr, type QsrOptions } from "../../src/core/qsr.ts";
import type { ServerIdentity } from "../../src/core/server/server-half.ts";
import { Findings, Heeding } from "../../src/roles/engine/findings.ts";
import { MessageType, ResultCode } from "../../src/wire/index.ts";
import { mostWithin } from "../support/rates.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { EngineStation, seeded } from "../support/virtual-network.ts";
import { CLIENTS, LIMITS, World } from "../support/world.ts";

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
/** Where a Map Request has the address family; 0 in a null one. */
const FAMILY = 40;

/** Another engine of the world's QSR, which has ports of its own here. */
class Follower {
  readonly qsr: Qsr;
  readonly querier: TestQuerier;
  readonly #findings: Findings;
  readonly #heeding: Heeding;

  constructor(world: World, place: number, options: Partial<QsrOptions>, content = world.content()) {
    const base = { limits: LIMITS, clients: CLIENTS, links: { 4: 1, 6: 1 }, maxUpstreams: 64, keepFresh: 3, intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000, gapCachingMs: 60_000 } as const;
    this.qsr = new Qsr({ ...base, measures: false, nextU32: seeded(70 + place), ...options });
    const server = `10.0.0.1:${4344 + place}`;
    const station = new EngineStation(world.network, this.qsr, [server, `10.0.0.1:${40_000 + place}`]);
    this.qsr.setCatalogue(world.network.now, Catalogue.of(content));
    this.querier = new TestQuerier(world.network, `10.0.0.9:${5000 + place}`, server);
    this.#findings = new Findings(world.qsr.querier.upstreams);
    this.#heeding = new Heeding(this.qsr.querier);
    const look = (): void => {
      this.#heed(world.network.now);
      station.flush();
      world.network.at(world.network.now + SECOND / 4, look);
    };
    look();
  }

  #heed(now: number): void {
    this.#heeding.take(now, this.#findings.take());
  }

  stateOf(endpoint: string): UpstreamState {
    return this.upstream(endpoint).state;
  }

  upstream(endpoint: string): Upstream {
    return [...this.qsr.querier.upstreams.listed()].find(({ address, port }) => formatEndpoint(address, port) === endpoint)!;
  }

  get nearest(): number {
    return this.qsr.querier.fetcher.choose(0, 4, 0xc0000207, 0)!.rtt.smoothed;
  }
}

/** When null Map Requests leave from these ports, from now on. */
function watchProbes(world: World, isFrom: (endpoint: string) => boolean): number[] {
  const times: number[] = [];
  world.network.loses = ({ from, bytes }) => {
    if (isFrom(from) && bytes[1] === MessageType.mapRequest && bytes[FAMILY] === 0) times.push(world.network.now);
    return false;
  };
  return times;
}

describe("an engine that does not measure", () => {
  test("ranks servers by what the other one finds, and sends nothing for it", () => {
    const world = new World([40, 10, 25]);
    const follower = new Follower(world, 1, {});
    world.network.run(60 * SECOND);
    expect(follower.qsr.querier.port.counters.probesSent).toBe(0);
    expect([...follower.qsr.querier.upstreams.listed()].map(({ rtt }) => Math.round(rtt.smoothed / 1000))).toEqual([40, 10, 25]);
    expect(follower.nearest).toBeCloseTo(10_000, -2);
  });

  test("hears of servers that fail and come back, though it asks none", () => {
    const world = new World([10, 25]);
    const follower = new Follower(world, 1, {});
    const { endpoint, station } = world.sites[0]!;
    world.network.run(30 * SECOND);
    station.leave();
    world.network.runUntil(() => follower.stateOf(endpoint) === UpstreamState.down, 12 * SECOND);
    expect(follower.nearest).toBeCloseTo(25_000, -2);
    station.rejoin();
    world.network.runUntil(() => follower.stateOf(endpoint) === UpstreamState.up, 35 * SECOND);
    expect(follower.qsr.querier.port.counters.probesSent).toBe(0);
  });

  test("remembers what it is told of a server that it has not met yet", () => {
    const world = new World([40, 10]);
    world.network.run(20 * SECOND);
    const { services } = world.content();
    const many = { name: "s1.other.example.", servers: Array.from({ length: 100 }, (_, place) => Object.assign({}, services[0]!.servers[0], { address: parseIp(`127.0.9.${place + 1}`) })) };
    const mabs = world.content().mabs.map((mab) => Object.assign({}, mab, { services: [1] }));
    const follower = new Follower(world, 1, { maxUpstreams: 256 }, { mabs, services: [many, ...services] });
    expect(follower.qsr.querier.upstreams.hasMetAll).toBe(false);
    world.network.run(SECOND);
    expect(follower.nearest).toBeCloseTo(10_000, -2);
    expect(follower.stateOf(world.sites[0]!.endpoint)).toBe(UpstreamState.up);
  });

  test("is not told what it has seen to be otherwise since", () => {
    const world = new World([10]);
    const follower = new Follower(world, 1, {});
    follower.querier.introduce();
    expect(follower.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    const upstream = follower.upstream(world.sites[0]!.endpoint);
    const finding = { isUp: false, smoothed: 10_000, variation: 0, at: upstream.aliveAt - 1 };
    follower.qsr.querier.health.takeFinding(world.network.now, upstream, finding);
    expect(upstream.state).toBe(UpstreamState.up);
    follower.qsr.querier.health.takeFinding(world.network.now, upstream, { ...finding, at: upstream.aliveAt + 1 });
    expect(upstream.state).toBe(UpstreamState.down);
  });

  test("gives signs of life to a server from which it holds mapping, and to no other", () => {
    const world = new World([10, 25]);
    const follower = new Follower(world, 1, {});
    world.network.run(20 * SECOND);
    follower.querier.introduce();
    expect(follower.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    const times = watchProbes(world, (from) => from === "10.0.0.1:40001");
    world.network.run(60 * SECOND);
    expect(times.length).toBeGreaterThanOrEqual(18);
    expect([...follower.qsr.querier.upstreams.listed()].map(({ probes }) => probes > 0)).toEqual([true, false]);
    expect(follower.qsr.server.cache.cache.size).toBe(1);
  });
});

test("four engines that hold mapping of a DSOC with 20 sites send it less than one probe a second", () => {
  const intervals = { ...DEFAULT_INTERVALS, holding: holdingAmong(4) };
  const world = new World(Array.from({ length: 20 }, (_, site) => 10 + site), { intervals });
  const followers = [1, 2, 3].map((place) => new Follower(world, place, { intervals }));
  world.network.run(120 * SECOND);
  for (const { querier } of followers) querier.introduce();
  for (const { querier } of [world, ...followers]) {
    expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  }
  const times = watchProbes(world, () => true);
  world.network.run(300 * SECOND);
  expect(times.length / 300).toBeLessThan(1);
  expect([world.qsr, ...followers.map(({ qsr }) => qsr)].map(({ server, querier }) => [server.cache.cache.size, querier.health.counters.silences])).toEqual(Array.from({ length: 4 }, () => [1, 0]));
});

test("engines with one pace send no more probes than one may", () => {
  const due = new Float64Array(new SharedArrayBuffer(8)).fill(-Infinity);
  const spacing = SECOND / 20;
  const intervals = { ...DEFAULT_INTERVALS, pacing: spacing };
  const world = new World(Array.from({ length: 60 }, () => 10), { intervals, pace: new Pace(spacing, due) });
  const times = watchProbes(world, (from) => from.startsWith("10.0.0.1:4000"));
  const other = new Follower(world, 1, { measures: true, intervals, pace: new Pace(spacing, due) });
  world.network.run(30 * SECOND);
  expect(other.qsr.querier.port.counters.probesSent).toBeGreaterThan(60);
  expect(mostWithin(SECOND, times)).toBeLessThanOrEqual(20);
});

test("engines with one identity take each other's cookies, before and after their secret changes", () => {
  const identity: ServerIdentity = { epochHi: 1, epochLo: 2, since: 0, secret: (life) => [life, 3, 5, 7] };
  const world = new World([10], { identity });
  const other = new Follower(world, 1, { identity });
  expect(other.qsr.server.epoch).toBe(world.qsr.server.epoch);
  for (const hours of [1, 12.5, 24.5]) {
    world.network.run(hours * HOUR - world.network.now);
    // Each time two new ports at the address of one that has just been given a cookie by the other engine.
    const first = new TestQuerier(world.network, `10.0.0.9:${6000 + hours * 10}`, "10.0.0.1:4344");
    first.introduce();
    const moved = new TestQuerier(world.network, `10.0.0.9:${7000 + hours * 10}`, "10.0.0.1:4345", first);
    expect(moved.answer("192.0.2.7").reply).toMatchObject({ result: ResultCode.mapping, header: { hasServerCookie: false } });
  }
  expect(other.qsr.server.responder.counters.badCookies).toBe(0);
});
