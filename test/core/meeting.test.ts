import { describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { Task } from "../../src/core/agenda.ts";
import type { CatalogueContent, ServerEntry, ServiceEntry } from "../../src/core/mabs/catalogue-content.ts";
import { Catalogue, EMPTY_CATALOGUE } from "../../src/core/mabs/catalogue.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import type { Upstream } from "../../src/core/querier/upstream.ts";
import { UpstreamState } from "../../src/core/querier/upstream-state.ts";
import { Qsr, type QsrOptions } from "../../src/core/qsr.ts";
import { ResultCode } from "../../src/wire/index.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { EngineStation, seeded } from "../support/virtual-network.ts";
import { CLIENTS, LIMITS, MAPPING, World } from "../support/world.ts";

const SECOND = 1_000_000;
/** In one step no more are met than these, and the rest of a service. */
const STEP = 64;
const OTHERS = 20;
const EACH = 16;
const ROOM = { maxUpstreams: 1024 };

function server(address: string, name = "qsa"): ServerEntry {
  return { name: `${name}.dsoc.example.`, address: parseIp(address), port: 4344, tier: 10, region: "", weight: 100 };
}

/** A service of servers that are nowhere. */
function otherService(number: number): ServiceEntry {
  return { name: `s${number}.other.example.`, servers: Array.from({ length: EACH }, (_, place) => server(`127.1.${number}.${place + 1}`)) };
}

const OTHER_SERVICES = Array.from({ length: OTHERS }, (_, number) => otherService(number));

/** More services than are met in one step, and then these, of which the first answers for all MABs. */
function behind(others: readonly ServiceEntry[], ...last: readonly ServiceEntry[]): CatalogueContent {
  return { services: [...others, ...last], mabs: MAPPING.map(({ prefix }) => ({ prefix, services: [others.length], set: "s" })) };
}

/** A QSR beside the world's own, that has been given a catalogue of many services and has done nothing else yet. */
class Newcomer {
  readonly qsr: Qsr;
  readonly querier: TestQuerier;
  readonly station: EngineStation;

  constructor(world: World, content: CatalogueContent, known: number[] = [], options: Partial<QsrOptions> = {}) {
    this.qsr = new Qsr({ limits: LIMITS, clients: CLIENTS, nextU32: seeded(70), links: { 4: 1, 6: undefined }, ...ROOM, keepFresh: 3, intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000, gapCachingMs: 60_000, ...options });
    this.station = new EngineStation(world.network, this.qsr, ["10.0.0.1:4345", "10.0.0.1:40001"]);
    this.qsr.querier.upstreams.known = Float64Array.from(known);
    this.qsr.setCatalogue(world.network.now, Catalogue.of(content));
    this.querier = new TestQuerier(world.network, "10.0.0.9:5001", "10.0.0.1:4345");
  }
}

function upstreamAt({ querier }: Qsr, endpoint: string): Upstream | undefined {
  return querier.upstreams.find(parseIp(endpoint.slice(0, endpoint.lastIndexOf(":"))), 4344);
}

describe("a QSR that is given a catalogue of many services", () => {
  test("meets their servers in steps, and measures them from then on", () => {
    const world = new World([10]);
    const { qsr } = new Newcomer(world, behind(OTHER_SERVICES, ...world.content().services));
    const { upstreams } = qsr.querier;
    let steps = 1;
    expect(upstreams.size).toBeLessThanOrEqual(STEP + EACH);
    for (let [now, size] = [qsr.pollTimeout(), upstreams.size]; !upstreams.hasMetAll; now = qsr.pollTimeout(), size = upstreams.size) {
      qsr.handleTimeout(now);
      expect(upstreams.size - size).toBeLessThanOrEqual(STEP + EACH);
      steps++;
    }
    expect(upstreams.size).toBe(OTHERS * EACH + 1);
    expect(steps).toBeGreaterThanOrEqual((OTHERS * EACH + 1) / (STEP + EACH));
    world.network.run(2 * SECOND);
    expect([...upstreams.listed()].every(({ probes }) => probes > 0)).toBe(true);
    expect([...upstreams.listed()].every((upstream) => upstreams.rankingsOf(upstream).length === 1)).toBe(true);
  });

  test("meets none of them before it can answer where there are more services than servers in a step", () => {
    const world = new World([10]);
    const services = Array.from({ length: STEP + 1 }, (_, number) => ({ name: `s${number}.other.example.`, servers: [server(`127.1.0.${number + 1}`)] }));
    const { qsr } = new Newcomer(world, behind(services.slice(2), ...world.content().services));
    expect(qsr.querier.upstreams.size).toBe(STEP);
    const larger = new Newcomer(world, behind(services, ...world.content().services));
    expect([larger.qsr.querier.upstreams.size, larger.qsr.pollTimeout()]).toEqual([0, world.network.now]);
    world.network.run(SECOND);
    expect(larger.qsr.querier.upstreams.size).toBe(STEP + 2);
  });

  test("answers for one that it has not met yet, from the server that was nearest in its last run", () => {
    const world = new World([30, 10]);
    world.network.delay = () => 10;
    const known = world.sites.map(({ endpoint }, site) => [4, 4344, ...parseIp(endpoint.split(":")[0]!).words, 2000 - 1000 * site, 10]);
    const { qsr, querier } = new Newcomer(world, behind(OTHER_SERVICES, ...world.content().services), known.flat());
    expect(upstreamAt(qsr, world.sites[0]!.endpoint)).toBeUndefined();
    expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    expect(querier.answer("198.51.100.1").reply.result).toBe(ResultCode.notInAnyMab);
    expect(qsr.querier.upstreams.hasMetAll).toBe(false);
    const [farther, nearer] = world.sites.map(({ qsa }) => qsa.server.responder.counters.requests);
    expect(farther).toBe(0);
    expect(nearer).toBeGreaterThan(0);
    world.network.run(SECOND);
    expect(qsr.querier.upstreams.hasMetAll).toBe(true);
  });

  test("measures none that it has met and must leave before the next step", () => {
    const world = new World([10]);
    const { qsr } = new Newcomer(world, behind(OTHER_SERVICES.slice(0, 5), ...world.content().services));
    world.network.run(1);
    qsr.querier.upstreams.meet(Infinity);
    qsr.setCatalogue(world.network.now, EMPTY_CATALOGUE);
    expect(qsr.querier.upstreams.size).toBe(0);
    for (const task of [Task.probeHolding, Task.probeOther]) expect(qsr.server.agenda.at(task)).toBe(Infinity);
  });

  test("counts those that cannot be asked, or for which there is no room, as if it had met all at once", () => {
    const world = new World([10]);
    const strange = { name: "s6.other.example.", servers: [server("2001:db8::1"), server("2001:db8::2")] };
    const { qsr } = new Newcomer(world, behind(OTHER_SERVICES, ...world.content().services, strange), [], { maxUpstreams: OTHERS * EACH - 4 });
    world.network.run(SECOND);
    const { size, unreachable, omitted } = qsr.querier.upstreams;
    expect([size, unreachable, omitted]).toEqual([OTHERS * EACH - 4, 2, 5]);
  });
});

describe("a QSR that goes over to other services, more than it meets in one step", () => {
  test("keeps what it knows of the servers that stay, and answers what it holds from them without asking again", () => {
    const world = new World([10, 20], ROOM);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    const [before, { fetches }] = [upstreamAt(world.qsr, world.sites[0]!.endpoint)!, world.qsr.querier.fetcher.counters];
    world.publish(behind(OTHER_SERVICES, ...world.content().services));
    expect(world.qsr.querier.upstreams.hasMetAll).toBe(false);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    world.network.run(SECOND);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    expect(upstreamAt(world.qsr, world.sites[0]!.endpoint)).toBe(before);
    expect(before.state).toBe(UpstreamState.up);
    expect(world.qsr.querier.fetcher.counters.fetches).toBe(fetches);
    expect(world.qsr.querier.health.counters.flushedEntries).toBe(0);
  });

  test("meets nobody anew of services that are as they were", () => {
    const world = new World([10], ROOM);
    const content = behind(OTHER_SERVICES, ...world.content().services);
    world.publish(content);
    world.network.run(SECOND);
    const before = [...world.qsr.querier.upstreams.listed()];
    world.publish(behind(OTHER_SERVICES.with(3, otherService(30)), ...content.services.slice(OTHERS)));
    expect(world.qsr.querier.upstreams.hasMetAll).toBe(true);
    const after = new Set(world.qsr.querier.upstreams.listed());
    expect([after.size, before.filter((upstream) => after.has(upstream)).length]).toEqual([before.length, before.length - EACH]);
  });

  test("leaves the servers that are gone at once, with what it holds from them, and asks elsewhere what they have not answered", () => {
    const world = new World([10, 40], ROOM);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    const gone = world.sites[0]!;
    world.network.loses = ({ to }) => to === gone.endpoint;
    world.querier.ask("192.0.2.150");
    world.network.run(200);
    const [service] = world.content().services;
    world.publish(behind(OTHER_SERVICES, { name: service!.name, servers: service!.servers.slice(1) }));
    expect(world.qsr.querier.upstreams.hasMetAll).toBe(false);
    expect(upstreamAt(world.qsr, gone.endpoint)).toBeUndefined();
    expect(world.qsr.querier.health.counters.flushedEntries).toBe(1);
    world.network.runUntil(() => world.querier.replies.some(({ reply }) => reply.header.sequence === 3), 45_000);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    // What was in use, too, was wanted again.
    expect(world.sites[1]!.qsa.server.responder.counters.requests).toBeGreaterThanOrEqual(2);
  });

  test("gives nothing out from a server that is listed still, but no longer for that MAB", () => {
    const world = new World([10, 40], ROOM);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    const [near, far] = world.content().services[0]!.servers as [ServerEntry, ServerEntry];
    world.publish(behind(OTHER_SERVICES, { name: "s1.dsoc.example.", servers: [far] }, { name: "s2.dsoc.example.", servers: [near] }));
    const requests = world.sites[1]!.qsa.server.responder.counters.requests;
    expect(upstreamAt(world.qsr, world.sites[0]!.endpoint)).toBeDefined();
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    expect(world.sites[1]!.qsa.server.responder.counters.requests).toBe(requests + 1);
    world.network.run(SECOND);
    const { entries } = world.qsr.server.cache;
    expect(entries.firstOf(upstreamAt(world.qsr, world.sites[0]!.endpoint)!.index)).toBe(-1);
    expect(world.qsr.querier.upstreams.hasMetAll).toBe(true);
  });

  test("withdraws what holds no longer downstream once all are met", () => {
    const world = new World([10, 40], ROOM);
    world.querier.answer("192.0.2.7");
    const [near, far] = world.content().services[0]!.servers as [ServerEntry, ServerEntry];
    world.publish(behind(OTHER_SERVICES, { name: "s1.dsoc.example.", servers: [far] }, { name: "s2.dsoc.example.", servers: [near] }));
    expect(world.querier.updates).toEqual([]);
    world.network.runUntil(() => world.qsr.querier.upstreams.hasMetAll, SECOND);
    world.network.run(10_000);
    expect(world.querier.updates.length).toBe(1);
  });

  test("has another catalogue, that comes before it has met all, in its place", () => {
    const world = new World([10], ROOM);
    const { services } = world.content();
    const { upstreams } = world.qsr.querier;
    world.publish(behind(OTHER_SERVICES, ...services));
    world.network.run(1000);
    expect(upstreams.hasMetAll).toBe(false);
    const others = OTHER_SERVICES.map((service, number) => (number % 2 === 0 ? service : otherService(number + OTHERS)));
    world.publish(behind(others, ...services));
    expect(upstreams.hasMetAll).toBe(false);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    world.network.run(3 * SECOND);
    const expected = new Set([...others, ...services].flatMap(({ servers }) => servers.map(({ address }) => address.words[0])));
    expect(new Set(Array.from(upstreams.listed(), ({ address }) => address.words[0]))).toEqual(expected);
    expect([...upstreams.listed()].every(({ probes }) => probes > 0)).toBe(true);
  });

  test("and MABs alone that change meanwhile are looked at when all are met", () => {
    const world = new World([10], ROOM);
    world.querier.answer("192.0.2.7");
    const content = behind(OTHER_SERVICES, ...world.content().services);
    world.publish(content);
    world.publish({ services: content.services, mabs: [{ prefix: parsePrefix("192.0.2.0/25"), services: [OTHERS], set: "s" }] });
    expect(world.qsr.querier.upstreams.hasMetAll).toBe(false);
    expect(world.qsr.server.cache.cache.size).toBe(1);
    world.network.runUntil(() => world.qsr.querier.upstreams.hasMetAll, SECOND);
    expect(world.qsr.server.cache.cache.size).toBe(0);
  });
});
