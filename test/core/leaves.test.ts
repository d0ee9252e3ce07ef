import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LEAF_KEYS, Leaves, NONE } from "../../src/core/tables/leaves.ts";

interface Filed {
  readonly hi: number;
  readonly lo: number;
  readonly id: number;
}

const HIGHEST = 0xffff_ffff;
/** Few upper halves, so that leaves have keys of one, of two, of many; the highest key of all among them. */
const upper = fc.constantFrom(0, 5, 5, 5, 6, 0x8000_0000, HIGHEST);
const lower = fc.oneof(fc.nat(40), fc.constantFrom(0x7fff_ffff, 0x8000_0000, HIGHEST - 1, HIGHEST));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("put" as const), hi: upper, lo: lower }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("drop" as const), leaf: fc.nat(1), place: fc.nat(LEAF_KEYS - 1) }) },
  fc.record({ act: fc.constant("moveHead" as const), count: fc.nat(LEAF_KEYS) }),
  fc.record({ act: fc.constant("moveTail" as const), count: fc.nat(LEAF_KEYS) }),
);

function compare(a: Filed, b: Filed): number {
  return a.hi === b.hi ? a.lo - b.lo : a.hi - b.hi;
}

/** Two leaves, one with the keys below those of the other, beside lists that say what they should say. */
class Pair {
  readonly leaves: Leaves;
  readonly lists: [Filed[], Filed[]] = [[], []];
  readonly #ids: readonly number[];
  readonly #isWide: boolean;
  #nextId = 0;

  constructor(isWide: boolean) {
    this.#isWide = isWide;
    this.leaves = new Leaves(isWide);
    this.#ids = [this.leaves.take(), this.leaves.take()];
  }

  put(hi: number, lo: number): void {
    const filed = { hi, lo: this.#isWide ? lo : 0, id: this.#nextId++ };
    const [low, high] = this.lists;
    const isHigh = high.length > 0 ? compare(filed, high[0]!) >= 0 : low.length > LEAF_KEYS / 2 && compare(filed, low.at(-1)!) > 0;
    const which = isHigh || (low.length > 0 && high.length > 0 && compare(filed, low.at(-1)!) > 0 && low.length > high.length) ? 1 : 0;
    const list = this.lists[which];
    if (list.length === LEAF_KEYS || list.some((other) => compare(other, filed) === 0)) return;
    this.leaves.put(this.#ids[which]!, this.leaves.upTo(this.#ids[which]!, filed.hi, filed.lo), filed.hi, filed.lo, filed.id);
    list.push(filed);
    list.sort(compare);
  }

  drop(which: number, place: number): void {
    const list = this.lists[which]!;
    if (place >= list.length) return;
    this.leaves.drop(this.#ids[which]!, place);
    list.splice(place, 1);
  }

  moveHead(count: number): void {
    const moved = Math.min(count, this.lists[1].length, LEAF_KEYS - this.lists[0].length);
    this.leaves.moveHead(this.#ids[1]!, moved, this.#ids[0]!);
    this.lists[0].push(...this.lists[1].splice(0, moved));
  }

  moveTail(count: number): void {
    const moved = Math.min(count, this.lists[0].length, LEAF_KEYS - this.lists[1].length);
    const place = this.lists[0].length - moved;
    this.leaves.moveTail(this.#ids[0]!, place, this.#ids[1]!);
    this.lists[1].unshift(...this.lists[0].splice(place));
  }

  /** What leaves say of what they have, and of keys at and beside these. */
  said(asked: readonly Filed[]): object {
    return this.#ids.map((leaf, which) => ({
      all: this.lists[which]!.map((_, place) => ({ hi: this.leaves.key(leaf, place), lo: this.leaves.low(leaf, place), id: this.leaves.id(leaf, place) })),
      size: this.leaves.size(leaf),
      found: asked.map(({ hi, lo }) => [this.leaves.upTo(leaf, hi, lo), this.leaves.idUpTo(leaf, hi, lo), this.leaves.idUpTo(leaf, hi | 0, lo | 0)]),
    }));
  }

  right(asked: readonly Filed[]): object {
    return this.lists.map((list) => ({
      all: list,
      size: list.length,
      found: asked.map((key) => {
        const upTo = list.filter((other) => compare(other, key) <= 0);
        return [upTo.length, upTo.at(-1)?.id ?? NONE, upTo.at(-1)?.id ?? NONE];
      }),
    }));
  }

  /** Leaves that have keys of more than one upper half. */
  get mixed(): number {
    return this.#isWide ? this.lists.filter((list) => list.length > 0 && list[0]!.hi !== list.at(-1)!.hi).length : 0;
  }

  /** Keys that are there, those beside them, and the ends of all. */
  asked(): Filed[] {
    const ends = this.#isWide ? [0, 1, HIGHEST - 1, HIGHEST] : [0];
    const uppers = [...new Set([0, HIGHEST, ...this.lists.flat().flatMap(({ hi }) => [hi, Math.max(hi - 1, 0), Math.min(hi + 1, HIGHEST)])])];
    const lowers = this.#isWide ? [...new Set([...ends, ...this.lists.flat().flatMap(({ lo }) => [lo, Math.max(lo - 1, 0), Math.min(lo + 1, HIGHEST)])])] : ends;
    return uppers.flatMap((hi) => lowers.map((lo) => ({ hi, lo, id: 0 })));
  }

  give(): void {
    for (const leaf of this.#ids) this.leaves.give(leaf);
  }
}

describe.each([["with", true], ["without", false]])("leaves of keys %s lower halves", (_, isWide) => {
  test("have their keys in order, whatever is put in, dropped and moved", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pair = new Pair(isWide);
        for (const action of steps) {
          if (action.act === "put") pair.put(action.hi, action.lo);
          else if (action.act === "drop") pair.drop(action.leaf, action.place);
          else pair[action.act](action.count);
          expect(pair.leaves.mixed).toBe(pair.mixed);
        }
        const asked = pair.asked();
        expect(pair.said(asked)).toEqual(pair.right(asked));
        pair.give();
        expect([pair.leaves.taken, pair.leaves.mixed]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  test("are full with the highest key of all, and are emptied", () => {
    const pair = new Pair(isWide);
    for (let key = 0; key < LEAF_KEYS; key++) pair.put(isWide ? HIGHEST : HIGHEST - key, HIGHEST - key);
    for (let size = LEAF_KEYS; size >= 0; size--) {
      const asked = pair.asked();
      expect(pair.said(asked)).toEqual(pair.right(asked));
      pair.drop(0, size % 2 === 0 ? 0 : size - 1);
    }
    expect(pair.leaves.mixed).toBe(0);
  });
});

test("a leaf that had many keys of the highest upper half, and has a few others now, knows nothing of them", () => {
  const pair = new Pair(true);
  // From the last on, so that all go into the first leaf.
  for (let lo = LEAF_KEYS - 3; lo >= 0; lo--) pair.put(HIGHEST, lo);
  for (const hi of [6, 5]) pair.put(hi, 0);
  expect(pair.lists[0]).toHaveLength(LEAF_KEYS);
  for (let place = LEAF_KEYS - 1; place > 1; place--) pair.drop(0, place);
  pair.put(HIGHEST, 40);
  const asked = [39, 20, 40, HIGHEST].map((lo) => ({ hi: HIGHEST, lo, id: 0 }));
  expect(pair.said(asked)).toEqual(pair.right(asked));
});
