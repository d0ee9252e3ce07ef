import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EntryTable } from "../../src/core/cache/entry-table.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import { Ledger, NO_RECORD } from "../../src/core/server/ledger.ts";
import { NO_ROW, RowIndex } from "../../src/core/tables/row-index.ts";
import { MappingBody, ResultCode } from "../../src/wire/index.ts";

const ENTRIES = 5;
const PEERS = 8;
const HOUR = 3_600_000;

function setUp(capacity: number, maxPeers = PEERS) {
  const entries = new EntryTable(ENTRIES, 2, 1);
  for (let entry = 0; entry < ENTRIES; entry++) entries.add(ResultCode.mapping, new MappingBody(), HOUR, 1);
  const peers = new PeerTable(maxPeers, () => 1);
  for (let peer = 0; peer < maxPeers; peer++) peers.intern(0, 4, peer, 0, 0, 0, 1);
  return { entries, peers, ledger: new Ledger(capacity, entries, peers) };
}

/** Who holds an entry, with the last half of each nonce and the end of the promise. */
function holders(ledger: Ledger, entry: number): string[] {
  const found: string[] = [];
  for (let record = ledger.firstOf(entry); record !== NO_RECORD; record = ledger.following(record)) {
    found.push(`${ledger.peer(record)}: ${ledger.nonceHi(record)}.${ledger.nonceLo(record)} ${ledger.expiry(record)}`);
  }
  return found.toSorted();
}

/** Records that are freed count as looked at, so that one round may take a few sweeps. */
function sweepAll(ledger: Ledger, nowMs: number): void {
  for (let round = 0; round < 4; round++) ledger.sweep(nowMs, ledger.highWater);
}

const entry = fc.nat(ENTRIES - 1);
const peer = fc.nat(PEERS - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("note" as const), entry, peer, nonce: fc.nat(99), lasts: fc.nat(50) }) },
  fc.record({ act: fc.constant("clear" as const), entry }),
  fc.record({ act: fc.constant("clearPeer" as const), peer }),
  fc.record({ act: fc.constant("sweep" as const), passes: fc.nat(30) }),
);

describe("the ledger", () => {
  test("says what a table of promises says, whatever happens, also where time wraps", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(0, 0xffff_ffe0), (steps, start) => {
        // Room for all: queriers that hold something may be three quarters of the peers.
        const { ledger } = setUp(ENTRIES * PEERS, 2 * PEERS);
        const model = new Map<string, { nonce: number; until: number }>();
        let now = start;
        for (const action of steps) {
          if (action.act === "note") {
            const until = (now + action.lasts) >>> 0;
            ledger.note(action.entry, action.peer, 7, action.nonce, until);
            model.set(`${action.entry} ${action.peer}`, { nonce: action.nonce, until });
          } else if (action.act === "clear") {
            ledger.clear(action.entry);
            for (const key of model.keys()) if (key.startsWith(`${action.entry} `)) model.delete(key);
          } else if (action.act === "clearPeer") {
            ledger.clearPeer(action.peer);
            for (const key of model.keys()) if (key.endsWith(` ${action.peer}`)) model.delete(key);
          } else {
            now = (now + action.passes) >>> 0;
            sweepAll(ledger, now);
            for (const [key, { until }] of model) if (((until - now) | 0) <= 0) model.delete(key);
          }
          expect(ledger.size).toBe(model.size);
          for (let index = 0; index < ENTRIES; index++) {
            const expected = [...model].filter(([key]) => key.startsWith(`${index} `)).map(([key, { nonce, until }]) => `${key.split(" ")[1]}: 7.${nonce} ${until}`);
            expect(holders(ledger, index)).toEqual(expected.toSorted());
          }
          for (let index = 0; index < PEERS; index++) {
            const ends = [...model].filter(([key]) => key.endsWith(` ${index}`)).map(([, { until }]) => (until - now) | 0);
            expect(ledger.holdsAny(index)).toBe(ends.length > 0);
            expect(ends.filter((end) => end > ((ledger.latest(index) - now) | 0))).toEqual([]);
          }
        }
        sweepAll(ledger, (now + 100) >>> 0);
        expect([ledger.size, ledger.isEmpty]).toEqual([0, true]);
      }),
    );
  });

  test("a full one takes no more until a sweep has freed what is over or void", () => {
    const { ledger } = setUp(2);
    expect([0, 1, 2].map((index) => ledger.note(index, 0, 0, 0, 1_000))).toEqual([true, true, false]);
    ledger.clearPeer(0);
    expect([ledger.size, ledger.holdsAny(0), ledger.note(2, 1, 0, 0, 1_000)]).toEqual([0, false, false]);
    ledger.sweep(0, 4);
    expect(ledger.note(2, 1, 0, 0, 1_000)).toBe(true);
  });

  test("a peer that was given up a thousand times between two sweeps is promised nothing until its records are gone", () => {
    const { ledger } = setUp(4);
    const isNoted = Array.from({ length: 3_000 }, () => {
      const noted = ledger.note(0, 0, 0, 0, 1_000);
      ledger.clearPeer(0);
      return noted;
    });
    expect(isNoted.indexOf(false)).toBeGreaterThan(1_000);
    expect(holders(ledger, 0)).toEqual([]);
    ledger.sweep(0, 4);
    expect(ledger.note(0, 0, 0, 0, 1_000)).toBe(true);
  });

  test("a quarter of the peers is left for those who hold nothing; a peer that holds something keeps its number", () => {
    const { ledger, peers } = setUp(ENTRIES * PEERS);
    expect(Array.from({ length: PEERS }, (_, index) => ledger.note(0, index, 0, 0, 1_000))).toEqual([true, true, true, true, true, true, false, false]);
    const taken = Array.from({ length: 2 }, (_, index) => peers.intern(0, 4, 100 + index, 0, 0, 0, 1));
    expect(taken.toSorted()).toEqual([6, 7]);
  });
});

test("an index of rows finds each by its pair, and no other, however full it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.boolean()), { maxLength: 900 }), (capacity, steps) => {
      const rows: ([number, number] | undefined)[] = Array.from({ length: capacity });
      const index = new RowIndex(capacity, { first: (row) => rows[row]![0], second: (row) => rows[row]![1] });
      const find = (first: number, second: number): number => rows.findIndex((pair) => pair?.[0] === first && pair[1] === second);
      for (const [first, second, isToGo] of steps) {
        const row = find(first, second);
        expect(index.find(first, second)).toBe(row);
        const free = rows.indexOf(undefined);
        if (row !== NO_ROW && isToGo) {
          index.remove(row);
          rows[row] = undefined;
        } else if (row === NO_ROW && free !== -1) {
          rows[free] = [first, second];
          index.insert(free);
        }
      }
      const taken = rows.filter((pair) => pair !== undefined);
      expect(taken.map((pair) => index.find(...pair))).toEqual(taken.map((pair) => rows.indexOf(pair)));
    }),
  );
});
