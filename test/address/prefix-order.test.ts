import fc from "fast-check";
import { expect, test } from "vitest";
import { type Prefix, comparePrefixes } from "../../src/address/index.ts";
import { prefixOrder } from "../../src/address/prefix-order.ts";

const words = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff);
const prefix = fc.record({ family: fc.constantFrom(4 as const, 6 as const), hi: words, lo: words, length: fc.nat({ max: 3 }) });

function orderOf(prefixes: readonly Prefix[]): number[] {
  const rows = { size: prefixes.length, family: (row: number) => prefixes[row]!.family, hi: (row: number) => prefixes[row]!.hi };
  return [...prefixOrder(rows, (a, b) => comparePrefixes(prefixes[a]!, prefixes[b]!))];
}

test("rows are in the order of their prefixes, and those of one prefix as they came", () => {
  fc.assert(fc.property(fc.array(prefix, { maxLength: 40 }), (prefixes) => {
    expect(orderOf(prefixes)).toEqual(Array.from(prefixes.keys()).toSorted((a, b) => comparePrefixes(prefixes[a]!, prefixes[b]!) || a - b));
  }));
});

test.each([2 ** 20, 2 ** 20 + 1])("so are %d, which have room in a key, or no longer", (size) => {
  const hi = (row: number): number => size - row;
  const order = prefixOrder({ size, family: () => 6, hi }, (a, b) => hi(a) - hi(b));
  expect([order.length, order.findIndex((row, place) => row !== size - 1 - place)]).toEqual([size, -1]);
});
