import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Prefix, comparePrefixes, prefixAround, prefixContains } from "../../src/address/index.ts";
import { PackedPrefixes, PrefixPacker } from "../../src/address/packed-prefixes.ts";

/** Few bits differ, so that many are equal or one in another. */
const prefix = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat({ max: 7 }), fc.nat({ max: 3 }), fc.constantFrom(0, 1, 2, 3, 30, 31, 32, 63, 64))
  .map(([family, high, low, length]) => prefixAround(family, ((high << 29) | low) >>> 0, family === 4 ? 0 : (low << 30) >>> 0, family === 4 ? Math.min(32, length) : length));
const prefixes = fc.array(prefix, { maxLength: 60 });
const row = (list: readonly Prefix[], chosen: number): number => chosen % list.length;

describe("packed prefixes", () => {
  test("are those that were packed, in their order", () => {
    fc.assert(fc.property(prefixes, (list) => {
      const packed = PackedPrefixes.of(list);
      expect([packed.size, [...packed]]).toEqual([list.length, list]);
      expect(PackedPrefixes.of(packed)).toBe(packed);
    }));
  });

  test("compare as prefixes do, and lie in what contains them", () => {
    fc.assert(fc.property(prefix, prefix, (a, b) => {
      const [first, second] = [PackedPrefixes.of([a]), PackedPrefixes.of([b])];
      expect(Math.sign(first.compare(0, second, 0))).toBe(Math.sign(comparePrefixes(a, b)));
      expect(first.isIn(0, b)).toBe(b.length <= a.length && prefixContains(b, a.family, a.hi, a.lo));
    }));
  });

  test("all lie in an area where each does", () => {
    fc.assert(fc.property(fc.array(prefix, { maxLength: 4 }), prefix, (list, area) => {
      const packed = PackedPrefixes.of(list);
      expect(packed.areIn(area)).toBe(list.every((_, at) => packed.isIn(at, area)));
    }));
  });

  test("are sorted; those in order stay the same list", () => {
    fc.assert(fc.property(prefixes, (list) => {
      const sorted = PackedPrefixes.of(list).sorted();
      expect([...sorted]).toEqual(list.toSorted(comparePrefixes));
      expect(sorted.sorted()).toBe(sorted);
    }));
  });

  test("are filtered, cut and joined as lists are; all of them are the same list", () => {
    fc.assert(fc.property(prefixes.filter(({ length }) => length > 0), fc.nat(), fc.nat(), (list, a, b) => {
      const packed = PackedPrefixes.of(list);
      const [from, to] = [row(list, a), row(list, b)].toSorted((one, other) => one - other) as [number, number];
      expect(Array.from(packed.filter((at) => packed.length(at) > 2))).toEqual(list.filter(({ length }) => length > 2));
      expect([...packed.rows(from, to)]).toEqual(list.slice(from, to));
      expect([...PackedPrefixes.joined([packed.rows(from, to), packed])]).toEqual([...list.slice(from, to), ...list]);
      expect([packed.filter(() => true), packed.rows(0, list.length)]).toEqual([packed, packed]);
      expect(packed.filter(() => true)).toBe(packed);
    }));
  });

  test("what a packer has given stays when it is used again", () => {
    const packer = new PrefixPacker();
    packer.push(4, 0xc0000200, 0, 24);
    const given = packer.packed();
    packer.clear();
    packer.push(6, 0x20010db8, 0, 32);
    expect([[...given], packer.size, [...packer.packed()]]).toEqual([[{ family: 4, hi: 0xc0000200, lo: 0, length: 24 }], 1, [{ family: 6, hi: 0x20010db8, lo: 0, length: 32 }]]);
  });
});
