import { describe, expect, test } from "vitest";
import { formatIp, parseIp } from "../../src/address/index.ts";
import type { CatalogueContent } from "../../src/core/mabs/catalogue-content.ts";
import { UpstreamState } from "../../src/core/querier/upstream-state.ts";
import { Acknowledgement, type Header, MessageType, ResultCode, UpdateAction, decodeDatagram, encodeAcknowledgement } from "../../src/wire/index.ts";
import { type Site, UPSTREAM_ENDPOINT, World } from "../support/world.ts";

const MINUTE = 60_000_000;

/** How many Map Requests a site's QSA has had that were no probes. */
function asked(world: World, site: number): number {
  return world.sites[site]!.qsa.server.responder.counters.requests;
}

/** A catalogue in which MABs of 198.51.100.0/24 and above belong to a service whose only server is nowhere. */
function withDeadService(world: World): CatalogueContent {
  const content = world.content();
  const server = { name: "gone.dsoc.example.", address: parseIp("127.0.9.9"), port: 4344, tier: 10, region: "", weight: 100 };
  return {
    mabs: [...content.mabs, { prefix: { family: 4 as const, hi: 0xc8000000, lo: 0, length: 8 }, services: [1], set: "t" }].toSorted((a, b) => a.prefix.family - b.prefix.family || a.prefix.hi - b.prefix.hi),
    services: [...content.services, { name: "s2.dsoc.example.", servers: [server] }],
  };
}

/** Lets QSAs say that they are at work in place of every answer. */
function keepBusy(world: World, busy: readonly Site[]): void {
  const isBusy = (endpoint: string): boolean => busy.some((site) => site.endpoint === endpoint);
  world.network.loses = ({ from, to, bytes }) => {
    if (isBusy(from)) return bytes[1] === MessageType.mapReply && bytes[40] !== ResultCode.nullReply;
    const request = isBusy(to) ? decodeDatagram(bytes) : undefined;
    if (request?.type === MessageType.mapRequest && request.message.family !== 0) world.network.send({ from: to, to: from, bytes: atWork(request.message.header) });
    return false;
  };
}

function atWork(header: Header, epoch: readonly [hi: number, lo: number] = [0, 0]): Uint8Array {
  const ack = new Acknowledgement();
  Object.assign(ack.header, header, { server0: 0, server1: 0, server2: 0, server3: 0 });
  [ack.epochHi, ack.epochLo] = epoch;
  ack.value = 60_000;
  const bytes = new Uint8Array(64);
  return bytes.subarray(0, encodeAcknowledgement(new DataView(bytes.buffer), MessageType.mapRequestAck, ack));
}

describe("probing", () => {
  test("without queries the nearest three are kept fresh, wherever they stand in the list", () => {
    const world = new World([150, 140, 130, 120, 30, 12]);
    world.network.run(10 * MINUTE);
    const probes = world.sites.map(({ qsa }) => qsa.server.responder.counters.nullRequests);
    for (const near of [3, 4, 5]) for (const far of [0, 1, 2]) expect(probes[near]!).toBeGreaterThan(3 * probes[far]!);
  });

  test("servers rank as in the last run until they are measured", () => {
    const world = new World([20, 10]);
    const { upstreams } = world.qsr.querier;
    const addresses = ["127.0.2.1", "127.0.2.2", "127.0.2.3"].map(parseIp);
    const [first, , last] = addresses.map(({ family, words }, place) => [family, 4344, ...words, 30_000 - 10_000 * place, 500]);
    upstreams.known = Float64Array.from([first!, last!].flat());
    const [service] = world.content().services;
    world.publish({ ...world.content(), services: [{ name: service!.name, servers: addresses.map((address) => Object.assign({}, service!.servers[0], { address, port: 4344 })) }] });
    expect([...upstreams.listed()].map(({ measured, rtt }) => [measured, rtt.smoothed, rtt.variation, rtt.samples])).toEqual([[true, 30_000, 500, 0], [false, 0, 0, 0], [true, 10_000, 500, 0]]);
    const ranking = upstreams.ranking(0);
    ranking.sort();
    expect([1, 2].map((place) => formatIp(ranking.at(place).upstream.address))).toEqual(["127.0.2.3", "127.0.2.1"]);
  });

  test("all servers may be replaced at once, as many as there is room for", () => {
    const world = new World([10, 20], { maxUpstreams: 2 });
    const [service] = world.content().services;
    const others = ["127.0.2.1", "127.0.2.2"].map((address) => Object.assign({}, service!.servers[0], { address: parseIp(address) }));
    world.publish({ ...world.content(), services: [{ name: service!.name, servers: others }] });
    expect([...world.qsr.querier.upstreams.listed()].map(({ address }) => formatIp(address)).toSorted()).toEqual(["127.0.2.1", "127.0.2.2"]);
    expect(world.qsr.querier.upstreams.omitted).toBe(0);
  });

  test("what does not fit, or has an address family that this machine lacks, is left out and counted", () => {
    const world = new World([10, 20, 30], { maxUpstreams: 2, links: { 4: 1, 6: undefined } });
    const [service] = world.content().services;
    const servers = [...service!.servers, { ...service!.servers[0]!, address: parseIp("2001:db8::1") }];
    world.publish({ ...world.content(), services: [{ name: service!.name, servers }] });
    world.network.run(MINUTE);
    const { omitted, unreachable } = world.qsr.querier.upstreams;
    expect([omitted, unreachable]).toEqual([1, 1]);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  });
});

describe("failures", () => {
  test("requests lost together are one loss: a short outage makes no QSA forgotten for long", () => {
    const world = new World([12]);
    world.network.run(MINUTE);
    const { upstream } = world.qsr.querier.upstreams.ranking(0).at(0);
    world.sites[0]!.station.leave();
    for (let key = 0; key < 20; key++) world.querier.ask(`192.0.2.${100 + key}`);
    world.network.run(70_000);
    expect([upstream.losses, upstream.state]).toEqual([1, UpstreamState.suspect]);
    world.sites[0]!.station.rejoin();
    world.network.run(2_500_000);
    expect(upstream.state).toBe(UpstreamState.up);
  });

  test("a service whose servers are dead takes no room from the others", () => {
    const world = new World([12]);
    world.publish(withDeadService(world));
    world.network.run(MINUTE);
    for (let key = 0; key < 6000; key++) {
      world.querier.ask(`200.1.${key >> 8}.${key & 255}`);
      if (key % 500 === 0) world.network.run(1_000);
    }
    world.querier.replies.length = 0;
    world.network.run(5_000);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    expect(world.qsr.server.ring.dropped).toBe(0);
  });

  test("while nobody answers, DNS is looked at again and again", () => {
    const world = new World([12]);
    world.publish(withDeadService(world));
    world.network.run(MINUTE);
    const { failedServices } = world.qsr.querier.health;
    for (let round = 0; round < 3; round++) {
      failedServices.clear();
      expect(world.querier.answer("200.1.1.1").reply.result).toBe(ResultCode.noAnswer);
      expect([...failedServices]).toEqual(["s2.dsoc.example."]);
    }
  });

  test.each([1, 2])("%i QSAs that only ever say they are at work lose their queries to the next", (count) => {
    const world = new World([12, 40, 60]);
    keepBusy(world, world.sites.slice(0, count));
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    expect(asked(world, count)).toBe(1);
  });

  test("a server that refuses is asked once, and its reason is passed on", () => {
    const world = new World([12]);
    const content = world.content();
    const elsewhere = { prefix: { family: 4 as const, hi: 0xc8000000, lo: 0, length: 8 }, services: [0], set: "t" };
    world.publish({ ...content, mabs: [content.mabs[0]!, elsewhere, content.mabs[1]!] });
    const before = asked(world, 0);
    expect(world.querier.answer("200.1.1.1").reply.result).toBe(ResultCode.notAuthoritative);
    expect(asked(world, 0)).toBe(before + 1);
  });

  test("a MAB that disappears while it is asked for: the gap is the answer", () => {
    const world = new World([200]);
    world.querier.ask("192.0.2.7");
    world.network.run(1_000);
    world.publish({ mabs: [], services: [] });
    world.network.run(100_000);
    expect(world.querier.replies.map(({ reply }) => reply.result)).toEqual([ResultCode.notInAnyMab]);
    expect(world.qsr.querier.fetcher.inFlight).toBe(0);
  });

  test("what found no room in the ring is nobody's loss", () => {
    const world = new World([12, 40]);
    world.network.run(MINUTE);
    for (let key = 0; key < 3000; key++) {
      world.querier.ask(`2001:db8:1:${key.toString(16)}::`);
    }
    world.network.run(3_000_000);
    const lost = [...world.qsr.querier.upstreams.listed()].map((upstream) => upstream.lost);
    expect(lost).toEqual([0, 0]);
  });
});

describe("liveness", () => {
  test.each([60, 600])("nothing of a silent server is kept longer than 10 s (RTT %i ms)", (rtt) => {
    const world = new World([rtt]);
    world.querier.answer("192.0.2.7");
    world.network.run(7_000_000);
    const died = world.qsr.querier.upstreams.ranking(0).at(0).upstream;
    world.sites[0]!.station.leave();
    const heardOf = (): number => died.aliveAt;
    world.network.run(rtt * 1000);
    const last = heardOf();
    world.network.runUntil(() => world.qsr.server.cache.cache.size === 0, 12_000_000);
    expect(world.network.now - last).toBeLessThanOrEqual(10_000_000 + 1_000);
  });

  test("a counter ahead of what has come: the server is asked within a moment for what is missing", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    let isLosing = true;
    world.network.loses = ({ bytes }) => isLosing && bytes[1] === MessageType.cacheUpdate && bytes[40] === UpdateAction.update;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(1_500_000);
    world.querier.answer("192.0.2.150");
    isLosing = false;
    const before = world.sites[0]!.qsa.server.responder.counters.nullRequests;
    world.network.run(200_000);
    expect(world.sites[0]!.qsa.server.responder.counters.nullRequests).toBe(before + 1);
    expect(world.querier.updates).toHaveLength(1);
  });

  test("a late reply of an epoch that has ended: the server is asked at once which one it has", () => {
    const world = new World([20]);
    const [site] = world.sites;
    const { fetcher, port } = world.qsr.querier;
    let times = 0;
    world.network.loses = ({ to, bytes }) => to === site!.endpoint && bytes[1] === MessageType.mapRequest && bytes[67] === 7 && times++ > 0;
    const { delay } = world.network;
    world.network.delay = (from, to) => (from === site!.endpoint ? 270_000 : delay(from, to));
    world.querier.ask("192.0.2.7");
    world.network.run(15_000);
    world.network.delay = delay;
    world.restart(site!);
    world.querier.answer("192.0.2.150");
    expect(fetcher.counters.unusable).toBe(0);
    world.network.runUntil(() => fetcher.counters.unusable === 1, 300_000);
    const before = port.counters.probesSent;
    world.network.run(1_000);
    expect(port.counters.probesSent).toBe(before + 1);
  });

  test.each(["another", "the same"])("a Map Request Ack of %s epoch: the server is asked at once, where that is not the one it had", (which) => {
    const world = new World([20]);
    const [site] = world.sites;
    const { epochHi, epochLo } = site!.qsa.server.promises;
    let header: Header | undefined;
    world.network.loses = ({ to, bytes }) => {
      const request = to === site!.endpoint ? decodeDatagram(bytes) : undefined;
      if (request?.type !== MessageType.mapRequest || request.message.family === 0) return false;
      header = request.message.header;
      world.network.send({ from: to, to: UPSTREAM_ENDPOINT, bytes: atWork(header, which === "another" ? [epochHi, epochLo ^ 1] : [epochHi, epochLo]) });
      return true;
    };
    const before = world.qsr.querier.port.counters.probesSent;
    world.querier.ask("192.0.2.7");
    world.network.runUntil(() => header !== undefined, 1_000_000);
    world.network.run(20_000);
    expect(world.qsr.querier.port.counters.probesSent).toBe(before + (which === "another" ? 1 : 0));
  });

  test("where all are down, the one that was alive last is asked, not one that never was", () => {
    const world = new World([12, 40]);
    const gone = { name: "a.dsoc.example.", address: parseIp("127.0.9.9"), port: 4344, tier: 1, region: "", weight: 100 };
    const { mabs, services } = world.content();
    world.publish({ mabs, services: [{ name: services[0]!.name, servers: [gone, ...services[0]!.servers] }] });
    world.network.run(MINUTE);
    for (const { station } of world.sites) station.leave();
    world.network.run(2 * MINUTE);
    world.sites[1]!.station.rejoin();
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  });

  test("a reply that is late with its counter does not hide numbers that are known to be missing", () => {
    const world = new World([20]);
    const { upstream } = world.qsr.querier.upstreams.ranking(0).at(0);
    const { health } = world.qsr.querier;
    const { complete } = upstream.window;
    health.noteIssued(world.network.now, upstream, complete + 5);
    health.noteIssued(world.network.now, upstream, complete + 2);
    for (const number of [1, 2]) upstream.window.receive(complete + number);
    health.noteProgress(world.network.now, upstream, true);
    expect(upstream.gapSince).toBe(world.network.now);
  });

  test("a flush of everything that comes after a later update makes no number missing", () => {
    const world = new World([20]);
    const [site] = world.sites;
    world.querier.answer("192.0.2.7");
    let isCut = true;
    let flushes = 0;
    world.network.loses = ({ to, bytes }) => (isCut && to === site!.endpoint) || (bytes[1] === MessageType.cacheUpdate && bytes[40] === UpdateAction.flushAll && flushes++ === 0);
    world.network.run(20_000_000);
    isCut = false;
    world.network.runUntil(() => flushes > 0, 40_000_000);
    world.querier.answer("192.0.2.7");
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(10_000_000);
    const { updateGaps, epochChanges } = world.qsr.querier.health.counters;
    expect([flushes > 1, updateGaps, epochChanges]).toEqual([true, 0, 0]);
  });
});
