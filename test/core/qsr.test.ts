import { describe, expect, test } from "vitest";
import { formatRange, formatWords, rangeOf } from "../../src/address/index.ts";
import { retransmissionTimeout } from "../../src/core/querier/rtt.ts";
import { UpstreamState } from "../../src/core/querier/upstream-state.ts";
import { type MapReply, RequestFlag, ResultCode, UpdateAction } from "../../src/wire/index.ts";
import { World } from "../support/world.ts";

function rangeText({ body }: { body: MapReply["body"] }): string {
  return formatRange(rangeOf(body.family === 4 ? 4 : 6, body.firstHi, body.firstLo, body.lastHi, body.lastLo));
}

function etrText({ body }: { body: MapReply["body"] }): string {
  return formatWords(body.etrFamily === 4 ? 4 : 6, body.etr0, body.etr1, body.etr2, body.etr3);
}

describe("answers", () => {
  test("a mapping, for the whole micronet, first from the QSA and then from cache", () => {
    const world = new World([20]);
    const started = world.network.now;
    const first = world.querier.answer("192.0.2.7");
    expect([first.reply.result, rangeText(first.reply), etrText(first.reply)]).toEqual([0, "192.0.2.0-192.0.2.99", "203.0.113.1"]);
    expect(first.at - started).toBeLessThan(21_000);
    const asked = world.network.now;
    const second = world.querier.answer("192.0.2.99");
    expect(etrText(second.reply)).toBe("203.0.113.1");
    expect(second.at - asked).toBe(100);
    expect(world.qsr.querier.port.counters.requestsSent).toBe(1);
  });

  test("IPv6 by whole /64s", () => {
    const { reply } = new World([20]).querier.answer("2001:db8:0:4:ffff::1");
    expect([rangeText(reply), etrText(reply)]).toEqual(["2001:db8::-2001:db8:0:4::", "2001:db8:ffff::1"]);
  });

  test("in a MAB but in no micronet: negative, with the gap", () => {
    const { reply } = new World([20]).querier.answer("192.0.2.201");
    expect([reply.result, rangeText(reply)]).toEqual([ResultCode.negative, "192.0.2.200-192.0.2.255"]);
    expect(reply.body.cachingMs).toBe(30_000 - 20);
  });

  test("in no MAB: at once, with the gap between MABs", () => {
    const world = new World([20]);
    const { reply } = world.querier.answer("198.51.100.1");
    expect([reply.result, rangeText(reply)]).toEqual([ResultCode.notInAnyMab, "192.0.3.0-255.255.255.255"]);
    expect(world.qsr.querier.port.counters.requestsSent).toBe(0);
  });

  test("a hundred queriers' worth of questions for one key are one request upstream", () => {
    const world = new World([20]);
    for (let query = 0; query < 100; query++) world.querier.ask("192.0.2.7");
    world.network.run(100_000);
    expect(world.querier.replies).toHaveLength(100);
    expect(world.qsr.querier.port.counters.requestsSent).toBe(1);
    expect(new Set(world.querier.replies.map(({ reply }) => reply.header.nonceLo)).size).toBe(100);
  });

  test("who waits longer than 20 ms is told so", () => {
    const world = new World([200]);
    const started = world.network.now;
    world.querier.answer("192.0.2.7");
    expect(world.querier.acks).toHaveLength(1);
    expect(world.querier.acks[0]!.at - started).toBe(20_100);
  });
});

describe("sources without a cookie", () => {
  test("get an answer no larger than their request, that may not be cached and is not promised", () => {
    const world = new World([20]);
    world.querier.ask("192.0.2.7", ({ header }) => {
      header.server0 = 0;
      header.server1 = 0;
      header.server2 = 0;
      header.server3 = 0;
    });
    world.network.run(100_000);
    const { reply, octets } = world.querier.replies[0]!;
    expect([reply.result, reply.body.cachingMs]).toEqual([ResultCode.mapping, 0]);
    expect(reply.header.hasServerCookie).toBe(true);
    expect(octets).toBe(120);
    expect(world.qsr.server.promises.ledger.size).toBe(0);
  });

  test("a forged cookie is no cookie", () => {
    const world = new World([20]);
    world.querier.ask("192.0.2.7", ({ header }) => {
      header.server3 ^= 1;
    });
    world.network.run(100_000);
    expect(world.querier.replies[0]!.reply.body.cachingMs).toBe(0);
    expect(world.qsr.server.responder.counters.badCookies).toBe(1);
  });
});

describe("ranking", () => {
  test("the nearest QSA is asked", () => {
    const world = new World([80, 12, 150, 40]);
    world.querier.answer("192.0.2.7");
    const ranking = world.qsr.querier.upstreams.ranking(0);
    ranking.sort();
    expect(Array.from({ length: 4 }, (_, place) => world.siteOf(ranking.at(place).upstream.address.words)!.name)).toEqual(["site2", "site4", "site1", "site3"]);
    expect(world.sites[1]!.qsa.server.responder.counters.requests).toBe(1);
  });

  test("fail-over costs the dead QSA's RTO and the next one's RTT; the dead one comes back by itself", () => {
    const world = new World([12, 40, 90]);
    world.network.run(30_000_000);
    const [dead, next] = world.sites as [(typeof world.sites)[0], (typeof world.sites)[0]];
    const upstream = world.qsr.querier.upstreams.ranking(0).at(0).upstream;
    const rto = retransmissionTimeout(upstream.rtt);
    dead.station.leave();
    const started = world.network.now;
    const { reply, at } = world.querier.answer("192.0.2.7");
    expect(etrText(reply)).toBe("203.0.113.1");
    expect(at - started).toBeLessThanOrEqual(rto + next.rtt + 20_000);

    const again = world.network.now;
    world.querier.answer("2001:db8::1");
    expect(world.network.now - again).toBeLessThanOrEqual(next.rtt + 20_000);

    world.network.run(600_000_000);
    expect(upstream.state).toBe(UpstreamState.down);
    dead.station.rejoin();
    world.network.run(31_000_000 * 1.1);
    expect(upstream.state).toBe(UpstreamState.up);
    const before = dead.qsa.server.responder.counters.requests;
    world.querier.answer("192.0.2.201");
    expect(dead.qsa.server.responder.counters.requests).toBe(before + 1);
  });

  test("with every QSA dead the querier hears within 2 s that there is no answer, and DNS is to be looked at", () => {
    const world = new World([12, 40]);
    for (const site of world.sites) site.station.leave();
    const started = world.network.now;
    const { reply, at } = world.querier.answer("192.0.2.7");
    expect(reply.result).toBe(ResultCode.noAnswer);
    expect(at - started).toBeLessThanOrEqual(2_001_000);
    world.network.run(10_000_000);
    expect([...world.qsr.querier.health.failedServices]).toEqual(["s1.dsoc.example."]);
  });

  test("one lost request costs one RTO, not the server's reputation", () => {
    const world = new World([12, 40]);
    world.network.run(30_000_000);
    let lost = 0;
    world.network.loses = ({ from }) => from === world.sites[0]!.endpoint && lost++ === 0;
    world.querier.answer("192.0.2.7");
    world.network.run(1_000_000);
    world.qsr.querier.upstreams.ranking(0).sort();
    expect(world.siteOf(world.qsr.querier.upstreams.ranking(0).at(0).upstream.address.words)!.name).toBe("site1");
  });
});

describe("changes", () => {
  test("a new mapping reaches the querier through the QSR within the path delay", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    const changed = world.network.now;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(1_000_000);
    const [{ at, update }] = world.querier.updates as [(typeof world.querier.updates)[0]];
    expect([update.action, rangeText(update), etrText(update)]).toEqual([UpdateAction.update, "192.0.2.0-192.0.2.99", "203.0.113.7"]);
    expect(at - changed).toBeLessThan(12_000);
    const { reply } = world.querier.answer("192.0.2.7");
    expect([etrText(reply), reply.body.versionLo]).toEqual(["203.0.113.7", 11]);
    expect(world.qsr.server.promises.sender.outstanding).toBe(0);
  });

  test("a split micronet is flushed, and asked for afresh", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.change("192.0.2.10-192.0.2.19", "203.0.113.7");
    world.network.run(1_000_000);
    expect(world.querier.updates.map(({ update }) => [update.action, rangeText(update)])).toEqual([[UpdateAction.flushRange, "192.0.2.0-192.0.2.99"]]);
    const around = world.querier.answer("192.0.2.7").reply;
    expect([rangeText(around), etrText(around)]).toEqual(["192.0.2.0-192.0.2.9", "203.0.113.1"]);
    expect(etrText(world.querier.answer("192.0.2.15").reply)).toBe("203.0.113.7");
  });

  test("an update is sent again until it is acknowledged", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.querier.acknowledgesUpdates = false;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(3_000_000);
    expect(world.querier.updates.length).toBeGreaterThan(2);
    world.querier.acknowledgesUpdates = true;
    world.network.run(3_000_000);
    expect(world.qsr.server.promises.sender.outstanding).toBe(0);
  });

  test("a one-shot query is promised nothing", () => {
    const world = new World([20]);
    world.querier.ask("192.0.2.7", ({ header }) => {
      header.flags = RequestFlag.oneShot;
    });
    world.network.run(1_000_000);
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(1_000_000);
    expect(world.querier.updates).toEqual([]);
    expect(etrText(world.querier.answer("192.0.2.7").reply)).toBe("203.0.113.7");
  });

  test("updates lost on the way are noticed by their number, and everything from that server is flushed", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.network.loses = ({ from, bytes }) => from === world.sites[0]!.endpoint && bytes[1] === 5;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(8_000_000);
    expect(world.qsr.querier.health.counters.updateGaps).toBe(1);
    expect(world.querier.updates[0]!.update.action).toBe(UpdateAction.flushRange);
    expect(etrText(world.querier.answer("192.0.2.7").reply)).toBe("203.0.113.7");
  });
});

describe("servers that die", () => {
  test("a restarted QSA: everything it gave is flushed, here and downstream, and what was in use is fetched again", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.restart(world.sites[0]!);
    world.network.run(5_000_000);
    expect(world.qsr.querier.health.counters.epochChanges).toBe(1);
    expect(world.querier.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushRange]);
    expect(world.sites[0]!.qsa.server.responder.counters.requests).toBe(1);
  });

  test("a QSA that is down: what it gave is asked again elsewhere, before the 10 s are over", () => {
    const world = new World([12, 40]);
    world.querier.answer("192.0.2.7");
    world.sites[0]!.station.leave();
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(4_000_000);
    expect(etrText(world.querier.answer("192.0.2.7").reply)).toBe("203.0.113.7");
  });

  test("a silent QSA: nothing of it is used after 10 s", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.sites[0]!.station.leave();
    world.network.run(10_500_000);
    expect(world.qsr.server.cache.cache.size).toBe(0);
    expect(world.qsr.querier.health.counters.silences).toBe(1);
  });
});

describe("a new catalogue", () => {
  test("withdraws what no longer holds, and keeps the rest", () => {
    const world = new World([20]);
    world.querier.answer("192.0.2.7");
    world.querier.answer("2001:db8::1");
    world.querier.answer("198.51.100.1");
    const content = world.content();
    world.publish({ ...content, mabs: content.mabs.filter(({ prefix }) => prefix.family === 6) });
    world.network.run(100_000);
    expect(world.querier.updates.map(({ update }) => rangeText(update)).toSorted()).toEqual(["192.0.2.0-192.0.2.99"]);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.notInAnyMab);
    expect(world.qsr.server.cache.cache.size).toBe(2);
  });

  test("without the QSA that answered, its answers go and the next one is asked", () => {
    const world = new World([12, 40]);
    world.querier.answer("192.0.2.7");
    const content = world.content();
    const servers = content.services[0]!.servers.slice(1);
    world.publish({ ...content, services: [{ name: "s1.dsoc.example.", servers }] });
    world.network.run(100_000);
    expect(world.querier.updates).toHaveLength(1);
    world.querier.answer("192.0.2.7");
    expect(world.sites[1]!.qsa.server.responder.counters.requests).toBe(1);
    expect(world.qsr.querier.upstreams.size).toBe(1);
  });
});
