import fc from "fast-check";
import { expect, test } from "vitest";
import { Cache } from "../../src/core/cache/cache.ts";
import { EntryTable, NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { Floors } from "../../src/core/cache/floors.ts";
import { Agenda, Task } from "../../src/core/agenda.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import { Ledger } from "../../src/core/server/ledger.ts";
import { Rounds } from "../../src/core/tables/rounds.ts";
import { Version } from "../../src/core/version.ts";
import { MappingBody, ResultCode } from "../../src/wire/index.ts";

const LEAD_MS = 5;

function bodyAt(key: number): MappingBody {
  return Object.assign(new MappingBody(), { family: 4, prefixLength: 8, etrFamily: 4, etr0: 1, firstHi: key, lastHi: key });
}

/** What is done with a table from one moment to the next: rows added that live for so long, and a walk over so many rows. */
const step = fc.record({ lives: fc.array(fc.nat({ max: 12 }), { maxLength: 4 }), rows: fc.nat({ max: 9 }) });

/** The milliseconds of a process that has run for so long that they pass their wrap. */
const start = fc.constantFrom(1000, 2 ** 31 - 20, 2 ** 32 - 20);

test("a walk of the cache goes on where the last one ended, and visits what expires soon, wherever it is", () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 40 }), (from, steps) => {
      const cache = new Cache(16, 1, 0);
      /** By row: when it expires, on a clock that does not wrap. */
      const ends: (number | undefined)[] = [];
      let hand = 0;
      let key = 0;
      for (const [tick, { lives, rows }] of steps.entries()) {
        for (const life of lives) {
          const entry = cache.insert(ResultCode.mapping, bodyAt(key++), (from + tick + life) >>> 0, 0);
          if (entry !== NO_ENTRY) ends[entry] = tick + life;
        }
        const expected: number[] = [];
        for (let left = Math.min(rows, ends.length); left > 0; left--) {
          hand = hand + 1 >= ends.length ? 0 : hand + 1;
          if ((ends[hand] ?? Infinity) - tick <= LEAD_MS) expected.push(hand);
        }
        const visited: number[] = [];
        cache.walk(rows, (from + tick) >>> 0, LEAD_MS, (entry) => {
          visited.push(entry);
          if (ends[entry]! > tick) return;
          cache.remove(entry);
          ends[entry] = undefined;
        });
        expect(visited).toEqual(expected);
      }
    }),
  );
});

test("sweeps of floors forget those whose time is up, and no others, each row once in a round", () => {
  const hour = 3_600_000;
  fc.assert(
    fc.property(start, fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 16 }), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 30 }), (from, births, rows, age) => {
      const floors = new Floors(16);
      for (const [key, birth] of births.entries()) floors.raise((from + birth) >>> 0, 4, 8, key, 0, key, 0, new Version().set(1, 0, 1));
      const now = (from + hour + age) >>> 0;
      for (let seen = 0; seen < births.length; seen += rows) floors.sweep(now, rows);
      expect(floors.size).toBe(births.filter((birth) => birth > age).length);
    }),
  );
});

test("a step that is broken off goes on at once with what is left, and the next one comes as planned", () => {
  const agenda = new Agenda();
  const rounds = new Rounds(agenda, Task.promiseRound);
  expect(rounds.begin(1_000, 4_096)).toBe(1_024);
  const next = agenda.at(Task.promiseRound);
  rounds.breakOff(1_000, 700);
  expect(agenda.at(Task.promiseRound)).toBe(1_000);
  // The table has grown meanwhile, which is the next step's business.
  expect(rounds.begin(1_100, 8_192)).toBe(700);
  expect(rounds.rows).toBe(1_024);
  expect(agenda.at(Task.promiseRound)).toBe(next);
  expect(rounds.begin(next, 8_192)).toBe(1_024);
});

test("a sweep of the ledger frees a part of many promises, says how many records are left to look at, and frees all in the end", () => {
  const rows = 600;
  const entries = new EntryTable(rows, 1, 1);
  const peers = new PeerTable(8, () => 1);
  const ledger = new Ledger(rows, entries, peers);
  const querier = peers.intern(0, 4, 1, 0, 0, 0, 1);
  for (let row = 0; row < rows; row++) ledger.note(entries.add(ResultCode.mapping, bodyAt(row), 1_000, 0), querier, 0, 0, row % 2 === 0 ? 1_000 : 10);
  const freed: number[] = [];
  for (let left = 0; ledger.size > rows / 2; ) {
    const before = ledger.size;
    left = ledger.sweep(20, left > 0 ? left : ledger.highWater);
    freed.push(before - ledger.size);
    if (freed.length > rows) throw new Error(`${ledger.size} are left`);
  }
  expect(Math.max(...freed)).toBe(16);
});

test("a walk of the cache ends after many visits, says how many rows are left, and goes on there", () => {
  const rows = 600;
  const cache = new Cache(rows, 1, 0);
  for (let row = 0; row < rows; row++) cache.insert(ResultCode.mapping, bodyAt(row), 10, 0);
  const visited: number[] = [];
  const lefts: number[] = [];
  for (let left = rows; left > 0; lefts.push(left)) left = cache.walk(left, 20, LEAD_MS, (entry) => void visited.push(entry));
  expect(lefts).toEqual([rows - 256, rows - 512, 0]);
  expect(visited.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
});
