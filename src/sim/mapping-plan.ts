import { type Family, type IpAddress, type Prefix, type Range, ipv4, prefixAround, rangeOf } from "../address/index.ts";
import type { MabMapping } from "../core/mapping/mapping-store.ts";
import type { WorldPlan } from "./plan.ts";
import type { Random } from "./random.ts";

const CELLS = 16;
/** ETRs of the real mapping; what attackers name is outside of it. */
const ETR_NETWORK = 0xc8000000;

/** One MAB of the simulated world: a row of cells, the smallest ranges that the world maps at a time (or halves of them). */
export interface MabPlan {
  readonly prefix: Prefix;
  readonly cells: readonly Range[];
  /** The DSOCs whose QSAs hold it: the first answers for it at the beginning, the others may take over. */
  readonly holders: readonly number[];
}

export interface MappingPlan {
  readonly mabs: readonly MabPlan[];
  readonly mapping: readonly MabMapping[];
  readonly keys: readonly { readonly family: Family; readonly hi: number; readonly lo: number }[];
}

/** MABs of both families, one of them inside another; most cells are micronets at first. */
export function planMapping(plan: WorldPlan, random: Random): MappingPlan {
  const mabs: MabPlan[] = [];
  for (let dsoc = 0; dsoc < plan.dsocs; dsoc++) {
    const holders = plan.dsocs > 1 ? [dsoc, (dsoc + 1) % plan.dsocs] : [dsoc];
    for (let mab = 0; mab < plan.mabsPerDsoc; mab++) mabs.push({ ...shape(dsoc, mab), holders });
  }
  let etr = 0;
  const mapping = mabs.map(({ prefix, cells }) => {
    const mapped = cells.filter(() => random.chance(0.75));
    return { prefix, lineage: 1, position: mapped.length, micronets: mapped.map((range, index) => ({ range, etr: etrNumber(etr++), version: index + 1 })) };
  });
  return { mabs, mapping, keys: [...mabs.flatMap(({ cells }) => cells.map((cell) => keyIn(cell, random))), ...OUTSIDE] };
}

/** The ETR of the so-manieth micronet: no two are the same, so that an answer tells which it is from. */
export function etrNumber(index: number): IpAddress {
  return ipv4(ETR_NETWORK + index);
}

/** In no MAB. */
const OUTSIDE = [
  { family: 4, hi: 0x08080808, lo: 0 },
  { family: 4, hi: 0x14ff0001, lo: 0 },
  { family: 6, hi: 0x20014860, lo: 0x48600000 },
] as const;

/** The first MAB of a DSOC is a /16 with the next DSOC's second inside it, the third is IPv6; all others are /24. */
function shape(dsoc: number, mab: number): { prefix: Prefix; cells: Range[] } {
  if (mab % 3 === 2) {
    const prefix = prefixAround(6, 0x20010db8, ((dsoc << 8) | mab) << 16 >>> 0, 48);
    return { prefix, cells: cellsOf(prefix, 0x1000, 0) };
  }
  if (mab === 0) {
    const prefix = prefixAround(4, (0x14000000 | (dsoc << 16)) >>> 0, 0, 16);
    return { prefix, cells: cellsOf(prefix, 0x1000, 1) };
  }
  const inside = dsoc === 0 ? 0x14ee0000 : 0x14000000 | ((dsoc - 1) << 16);
  const prefix = prefixAround(4, (inside | (mab << 8)) >>> 0, 0, 24);
  return { prefix, cells: cellsOf(prefix, 0x10, 0) };
}

function cellsOf({ family, hi, lo }: Prefix, size: number, first: number): Range[] {
  return Array.from({ length: CELLS - first }, (_, index) => {
    const [start, end] = [(first + index) * size, (first + index + 1) * size - 1];
    return family === 4 ? rangeOf(4, hi + start, 0, hi + end, 0) : rangeOf(6, hi, lo + start, hi, lo + end);
  });
}

function keyIn({ family, first, last }: Range, random: Random): { family: Family; hi: number; lo: number } {
  if (family === 4) return { family, hi: first.hi + random.below(last.hi - first.hi + 1), lo: 0 };
  return { family, hi: first.hi, lo: first.lo + random.below(last.lo - first.lo + 1) };
}
