import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRange, formatWords, parseIp, parsePrefix, parseRange, rangeOf } from "../../src/address/index.ts";
import { MappingError } from "../../src/core/mapping/mapping-error.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { MappingBody, ResultCode } from "../../src/wire/index.ts";

const BASE = 0xc0000200;
const SIZE = 256;

function store(): MappingStore {
  return new MappingStore([
    { prefix: parsePrefix("192.0.2.0/24"), lineage: 1, position: 1, micronets: [] },
    { prefix: parsePrefix("192.0.2.128/28"), lineage: 1, position: 1, micronets: [] },
  ]);
}

function lookUp(from: MappingStore, offset: number): { result: number; range: string; etr: string; first: number; last: number; body: MappingBody } {
  const body = new MappingBody();
  const result = from.lookUp(4, BASE + offset, 0, body);
  const range = formatRange(rangeOf(4, body.firstHi, 0, body.lastHi, 0));
  return { result, range, etr: formatWords(4, body.etr0, 0, 0, 0), first: body.firstHi - BASE, last: body.lastHi - BASE, body };
}

const change = fc.record({ first: fc.nat({ max: 127 }), length: fc.integer({ min: 1, max: 40 }), etr: fc.option(fc.integer({ min: 1, max: 200 })) });

describe("the mapping store", () => {
  test("agrees with an array of one ETR an address, after any changes", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const subject = store();
        const model = Array.from({ length: SIZE }, () => 0);
        for (const { first, length, etr } of changes) {
          const last = Math.min(127, first + length - 1);
          subject.change(rangeOf(4, BASE + first, 0, BASE + last, 0), etr === null ? null : { family: 4, words: [etr, 0, 0, 0] });
          model.fill(etr ?? 0, first, last + 1);
        }
        for (let offset = 0; offset < 128; offset++) {
          const { result, first, last, body } = lookUp(subject, offset);
          expect(result).toBe(model[offset] === 0 ? ResultCode.negative : ResultCode.mapping);
          expect(body.etr0).toBe(model[offset]);
          expect(first <= offset && offset <= last).toBe(true);
          expect(new Set(model.slice(first, last + 1)).size).toBe(1);
          expect(body.positionLo).toBe(1 + changes.length);
          expect(body.versionLo).toBeLessThanOrEqual(body.positionLo);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a gap ends where another MAB begins", () => {
    expect(lookUp(store(), 200).range).toBe("192.0.2.144-192.0.2.255");
    expect(lookUp(store(), 130)).toMatchObject({ range: "192.0.2.128/28", body: { prefixLength: 28 } });
  });

  test("changes are numbered within their MAB, and what is left of a cut micronet is new too", () => {
    const subject = store();
    subject.change(parseRange("192.0.2.0-192.0.2.99"), parseIp("203.0.113.1"));
    const { changes } = subject.change(parseRange("192.0.2.10-192.0.2.19"), null);
    expect(changes.map(({ range, version }) => [formatRange(range), version])).toEqual([
      ["192.0.2.0-192.0.2.9", 3],
      ["192.0.2.20-192.0.2.99", 3],
      ["192.0.2.10-192.0.2.19", 3],
    ]);
    expect(lookUp(subject, 130).body.positionLo).toBe(1);
  });

  test.each([
    ["198.51.100.0/24", "is in no MAB"],
    ["192.0.2.120-192.0.2.135", "reaches beyond 192.0.2.0/24"],
    ["192.0.2.200-192.0.3.10", "reaches beyond 192.0.2.0/24"],
  ])("refuses a change of %s", (range, message) => {
    const subject = store();
    expect(() => subject.change(parseRange(range), null)).toThrow(message);
    expect(lookUp(subject, 200).body.positionLo).toBe(1);
  });

  test("refuses micronets that overlap, and MABs listed twice", () => {
    const prefix = parsePrefix("192.0.2.0/24");
    const micronets = ["192.0.2.0-192.0.2.9", "192.0.2.9-192.0.2.19"].map((range) => ({ range: parseRange(range), etr: parseIp("203.0.113.1"), version: 1 }));
    expect(() => new MappingStore([{ prefix, lineage: 1, position: 1, micronets }])).toThrow(MappingError);
    const twice = { prefix, lineage: 1, position: 1, micronets: [] };
    expect(() => new MappingStore([twice, twice])).toThrow("192.0.2.0/24 is listed twice");
  });

  test("numbers beyond 32 bits are kept whole", () => {
    const position = 2 ** 40 + 5;
    const subject = new MappingStore([{ prefix: parsePrefix("2001:db8::/32"), lineage: 7, position, micronets: [] }]);
    subject.change(parseRange("2001:db8::/64"), parseIp("2001:db8:ffff::1"));
    const body = new MappingBody();
    subject.lookUp(6, 0x20010db8, 0, body);
    expect([body.versionLineage, body.versionHi * 2 ** 32 + body.versionLo, body.etrFamily]).toEqual([7, position + 1, 6]);
  });
});
