import fc from "fast-check";
import { expect, test } from "vitest";
import { MovedRows } from "../../src/core/tables/moved-rows.ts";

const ROWS = 40;

/** What happens at each row: rows put in before it, and whether it goes. */
const edits = fc.array(fc.record({ before: fc.integer({ min: 0, max: 2 }), goes: fc.boolean() }), { minLength: ROWS, maxLength: ROWS });

test("rows are found where they went, in whatever order they are asked for", () => {
  fc.assert(
    fc.property(edits, fc.array(fc.integer({ min: 0, max: ROWS - 1 })), (edited, asked) => {
      const moved = new MovedRows();
      const now: number[] = [];
      let to = 0;
      for (const [row, { before, goes }] of edited.entries()) {
        to += before;
        if (before > 0) moved.from(row, to - row);
        now.push(goes ? -1 : to);
        if (goes) moved.without(row);
        else to++;
        if (goes) moved.from(row + 1, to - row - 1);
      }
      expect(asked.map((row) => moved.now(row))).toEqual(asked.map((row) => now[row]));
    }),
  );
});
