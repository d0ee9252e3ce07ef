import fc from "fast-check";
import { expect, test } from "vitest";
import { type Prefix, comparePrefixes, formatPrefix, prefixAround } from "../../src/address/index.ts";
import { Catalogue, EMPTY_CATALOGUE } from "../../src/core/mabs/catalogue.ts";
import { CatalogueMemory } from "../../src/core/mabs/catalogue-memory.ts";
import { CatalogueEditor } from "../../src/core/mabs/catalogue-editor.ts";
import { generator } from "../../bench/random.ts";
import { catalogueOctets } from "../support/catalogue-octets.ts";
import { NO_PREFIX, Segment } from "../../src/core/tables/segment-table.ts";

const SETS: Readonly<Record<string, readonly string[]>> = { a: ["s1."], b: ["s1.", "s2."], c: ["s3."] };
const SERVICES = ["s1.", "s2.", "s3."].map((name) => ({ name, servers: [] }));

/** Few and short enough to lie in one another, and to meet again. */
const prefixes = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat({ max: 7 }), fc.nat({ max: 3 }), fc.constantFrom(0, 1, 2, 3, 30, 31, 32, 63, 64))
  .map(([family, high, low, length]) => prefixAround(family, ((high << 29) | low) >>> 0, family === 4 ? 0 : low, family === 4 ? Math.min(32, length) : length));
const edits = fc.array(fc.record({ set: fc.constantFrom("a", "b", "c"), prefix: prefixes, isAddition: fc.boolean() }), { maxLength: 30 });

type Edit = { readonly set: string; readonly prefix: Prefix; readonly isAddition: boolean };

function edited(base: Catalogue, changes: readonly Edit[], memory = new CatalogueMemory()): Catalogue {
  const editor = new CatalogueEditor(base, memory.take);
  for (const { set, prefix, isAddition } of changes) {
    if (isAddition) editor.add(set, [prefix]);
    else editor.remove(set, [prefix]);
  }
  return editor.finish(SERVICES, (set) => SETS[set]!);
}

/** The same by plain means. */
function plain(changes: readonly Edit[]): Catalogue {
  const mabs = new Map<string, { prefix: Prefix; sets: Set<string> }>();
  for (const { set, prefix, isAddition } of changes) {
    const mab = mabs.get(formatPrefix(prefix)) ?? { prefix, sets: new Set() };
    if (isAddition) mab.sets.add(set);
    else mab.sets.delete(set);
    mabs.set(formatPrefix(prefix), mab);
  }
  const listed = [...mabs.values()].filter(({ sets }) => sets.size > 0).toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
  return Catalogue.of({
    mabs: listed.map(({ prefix, sets }) => {
      const served = new Set([...sets].flatMap((set) => SETS[set]!));
      return { prefix, set: [...sets].toSorted().join(" + "), services: SERVICES.flatMap(({ name }, index) => (served.has(name) ? [index] : [])) };
    }),
    services: SERVICES,
  });
}

function segmentsOf(catalogue: Catalogue): string[] {
  const found: string[] = [];
  const segment = new Segment();
  for (const family of [4, 6] as const) {
    for (let [hi, lo, isEnd] = [0, 0, false]; !isEnd; ) {
      catalogue.find(family, hi, lo, segment);
      const mab = segment.prefix === NO_PREFIX ? "none" : formatPrefix(catalogue.prefixes.at(segment.prefix));
      found.push(`${family} ${segment.firstHi}.${segment.firstLo}-${segment.lastHi}.${segment.lastLo} ${mab}`);
      isEnd = segment.lastHi === 0xffffffff && (family === 4 || segment.lastLo === 0xffffffff);
      [hi, lo] = family === 6 && segment.lastLo !== 0xffffffff ? [segment.lastHi, segment.lastLo + 1] : [segment.lastHi + 1, 0];
    }
  }
  return found;
}

test("a catalogue edited again and again is the one that is made afresh", () => {
  fc.assert(
    fc.property(fc.array(edits, { minLength: 1, maxLength: 6 }), (rounds) => {
      let catalogue = EMPTY_CATALOGUE;
      for (const [round, changes] of rounds.entries()) {
        catalogue = edited(catalogue, changes);
        const afresh = plain(rounds.slice(0, round + 1).flat());
        expect(segmentsOf(catalogue)).toEqual(segmentsOf(afresh));
        expect(Array.from(catalogue.mabs())).toEqual(Array.from(afresh.mabs()));
        expect(catalogue.equals(afresh)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("so many edits at one time that they are put in order by their digits lead to the same", () => {
  const random = generator(11);
  const keys = [0, 1, 0xffff, 0x1_0000, 0x8000_0000, 0xffff_0001];
  const few = (): number => keys[random() % keys.length]! + (random() % 300);
  const changes = Array.from({ length: 6_000 }, (): Edit => {
    const family = random() % 3 === 0 ? 6 : 4;
    return { set: "abc"[random() % 3]!, prefix: prefixAround(family, few() >>> 0, family === 4 ? 0 : few() >>> 0, (family === 4 ? 20 : 40) + (random() % 13)), isAddition: random() % 3 > 0 };
  });
  const atOnce = edited(EMPTY_CATALOGUE, changes);
  expect(atOnce.size).toBeGreaterThan(1_000);
  expect(atOnce.equals(plain(changes))).toBe(true);
  expect(segmentsOf(atOnce)).toEqual(segmentsOf(plain(changes)));
});

test("small edits of a catalogue of thousands lead, octet for octet, to the one that is made afresh", () => {
  const random = generator(12);
  const anywhere = (): Prefix => (random() % 4 === 0 ? prefixAround(6, (0x20000000 | (random() >>> 4)) >>> 0, random(), 20 + (random() % 45)) : prefixAround(4, random(), 0, 4 + (random() % 29)));
  const changes = Array.from({ length: 1_500 }, (): Edit => ({ set: "abc"[random() % 3]!, prefix: anywhere(), isAddition: true }));
  let catalogue = edited(EMPTY_CATALOGUE, changes);
  for (let round = 0; round < 40; round++) {
    const goes = changes[random() % changes.length]!;
    const few = [{ set: "b", prefix: anywhere(), isAddition: true }, ...(round % 2 === 0 ? [{ ...goes, isAddition: false }] : [])];
    changes.push(...few);
    catalogue = edited(catalogue, few);
    expect(catalogueOctets(catalogue).equals(catalogueOctets(edited(EMPTY_CATALOGUE, changes)))).toBe(true);
  }
});

test("its columns are shared, not copied, between threads", () => {
  const catalogue = edited(EMPTY_CATALOGUE, [{ set: "a", prefix: prefixAround(4, 0xc0000200, 0, 24), isAddition: true }]);
  const { columns } = catalogue;
  for (const column of [columns.prefixes.hi, columns.groupOf, columns.ipv4.prefix, columns.ipv4.directory]) expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
  const arrived = new Catalogue(structuredClone(columns));
  expect(arrived.equals(catalogue)).toBe(true);
  columns.groupOf[0] = 7;
  expect(arrived.groupOf(0)).toBe(7);
});

test("a change of one family leaves the other's segments as they are, and not copied", () => {
  const [ipv4, ipv6] = [prefixAround(4, 0xc0000200, 0, 24), prefixAround(6, 0x20010db8, 0, 32)];
  const both = edited(EMPTY_CATALOGUE, [ipv4, ipv6].map((prefix) => ({ set: "a", prefix, isAddition: true })));
  const moreIpv4 = edited(both, [{ set: "b", prefix: prefixAround(4, 0x0a000000, 0, 8), isAddition: true }]);
  expect(moreIpv4.columns.ipv6).toBe(both.columns.ipv6);
  expect(formatPrefix(moreIpv4.prefixes.at(moreIpv4.match(6, 0x20010db8, 7)))).toBe("2001:db8::/32");
  const lessIpv6 = edited(moreIpv4, [{ set: "a", prefix: ipv6, isAddition: false }]);
  expect(lessIpv6.columns.ipv4).toBe(moreIpv4.columns.ipv4);
  const moved = edited(moreIpv4, [{ set: "c", prefix: ipv4, isAddition: true }]);
  expect([moved.columns.ipv4, moved.columns.ipv6]).toEqual([moreIpv4.columns.ipv4, moreIpv4.columns.ipv6]);
});

test("where very much changes, it does not say where", () => {
  const changes = Array.from({ length: 2_000 }, (_, index) => ({ set: "a", prefix: prefixAround(4, (index << 8) >>> 0, 0, 24), isAddition: true }));
  const before = edited(EMPTY_CATALOGUE, changes.slice(0, 5));
  expect(edited(before, changes.slice(5, 10)).changedSince(before)).toHaveLength(5);
  expect(edited(before, changes).changedSince(before)).toBeUndefined();
});

test("memory of catalogues that nobody uses is used again, and only that", () => {
  fc.assert(
    fc.property(fc.array(edits, { minLength: 2, maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (rounds, kept) => {
      const memory = new CatalogueMemory();
      const inUse = [EMPTY_CATALOGUE];
      const expected = [catalogueOctets(EMPTY_CATALOGUE)];
      let afresh = EMPTY_CATALOGUE;
      for (const changes of rounds) {
        afresh = edited(afresh, changes);
        inUse.push(edited(inUse.at(-1)!, changes, memory));
        expected.push(catalogueOctets(afresh));
        if (inUse.length > kept) [inUse, expected].forEach((list) => list.shift());
        memory.reclaim(inUse);
        expect(inUse.map(catalogueOctets)).toEqual(expected);
      }
    }),
  );
});

function edit(index: number, isAddition: boolean): Edit {
  return { set: "a", prefix: prefixAround(4, index << 8, 0, 24), isAddition };
}

test("catalogues of about one size that follow each other take the memory of a few", () => {
  const memory = new CatalogueMemory();
  const buffers = new Set<ArrayBufferLike>();
  let catalogue = edited(EMPTY_CATALOGUE, Array.from({ length: 1_000 }, (_, index) => edit(index, true)), memory);
  for (let round = 0; round < 50; round++) {
    const next = edited(catalogue, [edit(round, false), edit(2_000 + round, true)], memory);
    memory.reclaim([next]);
    catalogue = next;
    for (const column of [next.columns.prefixes.hi, next.columns.groupOf, next.columns.ipv4.firstHi, next.columns.ipv4.prefix]) buffers.add(column.buffer);
  }
  expect(buffers.size).toBeLessThanOrEqual(24);
});
