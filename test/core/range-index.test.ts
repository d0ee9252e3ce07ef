import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE, RangeIndex } from "../../src/core/tables/range-index.ts";

const operation = fc.record({ add: fc.boolean(), key: fc.nat({ max: 3000 }) });

test("behaves as a sorted list does, across many leaves", () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 500, maxLength: 3000 }), (operations) => {
      const index = new RangeIndex();
      const model = new Set<number>();
      for (let key = 0; key < 3000; key += 2) {
        index.insert(key >>> 8, key & 255, key);
        model.add(key);
      }
      for (const { add, key } of operations) {
        const present = model.has(key);
        if (add && !present) index.insert(key >>> 8, key & 255, key);
        const removed = !add && index.remove(key >>> 8, key & 255);
        expect(removed).toBe(!add && present);
        if (add) model.add(key);
        else model.delete(key);
      }
      const sorted = [...model].toSorted((a, b) => a - b);
      expect(index.size).toBe(sorted.length);
      for (const { key } of operations) {
        expect(index.floor(key >>> 8, key & 255)).toBe(sorted.findLast((other) => other <= key) ?? NONE);
        expect(index.above(key >>> 8, key & 255)).toBe(sorted.find((other) => other > key) ?? NONE);
      }
    }),
    { numRuns: 20 },
  );
});
