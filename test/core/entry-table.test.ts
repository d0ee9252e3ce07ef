import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EntryTable, NO_ENTRY } from "../../src/core/cache/entry-table.ts";
import { AddressTable } from "../../src/core/tables/address-table.ts";
import { Version } from "../../src/core/version.ts";
import { MappingBody, ResultCode } from "../../src/wire/index.ts";

const CAPACITY = 6;
const UPSTREAMS = [0, 1, 255, 256, 65_535];
const word = fc.constantFrom(0, 1, 2, 0x7fff_ffff, 0xffff_ffff);
const halves = fc.constantFrom(0, 0, 0, 1, 0xffff_ffff);

const LOW = 0xffff_ffffn;
const key = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

/** Ranges of IPv6: prefixes of all sizes, and what is one key more or less than such a one, or anything. */
const ipv6Range = fc.tuple(key, fc.nat(64), fc.constantFrom(0n, 0n, 1n, -1n), fc.constantFrom(0n, 0n, 1n, -1n), fc.option(key)).map(([around, size, before, after, other]) => {
  const first = (around >> BigInt(size)) << BigInt(size);
  const ends = [first + before, other ?? first + (1n << BigInt(size)) - 1n + after].map((end) => BigInt.asUintN(64, end));
  return ends[0]! <= ends[1]! ? { first: ends[0]!, last: ends[1]! } : { first: ends[1]!, last: ends[0]! };
});

/** What a reply may bring. */
const answer = fc
  .record({ family: fc.constantFrom(4, 6), etrFamily: fc.constantFrom(0, 4, 6), words: fc.oneof(fc.tuple(word, word, word, word), ipv6Range.map(({ first, last }) => [...halvesOf(first), ...halvesOf(last)] as const)), etr: fc.tuple(word, word, word, word), prefixLength: fc.nat(64), version: fc.tuple(halves, halves, word), position: fc.tuple(halves, halves, word) })
  .map(({ family, etrFamily, words, etr, prefixLength, version, position }) => {
    const isWide = family === 6;
    return Object.assign(new MappingBody(), {
      family,
      etrFamily,
      prefixLength,
      firstHi: words[0],
      firstLo: isWide ? words[1] : 0,
      lastHi: words[2],
      lastLo: isWide ? words[3] : 0,
      etr0: etrFamily === 0 ? 0 : etr[0],
      etr1: etrFamily === 6 ? etr[1] : 0,
      etr2: etrFamily === 6 ? etr[2] : 0,
      etr3: etrFamily === 6 ? etr[3] : 0,
      versionLineage: version[0],
      versionHi: version[1],
      versionLo: version[2],
      positionLineage: position[0],
      positionHi: position[1],
      positionLo: position[2],
    });
  });

const upstream = fc.constantFrom(...UPSTREAMS);
const place = fc.nat(CAPACITY - 1);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant("add" as const), body: answer, upstream, expiry: word }) },
  fc.record({ act: fc.constant("answer" as const), place, body: answer, result: fc.constantFrom(ResultCode.mapping, ResultCode.notInAnyMab) }),
  fc.record({ act: fc.constant("move" as const), place, upstream }),
  fc.record({ act: fc.constant("flags" as const), place, isPromised: fc.boolean(), isTouched: fc.boolean() }),
  fc.record({ act: fc.constant("ledger" as const), place, head: fc.nat(0xff_ffff), nonce: fc.tuple(word, word) }),
  fc.record({ act: fc.constant("release" as const), place }),
);

function halvesOf(of: bigint): [number, number] {
  return [Number(of >> 32n), Number(of & LOW)];
}

interface Row {
  body: MappingBody;
  result: number;
  upstream: number;
  expiry: number;
  isPromised: boolean;
  isTouched: boolean;
  head: number;
  nonce: readonly [number, number];
}

/** All that is there of a body in a table. */
function read(table: EntryTable, entry: number): MappingBody {
  const body = new MappingBody();
  table.read(entry, body);
  return body;
}

function chainOf(table: EntryTable, of: number): number[] {
  const found: number[] = [];
  for (let entry = table.firstOf(of); entry !== NO_ENTRY; entry = table.following(entry)) found.push(entry);
  return found.toSorted((a, b) => a - b);
}

/** A row as the table tells it. */
function told(table: EntryTable, entry: number, { nonce, body, result }: Row): object {
  return {
    body: read(table, entry),
    result: table.result(entry),
    upstream: table.upstream(entry),
    expiry: table.expiry(entry),
    isPromised: table.isPromised(entry),
    isTouched: table.isTouched(entry),
    head: table.ledger(entry),
    range: [table.family(entry), table.prefixLength(entry), table.firstHi(entry), table.firstLo(entry), table.lastHi(entry), table.lastLo(entry)],
    isItself: [table.hasNonce(entry, ...nonce), table.hasRange(entry, body), table.saysSame(entry, result, body), table.isNewer(entry, body), table.lineage(entry)],
  };
}

function expected(row: Row): object {
  const { nonce: _, ...rest } = row;
  const { family, prefixLength, firstHi, firstLo, lastHi, lastLo, positionLineage } = row.body;
  return { ...rest, range: [family, prefixLength, firstHi, firstLo, lastHi, lastLo], isItself: [true, true, true, false, positionLineage] };
}

describe("the table of entries", () => {
  test("has what was put into it, whatever happens to other rows", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new EntryTable(CAPACITY, 65_536, 7);
        const rows = new Map<number, Row>();
        const surprises: object[] = [];
        for (const action of steps) {
          if (action.act === "add") {
            const entry = table.add(ResultCode.mapping, action.body, action.expiry, action.upstream);
            const isFull = rows.size === CAPACITY;
            if ((entry === NO_ENTRY) !== isFull) surprises.push(action);
            if (!isFull) rows.set(entry, { body: action.body, upstream: action.upstream, expiry: action.expiry, result: ResultCode.mapping, isPromised: true, isTouched: true, head: 0, nonce: [0, 0] });
            continue;
          }
          const entry = action.place;
          const row = rows.get(entry);
          if (table.isTaken(entry) !== (row !== undefined)) surprises.push(action);
          if (row === undefined) continue;
          switch (action.act) {
            case "answer": {
              // The range of a row never changes.
              const { family, prefixLength, firstHi, firstLo, lastHi, lastLo } = row.body;
              const body = Object.assign(new MappingBody(), action.body, { family, prefixLength, firstHi, firstLo, lastHi, lastLo });
              table.setAnswer(entry, action.result, body);
              Object.assign(row, { body, result: action.result, isPromised: true });
              break;
            }
            case "move":
              table.setUpstream(entry, action.upstream);
              row.upstream = action.upstream;
              break;
            case "flags":
              table.setPromised(entry, action.isPromised);
              if (action.isTouched) table.touch(entry);
              else table.takeTouched(entry);
              Object.assign(row, { isPromised: action.isPromised, isTouched: action.isTouched });
              break;
            case "ledger":
              table.setLedger(entry, action.head);
              table.setNonce(entry, ...action.nonce);
              Object.assign(row, { head: action.head, nonce: action.nonce });
              break;
            case "release":
              table.release(entry);
              rows.delete(entry);
          }
        }
        expect([surprises, table.size]).toEqual([[], rows.size]);
        for (const [entry, row] of rows) expect(told(table, entry, row)).toEqual(expected(row));
        for (const of of UPSTREAMS) expect(chainOf(table, of)).toEqual([...rows].filter(([, row]) => row.upstream === of).map(([entry]) => entry).toSorted((a, b) => a - b));
      }),
    );
  });

  test("tells ranges of IPv6 as they are, and which keys are in them", () => {
    fc.assert(
      fc.property(ipv6Range, key, ({ first, last }, any) => {
        const table = new EntryTable(1, 1, 0);
        const [[firstHi, firstLo], [lastHi, lastLo]] = [halvesOf(first), halvesOf(last)];
        const body = Object.assign(new MappingBody(), { family: 6, prefixLength: 64, firstHi, firstLo, lastHi, lastLo });
        const entry = table.add(ResultCode.mapping, body, 0, 0);
        expect(read(table, entry)).toEqual(body);
        expect([table.firstHi(entry), table.firstLo(entry), table.lastHi(entry), table.lastLo(entry)]).toEqual([firstHi, firstLo, lastHi, lastLo]);
        const keys = [first, last, last + 1n, first + (last - first) / 2n, any].filter((each) => each >= first && each < 1n << 64n);
        expect(keys.filter((each) => table.reaches(entry, ...halvesOf(each)))).toEqual(keys.filter((each) => each <= last));
        expect(keys.filter((each) => table.reaches(entry, Number(each >> 32n) | 0, Number(each & LOW) | 0))).toEqual(keys.filter((each) => each <= last));
      }),
      { numRuns: 2_000 },
    );
  });

  test("compares versions and positions with all their halves", () => {
    const order = [[0, 0, 1], [0, 0, 0xffff_ffff], [0, 1, 0], [1, 0, 0], [1, 0xffff_ffff, 2]] as const;
    const table = new EntryTable(1, 1, 0);
    for (const positionLineage of [0, 1, 5]) {
      for (const [rank, version] of order.entries()) {
        const entry = table.add(ResultCode.mapping, bodyOf(version, positionLineage), 0, 0);
        expect(order.map((other) => table.isNewer(entry, bodyOf(other, 9)))).toEqual(order.map((_, other) => other > rank));
        expect(table.isBelow(entry, new Version().set(positionLineage, version[1], version[2]))).toBe(false);
        expect(table.isBelow(entry, new Version().set(positionLineage, version[1], version[2] + 1))).toBe(true);
        const raised = new Version();
        table.raiseToVersion(entry, raised);
        expect([raised.lineage, raised.hi, raised.lo]).toEqual(version);
        table.release(entry);
      }
    }
  });
});

function bodyOf([lineage, hi, lo]: readonly [number, number, number], positionLineage: number): MappingBody {
  return Object.assign(new MappingBody(), { family: 4, versionLineage: lineage, versionHi: hi, versionLo: lo, positionLineage, positionHi: hi, positionLo: lo });
}

test("a table of addresses has each once, for as long as it is held", () => {
  const addresses = [[1, 2, 3, 4], [1, 2, 3, 5], [0, 0, 0, 0], [5, 3, 2, 1]] as const;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(addresses.length - 1), fc.boolean()), { maxLength: 60 }), fc.nat(), (steps, seed) => {
      const table = new AddressTable(addresses.length, seed);
      const numbers = addresses.map(() => 0);
      const holders = addresses.map(() => 0);
      for (const [which, isHeld] of steps) {
        if (isHeld) {
          numbers[which] = table.hold(...addresses[which as 0]);
          holders[which]!++;
        } else if (holders[which]! > 0) {
          table.release(numbers[which]!);
          holders[which]!--;
        }
        const held = addresses.flatMap((address, index) => (holders[index]! > 0 ? [{ address, number: numbers[index]! }] : []));
        expect(held.map(({ number }) => ([0, 1, 2, 3] as const).map((index) => table.word(number, index)))).toEqual(held.map(({ address }) => address));
        expect(new Set(held.map(({ number }) => number)).size).toBe(held.length);
        expect(held.filter(({ number }) => number < 1 || number > addresses.length)).toEqual([]);
      }
    }),
  );
});
