import { type Family, type IpAddress, type Key, type Range, formatPrefix, keyAfter, keysBetween } from "../../src/address/index.ts";
import { compareKeys, parseIp, parseRange, prefixLast } from "../../src/address/index.ts";
import { MabTable } from "../../src/core/mabs/mab-table.ts";
import type { MabMapping } from "../../src/core/mapping/mapping-store.ts";
import type { Micronet } from "../../src/core/mapping/micronet-table.ts";
import { Segment } from "../../src/core/tables/segment-table.ts";
import type { EtrPool } from "./etrs.ts";
import type { Mab } from "./mabs.ts";
import type { Random } from "./random.ts";

const LINEAGE = 1;
/** Percent of micronets that drop, that begin after a gap, that are made a prefix, that fill their slot. */
const DROPPED = 2;
const AFTER_GAP = 55;
const PREFIX_SHAPED = 30;
const WHOLE_SLOT = 12;
/** A slot is cut on a grid of at most so many steps, so that large areas get readable borders. */
const GRID_STEPS = 64;

/** Mapping of the documentation prefixes, which examples and tests rely on. */
const FIXED: Readonly<Record<string, readonly (readonly [range: string, etr: string])[]>> = {
  "192.0.2.0/24": [
    ["192.0.2.0-192.0.2.99", "203.0.113.1"],
    ["192.0.2.100-192.0.2.149", "203.0.113.2"],
    ["192.0.2.150-192.0.2.159", "0.0.0.0"],
    ["192.0.2.160-192.0.2.199", "203.0.113.3"],
  ],
  "198.51.100.0/24": [
    ["198.51.100.0/26", "203.0.113.65"],
    ["198.51.100.64-198.51.100.163", "203.0.113.66"],
    ["198.51.100.164", "203.0.113.67"],
  ],
  "2001:db8::/32": [
    ["2001:db8::-2001:db8:0:2::", "203.0.113.129"],
    ["2001:db8:0:3::/64", "3fff:113::1"],
    ["2001:db8:0:10::/60", "3fff:113::2"],
    ["2001:db8:1::-2001:db8:3:7fff::", "203.0.113.130"],
    ["2001:db8:ff00::/40", "::"],
  ],
};

/** Micronets for all MABs, `total` in all, each where its MAB is the longest match, with gaps between. */
export function layMicronets(mabs: readonly Mab[], total: number, etrs: EtrPool, random: Random): MabMapping[] {
  const fixed = mabs.map((mab) => FIXED[formatPrefix(mab.prefix)]);
  const fixedTotal = fixed.reduce((sum, micronets) => sum + (micronets?.length ?? 0), 0);
  const counts = shares(mabs.map((mab, index) => (fixed[index] === undefined ? weight(mab, random) : 0)), total - fixedTotal);
  const table = new MabTable(mabs.map(({ prefix }) => prefix));
  return mabs.map(({ prefix }, index) => {
    const position = (fixed[index]?.length ?? counts[index]!) + random.below(200);
    const micronets = fixed[index]?.map(([range, etr]) => ({ range: parseRange(range), etr: parseIp(etr), version: position }));
    return {
      prefix,
      lineage: LINEAGE,
      position,
      micronets: micronets ?? fillAreas(longestMatchAreas(table, index), counts[index]!, position, etrs, random),
    };
  });
}

/** Large MABs have more micronets, but not in proportion. */
function weight({ prefix }: Mab, random: Random): number {
  const roomBits = (prefix.family === 4 ? 32 : 56) - prefix.length;
  return 4 + roomBits + random.below(10);
}

/** Whole numbers in proportion to weights, with exactly this sum. */
function shares(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((all, one) => all + one, 0);
  let used = 0;
  let weightSoFar = 0;
  return weights.map((one) => {
    weightSoFar += one;
    const share = Math.floor((total * weightSoFar) / sum) - used;
    used += share;
    return share;
  });
}

/** The stretches of a MAB that no longer MAB takes away. */
function longestMatchAreas(table: MabTable, mab: number): Range[] {
  const prefix = table.prefixes[mab]!;
  const { family } = prefix;
  const last = prefixLast(prefix);
  const segment = new Segment();
  const areas: Range[] = [];
  let at: Key | undefined = { hi: prefix.hi, lo: prefix.lo };
  while (at !== undefined && compareKeys(at.hi, at.lo, last.hi, last.lo) <= 0) {
    table.find(family, at.hi, at.lo, segment);
    const end: Key = { hi: segment.lastHi, lo: segment.lastLo };
    if (segment.prefix === mab) areas.push({ family, first: at, last: end });
    at = keyAfter(family, end);
  }
  return areas;
}

function fillAreas(areas: readonly Range[], count: number, position: number, etrs: EtrPool, random: Random): Micronet[] {
  const sizes = areas.map(({ family, first, last }) => keysBetween(family, first, last));
  const counts = shares(sizes, count);
  return areas.flatMap((area, index) => fillArea(area, sizes[index]!, counts[index]!, position, etrs, random));
}

function fillArea(area: Range, size: number, count: number, position: number, etrs: EtrPool, random: Random): Micronet[] {
  const slot = Math.floor(size / Math.max(1, count));
  const step = 2 ** Math.max(0, Math.floor(Math.log2(slot / GRID_STEPS)));
  const steps = Math.floor(slot / step);
  return Array.from({ length: count }, (_, index) => {
    const { skipped, taken } = placeInSlot(steps, random);
    const start = (index * steps + skipped) * step;
    const { family, first } = area;
    const range = { family, first: keyPlus(family, first, start), last: keyPlus(family, first, start + taken * step - 1) };
    const etr = random.chance(DROPPED) ? dropEtr(family) : etrs.pick(family, random);
    return { range, etr, version: 1 + random.below(position) };
  });
}

/** Where in its slot a micronet begins, and how long it is, in steps. */
function placeInSlot(steps: number, random: Random): { skipped: number; taken: number } {
  if (steps <= 1 || random.chance(WHOLE_SLOT)) return { skipped: 0, taken: Math.max(1, steps) };
  const skipped = random.chance(AFTER_GAP) ? random.below(Math.ceil(steps / 2)) : 0;
  const taken = 1 + random.below(steps - skipped);
  if (!random.chance(PREFIX_SHAPED)) return { skipped, taken };
  const power = 2 ** Math.floor(Math.log2(taken));
  return { skipped: Math.floor(skipped / power) * power, taken: power };
}

function dropEtr(family: Family): IpAddress {
  return parseIp(family === 4 ? "0.0.0.0" : "::");
}

function keyPlus(family: Family, key: Key, distance: number): Key {
  if (family === 4) return { hi: key.hi + distance, lo: 0 };
  const lo = key.lo + (distance % 2 ** 32);
  return { hi: key.hi + Math.floor(distance / 2 ** 32) + (lo > 0xffffffff ? 1 : 0), lo: lo >>> 0 };
}
