import { describe, expect, test } from "vitest";
import { MappingBody, MessageType, ResultCode, UpdateAction, decodeDatagram } from "../../src/wire/index.ts";
import { Agenda } from "../../src/core/agenda.ts";
import { Transmit } from "../../src/core/engine.ts";
import { NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { Cache } from "../../src/core/cache/cache.ts";
import { MappingCache } from "../../src/core/cache/mapping-cache.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import { TransmitRing } from "../../src/core/link/transmit-ring.ts";
import { Promises } from "../../src/core/server/promises.ts";
import { QuerierTable } from "../../src/core/server/querier-table.ts";
import { Version } from "../../src/core/version.ts";
import { seeded } from "../support/virtual-network.ts";

const MANY = 3000;
const HOUR_MS = 3_600_000;

function setUp() {
  const peers = new PeerTable(64, seeded(1));
  const ring = new TransmitRing(256, 1232);
  const agenda = new Agenda();
  const rows = new Cache(2 * MANY, 8, 1);
  const promises = new Promises({ maxPromises: 2 * MANY, maxUpdates: 256 }, rows.entries, peers, new QuerierTable(peers, seeded(2)), ring, agenda);
  const cache = new MappingCache(rows, promises, agenda);
  const peer = (port: number): number => {
    const number = peers.intern(0, 4, 1, 0, 0, 0, port);
    peers.hold(number);
    return number;
  };
  return { agenda, ring, cache, entries: cache.entries, promises, ledger: promises.ledger, peer };
}

function mapping(key: number, position: number): MappingBody {
  return Object.assign(new MappingBody(), { family: 4, prefixLength: 8, etrFamily: 4, firstHi: key, lastHi: key, etr0: 1, versionLineage: 1, versionLo: position, positionLineage: 1, positionLo: position });
}

function fill(cache: MappingCache, upstream: number, position = 5): void {
  for (let key = 0; key < MANY; key++) cache.file(0, ResultCode.mapping, mapping(key, position), upstream, HOUR_MS);
}

/** Lets time pass until all steps are done; gives how many there were, and the most entries that went in one. */
function finish(cache: MappingCache, agenda: Agenda, from = 0): { steps: number; most: number } {
  let steps = 0;
  let most = 0;
  for (let now = from; cache.entries.chains.voids > 0; now = Math.max(now, agenda.next)) {
    const before = cache.entries.size;
    agenda.handleTimeout(now);
    most = Math.max(most, before - cache.entries.size);
    steps++;
  }
  return { steps, most };
}

function isThere(cache: MappingCache, key: number): boolean {
  return cache.find(0, 4, key, 0) !== NO_ENTRY;
}

describe("a flush of very many entries", () => {
  test("makes all void at once, and takes them out step by step", () => {
    const { agenda, cache, entries } = setUp();
    fill(cache, 1);
    expect(cache.flushUpstream(0, 1)).toBe(MANY);
    expect([cache.cache.size, entries.size, entries.firstOf(1), isThere(cache, 7), isThere(cache, MANY - 1)]).toEqual([0, MANY, NO_ENTRY, false, false]);
    const { steps, most } = finish(cache, agenda);
    expect(steps).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(128);
    expect([entries.size, cache.floors.size > 0, agenda.next < Infinity]).toEqual([0, true, true]);
  });

  test("leaves what the same server, and others, say meanwhile", () => {
    const { agenda, cache, entries } = setUp();
    fill(cache, 1);
    cache.file(0, ResultCode.mapping, mapping(MANY, 5), 2, HOUR_MS);
    cache.flushUpstream(0, 1);
    for (let key = 0; key < 100; key++) cache.file(0, ResultCode.mapping, mapping(key * 29, 6), 1, HOUR_MS);
    expect([entries.chains.count(1), isThere(cache, 29), isThere(cache, 30)]).toEqual([100, true, false]);
    finish(cache, agenda);
    expect([entries.size, isThere(cache, 29), isThere(cache, 30), isThere(cache, MANY)]).toEqual([101, true, false, true]);
    expect(cache.flushUpstream(0, 1)).toBe(100);
    expect(entries.size).toBe(1);
  });

  test("keeps its floors from the beginning: nobody goes back in version", () => {
    const { agenda, cache } = setUp();
    fill(cache, 1);
    cache.flushUpstream(0, 1);
    const floor = (): number => {
      const version = new Version();
      cache.floorOver(0, mapping(MANY - 1, 0), version);
      return version.lo;
    };
    expect(floor()).toBe(5);
    finish(cache, agenda);
    expect(floor()).toBe(5);
  });

  test("can be repeated again and again before the first is done", () => {
    const { agenda, cache, entries } = setUp();
    fill(cache, 1);
    for (let round = 0; round < 100; round++) {
      for (let key = 0; key < 200; key++) cache.file(0, ResultCode.mapping, mapping(MANY + key, 6 + round), 1, HOUR_MS);
      expect(entries.chains.count(1)).toBe(round === 0 ? MANY + 200 : 200);
      cache.flushUpstream(0, 1);
      expect([cache.cache.size, isThere(cache, MANY)]).toEqual([0, false]);
    }
    finish(cache, agenda);
    expect(entries.size).toBe(0);
  });

  test("tells who holds few of them of each, who holds many to forget everything, both once", () => {
    const { agenda, cache, ledger, ring, peer } = setUp();
    fill(cache, 1);
    const [few, many] = [peer(5000), peer(5001)];
    for (let key = 0; key < MANY; key++) ledger.note(cache.find(0, 4, key, 0), key % 1000 === 0 ? few : many, 1, key, HOUR_MS);
    cache.flushUpstream(0, 1);
    finish(cache, agenda);
    const out = new Transmit();
    const told = new Map<number, number[]>();
    while (ring.take(out)) {
      const { type, message } = decodeDatagram(out.bytes.slice(0, out.length));
      if (type === MessageType.cacheUpdate) told.set(out.peer, [...(told.get(out.peer) ?? []), message.action]);
    }
    expect(told.get(few)).toEqual([UpdateAction.flushRange, UpdateAction.flushRange, UpdateAction.flushRange]);
    expect(told.get(many)?.filter((action) => action === UpdateAction.flushAll)).toHaveLength(1);
    expect(told.get(many)!.length).toBeLessThan(12);
    expect(ledger.size).toBe(0);
  });

  test("wants again what was in use, but for an operator who flushes everything forgets the floors too", () => {
    const { agenda, cache, entries } = setUp();
    const wanted = new Set<number>();
    cache.wantKey = (_family, hi) => wanted.add(hi);
    fill(cache, 1);
    cache.flushUpstream(0, 1);
    finish(cache, agenda);
    expect(wanted.size).toBe(MANY);
    fill(cache, 2, 9);
    cache.flushEverything(0);
    const version = new Version();
    cache.floorOver(0, mapping(3, 0), version);
    expect([cache.cache.size, cache.floors.size, version.isZero, isThere(cache, 3)]).toEqual([0, 0, true, false]);
    finish(cache, agenda);
    expect([entries.size, cache.floors.size]).toEqual([0, 0]);
  });
});

test("a table in which very many expire is swept in small parts", () => {
  const { agenda, cache, entries } = setUp();
  fill(cache, 1);
  let most = 0;
  let now = HOUR_MS * 1000;
  for (let rounds = 0; entries.size > 0 && rounds < 100; rounds++) {
    const before = entries.size;
    now = Math.max(now, agenda.next);
    agenda.handleTimeout(now);
    most = Math.max(most, before - entries.size);
  }
  expect(entries.size).toBe(0);
  expect(most).toBeLessThanOrEqual(1024);
  expect(now).toBeLessThan((HOUR_MS + 10_000) * 1000);
});
