import type { Family } from "./key.ts";

/** Rows that a key of 53 bits has room for beside the family and the first word. */
const MOST_ROWS = 2 ** 20;
const IPV6 = 2 ** 32;

/** Prefixes by row. */
export interface PrefixRows {
  readonly size: number;
  family(row: number): Family;
  hi(row: number): number;
}

/**
 * The rows in order of families, first words, and then of `compare`; those that are the same as they came. The engine sorts numbers
 * by itself, at once, where a function that compares two would be asked several million times.
 */
export function prefixOrder(rows: PrefixRows, compare: (a: number, b: number) => number): Uint32Array {
  const order = new Uint32Array(rows.size);
  if (rows.size > MOST_ROWS) return order.map((_, row) => row).toSorted((a, b) => compare(a, b) || a - b);
  const keys = sortedKeys(rows);
  let [first, word] = [0, 0];
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place]!;
    const row = (key >>> 0) & (MOST_ROWS - 1);
    order[place] = row;
    if (key - row === word) continue;
    if (place > first + 1) order.subarray(first, place).sort((a, b) => compare(a, b) || a - b);
    first = place;
    word = key - row;
  }
  if (order.length > first + 1) order.subarray(first).sort((a, b) => compare(a, b) || a - b);
  return order;
}

/** By row: family and first word, then the row itself. */
function sortedKeys(rows: PrefixRows): Float64Array {
  const keys = new Float64Array(rows.size);
  for (let row = 0; row < keys.length; row++) keys[row] = (rows.hi(row) + (rows.family(row) === 6 ? IPV6 : 0)) * MOST_ROWS + row;
  keys.sort();
  return keys;
}
