import { setImmediate as turn } from "node:timers/promises";
import type { Family, Prefix } from "../src/address/index.ts";
import { Catalogue } from "../src/core/mabs/catalogue.ts";
import { Segment } from "../src/core/tables/segment-table.ts";
import { CoveredSpace, type Keys, ascending, hotSet } from "./covered-space.ts";
import { fullWorldPrefixes } from "./full-world-prefixes.ts";
import { generator } from "./random.ts";
import { type Row, median } from "./table.ts";

/** Enough that one round neither finds its keys nor what they lead to where the round before left them. */
const KEYS = 1 << 20;
/** So many addresses are asked for again and again. */
const HOT = 1_000;
/** The table to compare with: all of it is in the innermost cache. */
const SMALL = 1_000;

interface Pattern {
  readonly what: string;
  readonly note: string;
  readonly table: Catalogue;
  readonly keys: Keys;
}

/**
 * Longest-match look-ups per second of CPU time in the full-size world. In ascending order neither memory nor the processor's
 * guesses at comparisons are in the way; with a hot set the guesses stay wrong, but what is read is near; a small table is
 * nearer still, and halved less often. So the lines tell what the time of a look-up goes into.
 */
export async function benchMabLookup(rounds: number, progress: (text: string) => void): Promise<Row[]> {
  progress("reading the routed address plan");
  await turn();
  const prefixes = fullWorldPrefixes();
  const table = tableOf(prefixes);
  const step = Math.floor(prefixes.length / SMALL);
  const small = tableOf(prefixes.filter((_, index) => index % step === 0));
  const rows: Row[] = [];
  for (const family of [4, 6] as const) {
    const patterns = patternsOf(family, table, small);
    const rates = new Map<Pattern, number[]>(patterns.map((pattern) => [pattern, []]));
    // By turns, so that a busy moment of the machine meets all of them. The first round is not counted: code is compiled.
    for (let round = 0; round <= rounds; round++) {
      for (const pattern of patterns) rates.get(pattern)!.push(lookUpsPerSecond(family, pattern));
      progress(`IPv${family}, round ${round} of ${rounds}`);
      await turn();
    }
    rows.push(...patterns.map((pattern) => ({ what: `IPv${family}, ${pattern.what}`, value: median(rates.get(pattern)!.slice(1)), unit: "look-ups/CPU s", bound: { least: 5_000_000 }, note: pattern.note })));
  }
  return rows;
}

function tableOf(prefixes: readonly Prefix[]): Catalogue {
  return Catalogue.of({ mabs: prefixes.map((prefix) => ({ prefix, services: [], set: "s" })), services: [] });
}

function patternsOf(family: Family, table: Catalogue, small: Catalogue): Pattern[] {
  const random = generator(9 + family);
  const space = new CoveredSpace(table, family, random);
  const smallSpace = new CoveredSpace(small, family, random);
  const drawn = space.byAddress(KEYS);
  const pattern = (what: string, about: string, keys: Keys, of = table): Pattern => ({ what, table: of, keys, note: `${(of === table ? space : smallSpace).halvings(keys).toFixed(1)} halvings; ${about}` });
  const bySegment = space.bySegment(KEYS);
  return [
    pattern("random addresses", `evenly from all that MABs cover; ${space.size}`, drawn),
    pattern("the same in ascending order", "nothing to wait for, nothing to guess wrong", ascending(drawn)),
    pattern("random MABs", "small ones as often as large ones", bySegment),
    pattern("hot set", `${HOT.toLocaleString("en")} of the line before, again and again`, hotSet(bySegment, HOT, random)),
    pattern("small table, random MABs", smallSpace.size, smallSpace.bySegment(KEYS), small),
  ];
}

function lookUpsPerSecond(family: Family, { what, table, keys: { hi, lo } }: Pattern): number {
  const segment = new Segment();
  let matches = 0;
  const before = process.cpuUsage();
  for (let key = 0; key < KEYS; key++) {
    table.find(family, hi[key]!, lo[key]!, segment);
    if (segment.prefix >= 0) matches++;
  }
  const { user, system } = process.cpuUsage(before);
  if (matches !== KEYS) throw new Error(`IPv${family}, ${what}: ${KEYS - matches} of ${KEYS} keys are in no MAB, but all were drawn from MABs`);
  return (KEYS * 1e6) / (user + system);
}
