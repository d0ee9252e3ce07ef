import { type Prefix, formatPrefix, prefixAround } from "../src/address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../src/core/mabs/catalogue.ts";
import { CatalogueEditor } from "../src/core/mabs/catalogue-editor.ts";
import { generator } from "./random.ts";
import { type Row, median } from "./table.ts";

const IPV4_MABS = 170_000;
const IPV6_MABS = 30_000;
const SETS = 300;
const SERVICES = [{ name: "s1.dsoc.example.", servers: [] }];

/** Making and changing a catalogue of 200,000 MABs spread like the routed address plan, on one core. */
export function benchCatalogue(rounds: number): Row[] {
  const prefixes = samplePrefixes();
  const started = performance.now();
  const table = build(prefixes);
  const buildMs = performance.now() - started;
  return [
    { what: `catalogue of ${prefixes.length.toLocaleString("en")} MABs, built`, value: buildMs, unit: "ms" },
    { what: "one MAB more in it, and one less", value: editMs(table, rounds), unit: "ms" },
  ];
}

function build(prefixes: readonly Prefix[]): Catalogue {
  const editor = new CatalogueEditor(EMPTY_CATALOGUE);
  for (let set = 0; set < SETS; set++) editor.add(`set${set}`, prefixes.filter((_, index) => index % SETS === set));
  return editor.finish(SERVICES, () => ["s1.dsoc.example."]);
}

function editMs(before: Catalogue, rounds: number): number {
  const times = Array.from({ length: rounds + 1 }, (_, round) => {
    const row = (round * 7919) % before.size;
    const editor = new CatalogueEditor(before);
    editor.remove(before.groups[before.groupOf(row)]!.set, [before.prefixes.at(row)]);
    editor.add("set1", [prefixAround(4, 0xc6336400 + round, 0, 32)]);
    const started = performance.now();
    editor.finish(SERVICES, () => ["s1.dsoc.example."]);
    return performance.now() - started;
  });
  return median(times.slice(1));
}

/** Prefixes spread like the routed address plan. */
export function samplePrefixes(): Prefix[] {
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
