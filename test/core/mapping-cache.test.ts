import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MappingBody, MessageType, ResultCode, decodeDatagram } from "../../src/wire/index.ts";
import { Agenda } from "../../src/core/agenda.ts";
import { Transmit } from "../../src/core/engine.ts";
import { NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import { Cache } from "../../src/core/cache/cache.ts";
import { ANY_UPSTREAM, MappingCache } from "../../src/core/cache/mapping-cache.ts";
import { Promises } from "../../src/core/server/promises.ts";
import { Version } from "../../src/core/version.ts";
import { QuerierTable } from "../../src/core/server/querier-table.ts";
import { TransmitRing } from "../../src/core/link/transmit-ring.ts";
import { seeded } from "../support/virtual-network.ts";

const NOTHING_KNOWN = new Version();

function setUp(maxEntries = 64, maxPromises = 64, maxUpdates = 64) {
  const peers = new PeerTable(64, seeded(1));
  const ring = new TransmitRing(256, 1232);
  const agenda = new Agenda();
  const rows = new Cache(maxEntries, 8, 1);
  const promises = new Promises({ maxPromises, maxUpdates }, rows.entries, peers, new QuerierTable(peers, seeded(2)), ring, agenda);
  const cache = new MappingCache(rows, promises, agenda);
  return { agenda, peers, ring, cache, promises, ledger: promises.ledger, peer: peers.intern(0, 4, 1, 0, 0, 0, 5000) };
}

function mapping(first: number, last: number, etr = 1): MappingBody {
  return Object.assign(new MappingBody(), { family: 4, prefixLength: 0, etrFamily: 4, firstHi: first, lastHi: last, etr0: etr, versionLo: 1 });
}

/** A micronet in a MAB of this length, answered at a position. */
function at(lineage: number, position: number, first: number, last: number, prefixLength = 24): MappingBody {
  return Object.assign(mapping(first, last), { prefixLength, versionLineage: lineage, positionLineage: lineage, positionLo: position });
}

function sent(ring: TransmitRing): string[] {
  const out = new Transmit();
  const texts: string[] = [];
  while (ring.take(out)) {
    const datagram = decodeDatagram(out.bytes.slice(0, out.length));
    if (datagram.type === MessageType.cacheUpdate) texts.push(`${datagram.message.action} ${datagram.message.body.firstHi}-${datagram.message.body.lastHi}`);
  }
  return texts;
}

describe("the cache", () => {
  test("holds disjoint ranges, the newest whole, whatever is put in", () => {
    const step = fc.record({ first: fc.nat({ max: 200 }), length: fc.nat({ max: 30 }), flush: fc.boolean(), upstream: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { cache } = setUp(1024);
        const model: { first: number; last: number; upstream: number }[] = [];
        for (const { first, length, flush, upstream } of steps) {
          const last = first + length;
          const stays = (entry: (typeof model)[0]): boolean => entry.last < first || entry.first > last || (flush && entry.upstream !== upstream);
          if (flush) cache.flushRange(0, 4, first, 0, last, 0, upstream, NOTHING_KNOWN);
          else cache.file(0, ResultCode.mapping, mapping(first, last), upstream, 1000);
          const kept = model.filter(stays);
          model.splice(0, model.length, ...kept, ...(flush ? [] : [{ first, last, upstream }]));
        }
        expect(cache.cache.size).toBe(model.length);
        for (let key = 0; key < 240; key++) {
          const entry = cache.find(0, 4, key, 0);
          const expected = model.find(({ first, last }) => first <= key && key <= last);
          expect(entry === NO_ENTRY ? undefined : [cache.entries.firstHi(entry), cache.entries.lastHi(entry)]).toEqual(expected && [expected.first, expected.last]);
        }
        for (const upstream of [1, 2, 3]) cache.flushUpstream(0, upstream);
        expect(cache.cache.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test("an expired entry is not found, and makes room", () => {
    const { agenda, cache } = setUp();
    cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 1000);
    expect(cache.find(999_000, 4, 5, 0)).not.toBe(NO_ENTRY);
    expect(cache.find(1_000_000, 4, 5, 0)).toBe(NO_ENTRY);
    agenda.handleTimeout(1_000_000);
    expect(cache.cache.size).toBe(0);
  });

  test("the same answer again, for less time, from the server that has promised more: the promise stands, nobody is told", () => {
    const { cache, ledger, peer, promises } = setUp();
    const entry = cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 5_000);
    ledger.note(entry, peer, 1, 1, 5_000);
    expect(cache.file(1_000_000, ResultCode.mapping, mapping(1, 9), 1, 3_990)).toBe(entry);
    expect([cache.entries.expiry(entry), promises.sender.outstanding]).toEqual([5_000, 0]);
    const other = cache.file(1_000_000, ResultCode.mapping, mapping(1, 9), 2, 3_990);
    expect([cache.entries.expiry(other), promises.sender.outstanding]).toEqual([4_990, 1]);
  });

  test("expiry survives the wrap of its milliseconds", () => {
    const { cache } = setUp();
    const now = (2 ** 32 - 500) * 1000;
    cache.file(now, ResultCode.mapping, mapping(1, 9), 1, 1000);
    expect(cache.find(now + 900_000, 4, 5, 0)).not.toBe(NO_ENTRY);
    expect(cache.find(now + 1_000_000, 4, 5, 0)).toBe(NO_ENTRY);
  });

  test("full: what is promised to nobody makes room, what is promised stays", () => {
    const { cache, ledger, peer } = setUp(4);
    for (let key = 0; key < 4; key++) {
      const entry = cache.file(0, ResultCode.mapping, mapping(key, key), 1, 60_000);
      if (key !== 2) ledger.note(entry, peer, 1, key, 60_000);
    }
    for (let round = 0; round < 3; round++) expect(cache.file(0, ResultCode.mapping, mapping(100 + round, 100 + round), 1, 60_000)).not.toBe(NO_ENTRY);
    expect([0, 1, 3].map((key) => cache.find(0, 4, key, 0) === NO_ENTRY)).toEqual([false, false, false]);
  });
});

describe("a MAB that is flushed", () => {
  test("takes what other servers said before the change, and leaves what they have said since", () => {
    const { cache } = setUp();
    const [before, since] = [at(1, 11, 1, 9), at(1, 12, 10, 19)];
    cache.file(0, ResultCode.mapping, before, 2, 60_000);
    cache.file(0, ResultCode.mapping, since, 2, 60_000);
    cache.file(0, ResultCode.mapping, at(1, 12, 20, 29), 1, 60_000);
    cache.flushMab(0, 4, 0, 0, 24, 1, new Version().set(1, 0, 12));
    expect([1, 10, 20].map((key) => cache.find(0, 4, key, 0) === NO_ENTRY)).toEqual([true, false, true]);
  });
});

test("an answer of a higher lineage ends what its MAB had before, past everything of a longer MAB inside it", () => {
  const { cache } = setUp();
  cache.file(0, ResultCode.mapping, at(1, 5, 1, 9, 16), 1, 60_000);
  for (let key = 0x100; key < 0x120; key++) cache.file(0, ResultCode.mapping, at(1, 5, key, key, 24), 1, 60_000);
  cache.file(0, ResultCode.mapping, at(2, 1, 0x8000, 0x8009, 16), 1, 60_000);
  expect(cache.find(0, 4, 5, 0)).toBe(NO_ENTRY);
  expect(cache.find(0, 4, 0x110, 0)).not.toBe(NO_ENTRY);
});

test("an answer of a higher lineage ends what its MAB had before, though all of another MAB is of that lineage, and after the cache was empty", () => {
  const { cache } = setUp();
  const isThere = (key: number): boolean => cache.find(0, 4, key, 0) !== NO_ENTRY;
  cache.file(0, ResultCode.mapping, at(3, 5, 0x101, 0x109), 1, 60_000);
  cache.flushEverything(0);
  cache.file(0, ResultCode.mapping, at(2, 5, 0x101, 0x109), 1, 60_000);
  cache.file(0, ResultCode.mapping, at(3, 5, 0x201, 0x209), 1, 60_000);
  cache.file(0, ResultCode.mapping, at(3, 1, 0x120, 0x129), 1, 60_000);
  expect([0x105, 0x205, 0x125].map(isThere)).toEqual([false, true, true]);
});

test("an answer of a higher lineage that is only passed on ends what its MAB had before, too", () => {
  const { cache } = setUp();
  cache.file(0, ResultCode.mapping, at(1, 5, 1, 9), 1, 60_000);
  cache.passOn(0, at(2, 1, 20, 29));
  expect(cache.find(0, 4, 5, 0)).toBe(NO_ENTRY);
});

describe("promises", () => {
  test("whoever holds an entry is told of its change and of its end; nobody is told twice", () => {
    const { agenda, cache, ledger, peer, ring } = setUp();
    const entry = cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 60_000);
    ledger.note(entry, peer, 1, 1, 60_000);
    ledger.note(entry, peer, 1, 2, 60_000);
    cache.revise(0, entry, ResultCode.mapping, mapping(1, 9, 7));
    agenda.handleTimeout(0);
    expect(sent(ring)).toEqual(["1 1-9"]);
    cache.flushRange(0, 4, 9, 0, 20, 0, ANY_UPSTREAM, NOTHING_KNOWN);
    agenda.handleTimeout(0);
    expect(sent(ring)).toEqual(["2 1-9"]);
    expect(ledger.size).toBe(0);
  });

  test("a full ledger takes no more, and forgets nothing", () => {
    const { cache, ledger, peers } = setUp(64, 2);
    const entry = cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 60_000);
    const noted = [1, 2, 3].map((address) => ledger.note(entry, peers.intern(0, 4, address, 0, 0, 0, 1), 0, 0, 60_000));
    expect(noted).toEqual([true, true, false]);
  });

  test("an update is repeated with growing pauses until what it is about has expired", () => {
    const { agenda, cache, promises, ledger, peer, ring } = setUp();
    const entry = cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 5_000);
    ledger.note(entry, peer, 1, 1, 5_000);
    cache.withdraw(0, entry, NOTHING_KNOWN);
    const times: number[] = [];
    for (let now = 0; promises.sender.outstanding > 0; now = agenda.next) {
      agenda.handleTimeout(now);
      if (sent(ring).length > 0) times.push(now / 1000);
    }
    expect(times).toEqual([0, 200, 600, 1400, 3000]);
  });

  test("updates go out at once, 64 in a millisecond; what waits then goes out as the newer one that overtakes it", () => {
    const { agenda, cache, promises, ledger, peer, peers, ring } = setUp(128, 128, 1024);
    const other = peers.intern(0, 4, 2, 0, 0, 0, 5000);
    for (let key = 0; key < 65; key++) ledger.note(cache.file(0, ResultCode.mapping, mapping(key, key), 1, 60_000), key < 64 ? peer : other, 1, 1, 60_000);
    for (let key = 0; key < 65; key++) cache.revise(0, cache.find(0, 4, key, 0), ResultCode.mapping, mapping(key, key, 7));
    expect(sent(ring)).toHaveLength(64);
    cache.revise(10, cache.find(10, 4, 64, 0), ResultCode.mapping, mapping(64, 64, 8));
    agenda.handleTimeout(20);
    expect(agenda.next).toBe(1_000);
    agenda.handleTimeout(999);
    expect(sent(ring)).toEqual([]);
    agenda.handleTimeout(1_000);
    expect(sent(ring)).toEqual(["1 64-64"]);
    expect([promises.sender.counters.updatesOvertaken, promises.sender.outstanding]).toEqual([1, 65]);
  });

  test("an update that overtakes one on its way is repeated for as long as the newer promise lasts", () => {
    const { agenda, cache, promises, ledger, peer, ring } = setUp();
    const entry = cache.file(0, ResultCode.mapping, mapping(1, 9), 1, 60_000);
    for (const [etr, untilMs] of [[7, 5_000], [8, 60_000]] as const) {
      ledger.note(entry, peer, 1, 1, untilMs);
      cache.revise(0, entry, ResultCode.mapping, mapping(1, 9, etr));
    }
    for (let now = 0; now < 10_000_000; now = agenda.next) agenda.handleTimeout(now);
    expect(promises.sender.outstanding).toBe(1);
    expect(new Set(sent(ring))).toEqual(new Set(["1 1-9"]));
  });
});
