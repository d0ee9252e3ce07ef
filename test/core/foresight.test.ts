import { describe, expect, test } from "vitest";
import type { Family } from "../../src/address/index.ts";
import { Cache } from "../../src/core/cache/cache.ts";
import { NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { NO_PEER, PeerTable } from "../../src/core/link/peer-table.ts";
import { MOST_FORESEEN } from "../../src/core/engine.ts";
import { RequestForesight } from "../../src/core/server/foresight.ts";
import { Ledger, NO_RECORD } from "../../src/core/server/ledger.ts";
import { KeyBatch } from "../../src/core/tables/key-batch.ts";
import { MAP_REQUEST_OCTETS, MappingBody, MapRequest, MessageType, ResultCode, encodeMapRequest } from "../../src/wire/index.ts";
import { seeded } from "../support/virtual-network.ts";

const MANY = 40_000;
const HOUR_MS = 3_600_000;
/** Odd: its multiples by 0 to 2^32 - 1 are all different. */
const SPREAD = 0x9e3779b1;
const IPV6_HI = 0x20010db8;

function keyOf(index: number): number {
  return Math.imul(index, SPREAD) >>> 0;
}

/** Entries of one address or one /64 each, somewhere; each promised to a peer. */
function filled(family: Family, entries: number) {
  const peers = new PeerTable(64, seeded(1));
  const cache = new Cache(entries, 2, 1);
  const ledger = new Ledger(entries, cache.entries, peers);
  const peer = peers.intern(0, 4, 1, 0, 0, 0, 1);
  for (let index = 0; index < entries; index++) {
    const [hi, lo] = family === 4 ? [keyOf(index), 0] : [IPV6_HI, keyOf(index)];
    const body = Object.assign(new MappingBody(), { family, prefixLength: 8, etrFamily: 4, etr0: 1, firstHi: hi, firstLo: lo, lastHi: hi, lastLo: lo, versionLineage: 1, versionLo: 1, positionLineage: 1, positionLo: 1 });
    ledger.note(cache.insert(ResultCode.mapping, body, HOUR_MS, 1), peer, 1, 1, HOUR_MS);
  }
  return { cache, ledger, peer, foresight: new RequestForesight(cache, ledger) };
}

/** The entry that looking ahead finds for a key. */
function ahead(cache: Cache, family: Family, hi: number, lo: number): number {
  const batch = new KeyBatch(1);
  batch.add(hi, lo);
  cache.lookAhead(family, batch);
  return batch.found[0]!;
}

function request(family: number, hi: number, lo: number): DataView {
  const view = new DataView(new ArrayBuffer(MAP_REQUEST_OCTETS));
  encodeMapRequest(view, Object.assign(new MapRequest(), { family: 4, keyHi: hi, keyLo: lo }));
  view.setUint8(40, family);
  return view;
}

describe.each([4, 6] as const)("looking ahead for IPv%i", (family) => {
  const { cache, ledger, peer, foresight } = filled(family, MANY);

  test("pays with so many entries, and leads to the entries and records that will be wanted", () => {
    expect(foresight.isWorthIt).toBe(true);
    let likely = 0;
    for (let index = 0; index < MANY; index++) {
      const [hi, lo] = family === 4 ? [keyOf(index), 0] : [IPV6_HI, keyOf(index)];
      const entry = ahead(cache, family, hi, lo);
      expect(entry).toBe(cache.find(family, hi, lo));
      if (ledger.likely(entry, peer) === ledger.firstOf(entry)) likely++;
    }
    // The others stand a slot or two further on.
    expect(likely / MANY).toBeGreaterThan(0.5);
  });

  test("reads what is there for requests, known peer or not", () => {
    for (const who of [peer, NO_PEER]) {
      foresight.seen = 0;
      foresight.note(who, family === 4 ? request(4, keyOf(7), 0) : request(6, IPV6_HI, keyOf(7)), MAP_REQUEST_OCTETS);
      foresight.look();
      expect(foresight.seen).not.toBe(0);
    }
  });

  test("reads for nothing else", () => {
    const other = request(family, keyOf(7), 0);
    other.setUint8(1, MessageType.cacheUpdateAck);
    for (const [view, length] of [[request(0, 0, 0), MAP_REQUEST_OCTETS], [request(5, keyOf(7), 0), MAP_REQUEST_OCTETS], [request(family, keyOf(7), 0), MAP_REQUEST_OCTETS - 1], [other, MAP_REQUEST_OCTETS]] as const) foresight.note(peer, view, length);
    foresight.look();
    expect(foresight.seen).toBe(0);
  });

  test("finds for all keys of a batch, of either family, what it finds for each", () => {
    const keys = Array.from({ length: MOST_FORESEEN }, (_, at) => (family === 4 ? [keyOf(at * 3), 0] as const : [IPV6_HI, keyOf(at * 3)] as const));
    const looked = keys.map(([hi, lo]) => {
      foresight.noteKey(peer, family, hi, lo);
      foresight.look();
      return foresight.seen;
    });
    for (const [hi, lo] of keys) foresight.noteKey(peer, family, hi, lo);
    // Two that read the same.
    for (let other = 0; other < 2; other++) foresight.noteKey(NO_PEER, family === 4 ? 6 : 4, 0, 0);
    foresight.look();
    expect(foresight.seen).toBe(looked.reduce((sum, seen) => sum ^ seen, 0));
  });

  test("takes as many as it says, again and again", () => {
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < MOST_FORESEEN; at++) foresight.noteKey(peer, family, keyOf(at), keyOf(round));
      expect(() => {
        foresight.look();
      }).not.toThrow();
    }
  });
});

test("with few entries and promises it does not pay, with many of either it does; in an empty cache nothing is found", () => {
  const { cache, ledger, peer, foresight } = filled(4, 1_000);
  expect(foresight.isWorthIt).toBe(false);
  const peers = new PeerTable(64, seeded(1));
  const few = new Cache(1_000, 2, 1);
  const much = new Ledger(MANY, few.entries, peers);
  for (let index = 0; index < 1_000; index++) few.insert(ResultCode.mapping, Object.assign(new MappingBody(), { family: 4, firstHi: index, lastHi: index }), HOUR_MS, 1);
  for (let index = 0; index < MANY; index++) much.note(index % 1_000, peers.intern(0, 4, Math.floor(index / 1_000), 0, 0, 0, 1), 1, 1, HOUR_MS);
  expect(new RequestForesight(few, much).isWorthIt).toBe(true);
  const empty = new Cache(16, 2, 1);
  expect(ahead(empty, 4, 1, 0)).toBe(NO_ENTRY);
  expect(ledger.likely(cache.find(4, keyOf(0), 0), peer + 1)).toBeTypeOf("number");
  expect(new Ledger(16, empty.entries, new PeerTable(4, seeded(1))).likely(1, 1)).toBe(NO_RECORD);
});
