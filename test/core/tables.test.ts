import { describe, expect, test } from "vitest";
import { NO_PEER, PeerTable } from "../../src/core/link/peer-table.ts";
import { QuerierTable } from "../../src/core/server/querier-table.ts";
import { TransmitRing } from "../../src/core/link/transmit-ring.ts";
import { Transmit } from "../../src/core/engine.ts";
import { Arrival, UpdateWindow } from "../../src/core/querier/update-window.ts";
import { seeded } from "../support/virtual-network.ts";

describe("peers", () => {
  test("the same address, port and link is the same peer; anything else is another", () => {
    const peers = new PeerTable(16, seeded(1));
    const peer = peers.intern(0, 4, 1, 0, 0, 0, 5000);
    expect(peers.intern(0, 4, 1, 0, 0, 0, 5000)).toBe(peer);
    const others = [peers.intern(1, 4, 1, 0, 0, 0, 5000), peers.intern(0, 6, 1, 0, 0, 0, 5000), peers.intern(0, 4, 1, 0, 0, 0, 5001), peers.intern(0, 4, 2, 0, 0, 0, 5000)];
    expect(new Set([peer, ...others]).size).toBe(5);
    expect([peers.link(others[0]!), peers.family(others[1]!), peers.port(others[2]!), peers.words(others[3]!)]).toEqual([1, 6, 5001, [2, 0, 0, 0]]);
  });

  test("full: the least recently seen makes room, who is held stays, and a new owner has a new generation", () => {
    const peers = new PeerTable(4, seeded(1));
    const first = Array.from({ length: 4 }, (_, index) => peers.intern(0, 4, index, 0, 0, 0, 1));
    for (const peer of first.slice(0, 3)) peers.hold(peer);
    for (let address = 10; address < 20; address++) expect(peers.intern(0, 4, address, 0, 0, 0, 1)).toBe(first[3]);
    expect(peers.generation[first[3]!]).toBe(11);
    peers.hold(first[3]!);
    expect(peers.intern(0, 4, 99, 0, 0, 0, 1)).toBe(NO_PEER);
    expect(peers.intern(0, 4, 0, 0, 0, 0, 1)).toBe(first[0]);
  });
});

describe("queriers", () => {
  test("an allowance refills with time, up to a burst", () => {
    const peers = new PeerTable(4, seeded(1));
    const queriers = new QuerierTable(peers, seeded(2));
    const peer = peers.intern(0, 4, 1, 0, 0, 0, 1);
    queriers.meet(peer, 0, 2);
    const take = (ms: number): boolean => queriers.takeToken(peer, ms, 10, 2);
    expect([take(0), take(0), take(0), take(100), take(100), take(10_000), take(10_000), take(10_000)]).toEqual([true, true, false, true, false, true, true, false]);
  });

  test("one forgotten and met again counts from elsewhere", () => {
    const peers = new PeerTable(1, seeded(1));
    const queriers = new QuerierTable(peers, seeded(2));
    const counters = [1, 2, 1].map((address) => {
      const peer = peers.intern(0, 4, address, 0, 0, 0, 1);
      queriers.meet(peer, 0, 1);
      return queriers.counter(peer);
    });
    expect(new Set(counters).size).toBe(3);
  });
});

describe("update numbers", () => {
  test("in order, twice, out of order and missing", () => {
    const window = new UpdateWindow();
    window.restart(10);
    expect([window.receive(11), window.receive(11), window.hasGap]).toEqual([Arrival.new, Arrival.duplicate, false]);
    expect([window.receive(13), window.hasGap, window.misses(13)]).toEqual([Arrival.new, true, true]);
    expect([window.receive(12), window.hasGap, window.misses(13), window.complete]).toEqual([Arrival.new, false, false, 13]);
  });

  test("a counter just behind was overtaken; one far off is another server's count", () => {
    const window = new UpdateWindow();
    window.restart(1000);
    expect([window.misses(1000), window.misses(999), window.misses(1001), window.misses(7)]).toEqual([false, false, true, true]);
  });

  test("one too far ahead is not taken, so that it comes again; as far as the window reaches all are", () => {
    const window = new UpdateWindow();
    window.restart(10);
    expect([window.receive(267), window.receive(266), window.complete]).toEqual([Arrival.beyond, Arrival.new, 10]);
    for (let number = 11; number < 266; number++) window.receive(number);
    expect([window.complete, window.hasGap, window.receive(267)]).toEqual([266, false, Arrival.new]);
  });

  test("tell which replies were sent before an update that is here already", () => {
    const window = new UpdateWindow();
    window.restart(1000);
    window.receive(1003);
    expect([1002, 1003, 1004, 7].map((counter) => window.hasOvertaken(counter))).toEqual([true, false, false, false]);
  });

  test("wrap after 2^32", () => {
    const window = new UpdateWindow();
    window.restart(0xffffffff);
    expect([window.receive(0), window.receive(1), window.complete, window.misses(1)]).toEqual([Arrival.new, Arrival.new, 1, false]);
  });
});

test("a full transmit ring drops the newest and keeps what waits", () => {
  const ring = new TransmitRing(4, 8);
  for (let value = 1; value <= 5; value++) {
    ring.claim().setUint8(0, value);
    ring.commit(value, 1);
  }
  const out = new Transmit();
  const taken: number[] = [];
  while (ring.take(out)) taken.push(out.bytes[0]!);
  expect([taken, ring.dropped]).toEqual([[1, 2, 3], 2]);
});
