import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyBatch } from "../../src/core/tables/key-batch.ts";
import { NONE, RangeIndex } from "../../src/core/tables/range-index.ts";

const LOW = 0xffff_ffffn;

/** Keys near each other: so many from one on, so far apart (a power of two), in some order. */
const cluster = fc.record({
  base: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  zeros: fc.nat({ max: 63 }),
  count: fc.integer({ min: 1, max: 300 }),
  spacing: fc.nat({ max: 60 }),
  order: fc.constantFrom("ascending", "descending", "mixed"),
});

type Cluster = typeof cluster extends fc.Arbitrary<infer Value> ? Value : never;

/** The keys of a cluster, as numbers of so many bits. */
function keysOf({ base, zeros, count, spacing, order }: Cluster, bits: bigint): bigint[] {
  const first = (base >> BigInt(zeros)) << BigInt(zeros);
  const keys = Array.from({ length: count }, (_, place) => BigInt.asUintN(64, first + (BigInt(place) << BigInt(spacing))) >> (64n - bits));
  if (order === "descending") keys.reverse();
  return order === "mixed" ? keys.map((_, place) => keys[(place * 211) % keys.length]!) : keys;
}

/** An index beside a sorted list of what should be in it. */
class Pair {
  readonly index: RangeIndex;
  readonly sorted: bigint[] = [];
  readonly #ids = new Map<bigint, number>();
  readonly #bits: bigint;
  #nextId = 0;

  constructor(bits: bigint) {
    this.#bits = bits;
    this.index = new RangeIndex(bits === 64n);
  }

  add(key: bigint): void {
    if (this.#ids.has(key)) return;
    this.#ids.set(key, this.#nextId);
    this.sorted.splice(this.#placeOf(key), 0, key);
    this.index.insert(...this.#halves(key), this.#nextId++);
  }

  /** Whether both had it, or neither. */
  remove(key: bigint): boolean {
    const place = this.#placeOf(key);
    const isThere = this.sorted[place] === key;
    if (isThere) this.sorted.splice(place, 1);
    this.#ids.delete(key);
    return this.index.remove(...this.#halves(key)) === isThere;
  }

  /** Those among some keys and their neighbours of which the index says something else than the list. */
  wrong(keys: readonly bigint[]): string[] {
    const near = keys.flatMap((key) => [key - 1n, key, key + 1n]).filter((key) => key >= 0n && key < 1n << this.#bits);
    return near.filter((key) => !this.#agree(key)).map((key) => key.toString(16));
  }

  /** Those among some keys for which looking ahead finds another id than their own, if they have one, or an id that nobody has. */
  astray(keys: readonly bigint[]): string[] {
    const batch = new KeyBatch(keys.length);
    for (const key of keys) batch.add(...this.#halves(key));
    this.index.lookAhead(batch);
    const ids = new Set([...this.#ids.values(), NONE]);
    return keys.filter((key, place) => !ids.has(batch.found[place]!) || batch.found[place] !== (this.#ids.get(key) ?? batch.found[place])).map((key) => key.toString(16));
  }

  /** All ids in the order of their keys, as the index has them. */
  walk(): number[] {
    const ids: number[] = [];
    const byId = new Map([...this.#ids].map(([key, id]) => [id, key]));
    for (let id = this.index.floor(0, 0) === NONE ? this.index.above(0, 0) : this.index.floor(0, 0); id !== NONE; id = this.index.above(...this.#halves(byId.get(id)!))) ids.push(id);
    return ids;
  }

  inOrder(): number[] {
    return this.sorted.map((key) => this.#ids.get(key)!);
  }

  /** The place of the first key not below one. */
  #placeOf(key: bigint): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #agree(key: bigint): boolean {
    const from = this.#placeOf(key);
    const isThere = this.sorted[from] === key;
    const halves = this.#halves(key);
    return (
      this.index.floor(...halves) === this.#idAt(isThere ? from : from - 1) &&
      this.index.below(...halves) === this.#idAt(from - 1) &&
      this.index.floorSought(...halves) === this.#idAt(isThere ? from : from - 1) &&
      this.index.aboveSought(...halves) === this.#idAt(isThere ? from + 1 : from) &&
      this.index.above(...halves) === this.#idAt(isThere ? from + 1 : from)
    );
  }

  #idAt(place: number): number {
    const key = this.sorted[place];
    return key === undefined ? NONE : this.#ids.get(key)!;
  }

  #halves(key: bigint): [number, number] {
    return this.#bits === 64n ? [Number(key >> 32n), Number(key & LOW)] : [Number(key), 0];
  }
}

describe.each([32n, 64n])("an index of keys of %s bits, of any shape", (bits) => {
  test("says what a sorted list says, while it is filled and emptied", () => {
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 5 }), fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 20 }), (clusters, keep, strangers) => {
        const pair = new Pair(bits);
        const keys = clusters.flatMap((each) => keysOf(each, bits));
        // Outside of prefixes that directories have, by any bit.
        const astray = clusters.flatMap((each) => Array.from({ length: Number(bits) }, (_, bit) => keysOf(each, bits)[0]! ^ (1n << BigInt(bit))));
        const others = [...strangers.map((key) => key >> (64n - bits)), 0n, (1n << bits) - 1n];
        for (const key of keys) pair.add(key);
        expect(pair.wrong([...keys, ...others, ...astray])).toEqual([]);
        expect(pair.walk()).toEqual(pair.inOrder());
        expect(pair.astray([...keys, ...others])).toEqual([]);
        expect(keys.filter((key, place) => place % keep !== 0 && !pair.remove(key))).toEqual([]);
        expect(pair.wrong([...keys, ...others, ...astray])).toEqual([]);
        expect(pair.walk()).toEqual(pair.inOrder());
        expect(pair.astray([...keys, ...others])).toEqual([]);
        for (const key of [...others, ...keys.toReversed()]) pair.add(key);
        expect(pair.wrong([...keys, ...others])).toEqual([]);
        expect([...keys, ...others, ...others].filter((key) => !pair.remove(key))).toEqual([]);
        expect(pair.wrong(others)).toEqual([]);
        expect(pair.index.size).toBe(0);
        expect(pair.index.nodes).toBe(1);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test.each([
    ["in no order", (place: number) => BigInt(Math.imul(place, 0x9e3779b1) >>> 0)],
    ["ascending", (place: number) => BigInt(place * 256)],
    ["descending", (place: number) => BigInt(0xffff_ffff - place * 256)],
    ["of networks of 1,000, one after the other", (place: number) => (BigInt(Math.imul(Math.floor(place / 1000), 0x9e3779b1) >>> 12) << 12n) + BigInt(place % 1000)],
  ])("with 100,000 keys %s, a leaf has 20 of them at least", (_order, keyOf) => {
    const keys = 100_000;
    const index = new RangeIndex(bits === 64n);
    for (let place = 0; place < keys; place++) {
      const key = keyOf(place);
      if (bits === 64n) index.insert(0x2001_0db8, Number(key), place);
      else index.insert(Number(key), 0, place);
    }
    expect(index.size).toBe(keys);
    expect(index.nodes).toBeLessThan(keys / 20);
  });
});
