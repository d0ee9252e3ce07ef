import { describe, expect, test } from "vitest";
import { type Range, formatRange, formatWords, rangeOf } from "../../src/address/index.ts";
import { NO_PEER } from "../../src/core/link/peer-table.ts";
import { type MappingBody, ReplyFlag, RequestFlag, ResultCode, UpdateAction } from "../../src/wire/index.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { CLIENTS, LIMITS, QSR_ENDPOINT, World } from "../support/world.ts";

const SECOND = 1_000_000;

function rangeText(body: MappingBody): string {
  const range: Range = rangeOf(body.family === 4 ? 4 : 6, body.firstHi, body.firstLo, body.lastHi, body.lastLo);
  return formatRange(range);
}

function etrText(body: MappingBody): string {
  return formatWords(body.etrFamily === 4 ? 4 : 6, body.etr0, body.etr1, body.etr2, body.etr3);
}

/** Every /32 of 192.0.2.0/24 its own micronet. */
function shatter(world: World): void {
  for (let host = 0; host < 200; host++) world.change(`192.0.2.${host}`, "203.0.113.1");
  world.network.run(SECOND);
}

describe("entries", () => {
  test("two keys of one cold micronet asked at once: both answers hold, nobody is told to forget one", () => {
    const world = new World([20]);
    for (let key = 0; key < 50; key++) world.querier.ask(`192.0.2.${key}`);
    world.network.run(SECOND);
    expect(world.querier.replies.length).toBe(50);
    expect(world.querier.updates).toEqual([]);
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update }) => etrText(update.body))).toEqual(["203.0.113.7"]);
  });

  test("the same answer from another QSA replaces that of a dead one without a word; another answer is passed on", () => {
    const world = new World([12, 40]);
    world.querier.answer("192.0.2.7");
    world.querier.answer("192.0.2.150");
    world.sites[0]!.station.leave();
    world.change("192.0.2.100-192.0.2.199", "203.0.113.9");
    world.network.run(4 * SECOND);
    world.querier.answer("192.0.2.7");
    world.querier.answer("192.0.2.150");
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update: { body } }) => [rangeText(body), etrText(body)])).toEqual([["192.0.2.100-192.0.2.199", "203.0.113.9"]]);
  });

  test("what is in use is fetched again before it expires; what is not in use goes", () => {
    const world = new World([12], { cachingMostMs: 30_000 });
    world.querier.answer("192.0.2.7");
    world.querier.answer("192.0.2.150");
    for (let round = 0; round < 12; round++) {
      world.network.run(10 * SECOND);
      world.querier.answer("192.0.2.7");
    }
    expect(world.qsr.server.responder.counters.misses).toBe(2);
    expect(world.qsr.querier.fetcher.counters.refetches).toBeGreaterThanOrEqual(4);
    expect(world.qsr.server.cache.cache.size).toBe(1);
  });
});

describe("what a server holds for its queriers", () => {
  test("promises whose time is up are forgotten, though their entry lives on: nobody is locked out", () => {
    const world = new World([20]);
    const [{ qsa }] = world.sites as [(typeof world.sites)[0]];
    for (let port = 0; port < 2 * LIMITS.maxPeers; port++) {
      const querier = new TestQuerier(world.network, `10.0.9.1:${1000 + port}`, world.sites[0]!.endpoint);
      querier.introduce();
      querier.ask("192.0.2.7");
      world.network.run(SECOND);
      expect(querier.replies.length).toBe(1);
      world.network.detach(`10.0.9.1:${1000 + port}`);
    }
    expect(qsa.server.promises.ledger.size).toBeLessThan(64);
  });

  test("one host with many ports leaves room for others", () => {
    const world = new World([20]);
    const first = new TestQuerier(world.network, "10.0.9.1:999", QSR_ENDPOINT);
    first.introduce();
    const { peers } = world.qsr;
    const queriers = Array.from({ length: LIMITS.maxPeers }, (_, port) => new TestQuerier(world.network, `10.0.9.1:${1000 + port}`, QSR_ENDPOINT, first));
    for (const querier of queriers) querier.ask("192.0.2.7");
    world.network.run(SECOND);
    expect(peers.intern(0, 4, 0x0a000a01, 0, 0, 0, 77)).not.toBe(NO_PEER);
    const late = new TestQuerier(world.network, "10.0.10.1:77", QSR_ENDPOINT);
    late.introduce();
    const { reply } = late.answer("192.0.2.7");
    expect([reply.result, reply.header.flags, reply.body.cachingMs]).toEqual([ResultCode.mapping, ReplyFlag.noPromise, 2_000]);
  });

  test("a querier that is gone does not keep others from hearing of changes", () => {
    const world = new World([20], { limits: { ...LIMITS, maxUpdates: 256 } });
    shatter(world);
    const gone = new TestQuerier(world.network, "10.0.9.1:999", QSR_ENDPOINT);
    gone.introduce();
    for (let host = 0; host < 200; host++) gone.answer(`192.0.2.${host}`);
    world.querier.answer("192.0.2.199");
    world.network.detach("10.0.9.1:999");
    shatter(world);
    world.change("192.0.2.199", "203.0.113.7");
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update: { body } }) => rangeText(body))).toContain("192.0.2.199");
    world.network.run(30 * SECOND);
    expect(world.qsr.server.promises.sender.outstanding).toBe(0);
  });

  test("a querier that was silent for 15 s is told to forget everything when it speaks again", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.network.run(20 * SECOND);
    expect(world.qsr.server.promises.ledger.size).toBe(0);
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(SECOND);
    expect(world.querier.updates).toEqual([]);
    world.querier.answer(null);
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushAll]);
  });

  test("when a server dies, who holds much of it hears one word, and who holds little hears of that alone", () => {
    const world = new World([20]);
    shatter(world);
    const other = new TestQuerier(world.network, "10.0.9.1:999", QSR_ENDPOINT);
    other.introduce();
    for (let host = 0; host < 60; host++) world.querier.answer(`192.0.2.${host}`);
    for (let host = 0; host < 3; host++) other.answer(`192.0.2.${host}`);
    world.sites[0]!.station.leave();
    world.network.runUntil(() => world.qsr.server.cache.cache.size === 0, 12 * SECOND);
    world.network.run(100_000);
    expect(world.querier.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushAll]);
    expect(other.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushRange, UpdateAction.flushRange, UpdateAction.flushRange]);
    expect(world.qsr.server.promises.ledger.size).toBe(0);
  });

  test("a client may have only so many queries waiting", () => {
    const world = new World([100], { clients: { ...CLIENTS, maxWaiting: 10 } });
    for (let key = 0; key < 15; key++) world.querier.ask(`192.0.2.${key}`);
    world.network.run(50_000);
    expect(world.querier.replies.map(({ reply }) => reply.result)).toEqual(Array.from({ length: 5 }, () => ResultCode.overloaded));
  });

  test("forged sources that wait for an address leave room for those who proved theirs", () => {
    const world = new World([500], { limits: { ...LIMITS, maxPeers: 4096 } });
    for (let port = 0; port < 1100; port++) new TestQuerier(world.network, `10.0.66.1:${1000 + port}`, QSR_ENDPOINT).ask("192.0.2.7");
    world.network.run(1_000);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  });

  test("beyond its network's limit a client hears nothing but now and then a word that it is too much", () => {
    const world = new World([20], { clients: { ...CLIENTS, maxQueriesPerSecondPerNetwork: 20 } });
    const neighbours = [1, 2, 3, 4].map((host) => new TestQuerier(world.network, `10.0.9.${host}:999`, QSR_ENDPOINT));
    for (const neighbour of neighbours) for (let key = 0; key < 20; key++) neighbour.ask("198.51.100.1");
    world.network.run(1_000);
    const results = neighbours.flatMap(({ replies }) => replies.map(({ reply }) => reply.result));
    expect(results.filter((result) => result === ResultCode.notInAnyMab)).toHaveLength(20);
    expect(results.filter((result) => result === ResultCode.overloaded)).toHaveLength(15);
    expect(world.querier.answer("198.51.100.1").reply.result).toBe(ResultCode.notInAnyMab);
  });
});

describe("answers that took long", () => {
  test("are sent again until they are acknowledged, twice at most", () => {
    const world = new World([100]);
    world.querier.acknowledgesReplies = false;
    world.querier.ask("192.0.2.7");
    world.network.run(5 * SECOND);
    expect(world.querier.replies.map(({ reply }) => reply.header.flags)).toEqual([ReplyFlag.ackWanted, ReplyFlag.ackWanted, ReplyFlag.ackWanted]);
    expect(world.qsr.server.responder.repeater.outstanding).toBe(0);
    world.querier.acknowledgesReplies = true;
    world.querier.ask("192.0.2.150");
    world.network.run(5 * SECOND);
    expect(world.querier.replies).toHaveLength(4);
    expect(world.qsr.server.responder.repeater.counters.repliesAcknowledged).toBe(1);
  });
});

describe("updates", () => {
  test("one lost of a burst of 60 is sent again, and nothing is flushed", () => {
    const world = new World([20]);
    shatter(world);
    for (let host = 0; host < 60; host++) world.querier.answer(`192.0.2.${host}`);
    let lost = 0;
    world.network.loses = ({ from, bytes }) => from === world.sites[0]!.endpoint && bytes[1] === 5 && lost++ === 3;
    for (let host = 0; host < 60; host++) world.change(`192.0.2.${host}`, "203.0.113.7");
    world.network.run(3 * SECOND);
    expect(world.querier.updates).toHaveLength(60);
    expect(world.qsr.querier.health.counters.flushedEntries).toBe(0);
    expect(world.qsr.server.cache.cache.size).toBe(60);
  });

  test("more than can wait for a querier become one word: forget everything", () => {
    const world = new World([20], { limits: { ...LIMITS, maxUpdates: 256 } });
    shatter(world);
    for (let host = 0; host < 200; host++) world.querier.answer(`192.0.2.${host}`);
    world.network.run(SECOND);
    world.querier.updates.length = 0;
    shatter(world);
    world.network.run(SECOND);
    expect(world.querier.updates.some(({ update }) => update.action === UpdateAction.flushAll)).toBe(true);
    expect(world.querier.updates.length).toBeLessThan(200);
    expect(world.qsr.server.promises.ledger.size).toBe(0);
  });

  test("one that a newer one overtakes is not sent again", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.querier.acknowledgesUpdates = false;
    const etrs = ["203.0.113.10", "203.0.113.11", "203.0.113.12"];
    for (const etr of etrs) {
      world.change("192.0.2.0-192.0.2.99", etr);
      world.network.run(100_000);
    }
    world.querier.updates.length = 0;
    world.network.run(5 * SECOND);
    expect(new Set(world.querier.updates.map(({ update: { body } }) => etrText(body)))).toEqual(new Set(["203.0.113.12"]));
  });

  test("those not received are sent again as soon as the querier says so", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.querier.acknowledgesUpdates = false;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(2 * SECOND);
    const received = world.querier.updates.at(-1)!.update.body.counter - 1;
    world.querier.updates.length = 0;
    world.querier.ask(null, (request) => (request.received = received));
    world.network.run(1_000);
    expect(world.querier.updates).toHaveLength(1);
  });

  test("carry the version and position of the change, in answers and flushes alike", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.change("192.0.2.150", "203.0.113.7");
    world.network.run(SECOND);
    world.querier.answer("192.0.2.150");
    world.change("192.0.2.10-192.0.2.19", "203.0.113.7");
    world.network.run(SECOND);
    const [flush] = world.querier.updates.map(({ update }) => update.body);
    expect([flush!.versionLo, flush!.positionLo]).toEqual([12, 12]);
    expect(world.sites[0]!.qsa.server.responder.counters.requests).toBe(2);
    const direct = new TestQuerier(world.network, "10.0.0.10:5000", world.sites[0]!.endpoint);
    direct.introduce();
    direct.ask("192.0.2.199", ({ header }) => (header.flags = RequestFlag.oneShot));
    world.network.run(SECOND);
    world.change("192.0.2.0-192.0.2.9", "203.0.113.8");
    direct.ask("192.0.2.199", ({ header }) => (header.flags = RequestFlag.oneShot));
    world.network.run(SECOND);
    expect(direct.replies.map(({ reply: { body } }) => body.positionLo)).toEqual([12, 13]);
  });
});
