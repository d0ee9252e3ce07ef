import { type Prefix, comparePrefixes, formatPrefix, maskBits, parsePrefix, prefixAround } from "../../src/address/index.ts";
import type { AddressPlan } from "./address-plan.ts";
import type { Random } from "./random.ts";
import { type Network, SETS } from "./world.ts";

export interface Mab {
  readonly prefix: Prefix;
  /** Index in SETS. */
  readonly set: number;
  /** `AS680 DFN, Germany`. */
  readonly label: string;
}

/** Of each network, so that no large one crowds out the others. */
const MOST_PER_NETWORK = { 4: 92, 6: 20 } as const;
/** Every so many candidates, a part of a MAB is served by another DSOC. */
const NESTED_EVERY = 9;
/** A nested MAB is this much longer at least, and as long as BGP takes it at most. */
const NESTED_EXTRA_BITS = 3;
const NESTED_LENGTH = { 4: 24, 6: 48 } as const;

/** All MABs in address order: real prefixes, the documentation prefixes, and more specific ones inside some of them. */
export function chooseMabs(plan: AddressPlan, random: Random): Mab[] {
  const real = SETS.flatMap(({ networks }, set) => networks.flatMap((network) => mabsOf(network, set, plan)));
  const extra = SETS.flatMap((plans, set) =>
    plans.extra.map((text) => ({ prefix: parsePrefix(text), set, label: "documentation" })),
  );
  return distinct([...real, ...extra, ...nestedMabs(real, random)].toSorted((a, b) => comparePrefixes(a.prefix, b.prefix)));
}

export function networkLabel({ asn, name }: Network): string {
  return `AS${asn} ${name}`;
}

function mabsOf(network: Network, set: number, plan: AddressPlan): Mab[] {
  const prefixes = plan.get(network.asn)!;
  const chosen = ([4, 6] as const).flatMap((family) =>
    spread(prefixes.filter((prefix) => prefix.family === family), MOST_PER_NETWORK[family]),
  );
  return chosen.map((prefix) => ({ prefix, set, label: networkLabel(network) }));
}

/** At most `most` items, evenly taken. */
function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(items.length, most) }, (_, index) => items[Math.floor(index * step)]!);
}

function nestedMabs(real: readonly Mab[], random: Random): Mab[] {
  const roomy = real.filter(({ prefix }) => prefix.length + NESTED_EXTRA_BITS <= NESTED_LENGTH[prefix.family]);
  return roomy.filter((_, index) => index % NESTED_EVERY === 0).map((mab) => nestedMab(mab, random));
}

function nestedMab({ prefix, set, label }: Mab, random: Random): Mab {
  const { family } = prefix;
  const shortest = prefix.length + NESTED_EXTRA_BITS;
  const length = shortest + random.below(NESTED_LENGTH[family] - shortest + 1);
  const hi = (prefix.hi | (random.uint32() & ~maskBits(prefix.length))) >>> 0;
  const lo = family === 4 ? 0 : (prefix.lo | (random.uint32() & ~maskBits(prefix.length - 32))) >>> 0;
  const inner = prefixAround(family, hi, lo, length);
  return { prefix: inner, set: otherDsoc(set, random), label: `${label}: part of ${formatPrefix(prefix)}, moved to another DSOC` };
}

function otherDsoc(set: number, random: Random): number {
  const dsoc = SETS[set]!.services[0]!.replace(/^s\d\./, "");
  const others = SETS.flatMap(({ services }, index) => (services[0]!.endsWith(dsoc) ? [] : [index]));
  return random.pick(others);
}

function distinct(sorted: readonly Mab[]): Mab[] {
  return sorted.filter(({ prefix }, index) => index === 0 || comparePrefixes(sorted[index - 1]!.prefix, prefix) !== 0);
}
