import { type Prefix, formatPrefix, prefixAround } from "../src/address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../src/core/mabs/catalogue.ts";
import { CatalogueEditor } from "../src/core/mabs/catalogue-editor.ts";
import { Segment } from "../src/core/tables/segment-table.ts";
import { type Row, median } from "./table.ts";

const IPV4_MABS = 170_000;
const IPV6_MABS = 30_000;
const SETS = 300;
const SERVICES = [{ name: "s1.dsoc.example.", servers: [] }];
const KEYS = 1 << 16;

/** Longest-match look-ups per second on one core among 200,000 MABs spread like the routed address plan. */
export function benchCatalogue(rounds: number): Row[] {
  const prefixes = samplePrefixes();
  const started = performance.now();
  const table = build(prefixes);
  const buildMs = performance.now() - started;
  return [
    { what: `catalogue of ${prefixes.length.toLocaleString("en")} MABs, built`, value: buildMs, unit: "ms" },
    { what: "one MAB more in it, and one less", value: editMs(table, rounds), unit: "ms" },
    { what: "MAB look-up, IPv4, random", value: lookUps(table, 4, rounds), unit: "look-ups/s" },
    { what: "MAB look-up, IPv6, random", value: lookUps(table, 6, rounds), unit: "look-ups/s" },
  ];
}

function build(prefixes: readonly Prefix[]): Catalogue {
  const editor = new CatalogueEditor(EMPTY_CATALOGUE);
  for (const [index, prefix] of prefixes.entries()) editor.add(`set${index % SETS}`, prefix);
  return editor.finish(SERVICES, () => ["s1.dsoc.example."]);
}

function editMs(before: Catalogue, rounds: number): number {
  const times = Array.from({ length: rounds + 1 }, (_, round) => {
    const row = (round * 7919) % before.size;
    const editor = new CatalogueEditor(before);
    editor.remove(before.groups[before.groupOf(row)]!.set, before.prefixes.at(row));
    editor.add("set1", prefixAround(4, 0xc6336400 + round, 0, 32));
    const started = performance.now();
    editor.finish(SERVICES, () => ["s1.dsoc.example."]);
    return performance.now() - started;
  });
  return median(times.slice(1));
}

function lookUps(table: Catalogue, family: 4 | 6, rounds: number): number {
  const random = generator(9);
  const hi = Uint32Array.from({ length: KEYS }, () => (family === 4 ? random() : (0x20000000 | (random() >>> 3)) >>> 0));
  const lo = Uint32Array.from({ length: KEYS }, () => (family === 4 ? 0 : random()));
  const segment = new Segment();
  let matches = 0;
  const rates: number[] = [];
  for (let round = 0; round < rounds + 1; round++) {
    const started = performance.now();
    for (let repeat = 0; repeat < 8; repeat++) {
      for (let key = 0; key < KEYS; key++) {
        table.find(family, hi[key]!, lo[key]!, segment);
        if (segment.prefix >= 0) matches++;
      }
    }
    rates.push((8 * KEYS * 1000) / (performance.now() - started));
  }
  if (matches === 0) throw new Error("no key was in any MAB: the benchmark measures nothing");
  return median(rates.slice(1));
}

function samplePrefixes(): Prefix[] {
  const random = generator(5);
  const unique = new Map<string, Prefix>();
  const add = (prefix: Prefix): void => {
    unique.set(formatPrefix(prefix), prefix);
  };
  while (unique.size < IPV4_MABS) add(prefixAround(4, random(), 0, 14 + (random() % 11)));
  while (unique.size < IPV4_MABS + IPV6_MABS) {
    add(prefixAround(6, (0x20000000 | (random() >>> 3)) >>> 0, random(), 28 + (random() % 21)));
  }
  return [...unique.values()];
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
  };
}
