import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NONE, RangeIndex } from "../../src/core/tables/range-index.ts";

const KEYS = 6000;
const operation = fc.record({ add: fc.boolean(), key: fc.nat({ max: KEYS }) });

/** A range index beside a sorted list that says what it should say. */
class Pair {
  readonly index: RangeIndex;
  readonly #isWide: boolean;
  readonly #keys = new Set<number>();

  constructor(isWide: boolean) {
    this.#isWide = isWide;
    this.index = new RangeIndex(isWide);
  }

  add(key: number): void {
    if (!this.#keys.has(key)) this.index.insert(...this.#halves(key), key);
    this.#keys.add(key);
  }

  /** Whether both had it, or neither. */
  remove(key: number): boolean {
    return this.index.remove(...this.#halves(key)) === this.#keys.delete(key);
  }

  /** What the index says, and what it should say. */
  compare(keys: readonly number[]): { said: readonly number[]; right: readonly number[] } {
    const sorted = [...this.#keys].toSorted((a, b) => a - b);
    const said = keys.flatMap((key) => {
      const halves = this.#halves(key);
      return [this.index.floor(...halves), this.index.above(...halves), this.index.below(...halves), this.index.floorSought(...halves), this.index.aboveSought(...halves)];
    });
    const right = keys.flatMap((key) => {
      const after = sorted.findIndex((other) => other > key);
      const upTo = after < 0 ? sorted.length : after;
      return [sorted[upTo - 1], sorted[upTo], sorted[upTo - 1] === key ? sorted[upTo - 2] : sorted[upTo - 1], sorted[upTo - 1], sorted[upTo]].map((place) => place ?? NONE);
    });
    return { said: [this.index.size, ...said], right: [sorted.length, ...right] };
  }

  #halves(key: number): [number, number] {
    return this.#isWide ? [key >>> 8, key & 255] : [key * 0x9e37, 0];
  }
}

describe.each([["with", true], ["without", false]])("an index of keys %s lower halves", (_, isWide) => {
  test("behaves as a sorted list does, filled in any order", () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 500, maxLength: 3000 }), fc.integer({ min: 1, max: 4 }), (operations, step) => {
        const pair = new Pair(isWide);
        for (let key = 0; key < KEYS; key += step) pair.add(key);
        const agreed = operations.map(({ add, key }) => (add ? pair.add(key) : pair.remove(key)));
        expect(agreed).not.toContain(false);
        const { said, right } = pair.compare(operations.slice(0, 300).map(({ key }) => key));
        expect(said).toEqual(right);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ["from the front", (key: number) => key],
    ["from the back", (key: number) => KEYS - 1 - key],
    ["from here and there", (key: number) => (key * 2741) % KEYS],
  ])("empties %s, and is filled again", (_order, place) => {
    const pair = new Pair(isWide);
    for (let round = 0; round < 2; round++) {
      for (let key = 0; key < KEYS; key++) pair.add(place(key));
      for (let key = 0; key < KEYS; key++) {
        expect(pair.remove(place(key))).toBe(true);
        if (key % 500 !== 0) continue;
        const { said, right } = pair.compare([place(key), place(key) + 1, 0, KEYS]);
        expect(said).toEqual(right);
      }
      expect(pair.index.size).toBe(0);
    }
  });

  test("gives back the memory of what goes", () => {
    const pair = new Pair(isWide);
    for (let key = 0; key < KEYS; key++) pair.add(key);
    const full = pair.index.nodes;
    for (let key = 0; key < KEYS; key++) if (key % 64 !== 0) pair.remove(key);
    expect(pair.index.nodes).toBeLessThan(full / 8);
  });
});
