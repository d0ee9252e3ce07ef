import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerHeap } from "../../src/core/tables/timer-heap.ts";

test("gives back every deadline in order, whatever was set, moved or cleared before", () => {
  const operation = fc.record({ id: fc.nat({ max: 49 }), at: fc.nat({ max: 1000 }), clear: fc.boolean() });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const heap = new TimerHeap(50);
      const model = new Map<number, number>();
      for (const { id, at, clear } of operations) {
        if (clear) {
          heap.clear(id);
          model.delete(id);
        } else {
          heap.set(id, at);
          model.set(id, at);
        }
      }
      expect(heap.size).toBe(model.size);
      let before = -1;
      for (let id = heap.pop(1000); id >= 0; id = heap.pop(1000)) {
        expect(model.get(id)).toBeGreaterThanOrEqual(before);
        before = model.get(id)!;
        model.delete(id);
      }
      expect(model.size).toBe(0);
    }),
  );
});

test("nothing is popped before it is due", () => {
  const heap = new TimerHeap(2);
  heap.set(1, 10);
  expect(heap.pop(9.5)).toBe(-1);
  expect(heap.next).toBe(10);
  expect(heap.pop(10)).toBe(1);
  expect(heap.next).toBe(Infinity);
});
