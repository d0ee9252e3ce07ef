import { type Family, type Prefix, formatPrefix } from "../../src/address/index.ts";
import type { RoutedNetwork } from "./address-plan.ts";
import { Random } from "./random.ts";

/** The size that a registry of the whole Internet might have. */
const MOST_MABS = { 4: 170_000, 6: 30_000 } as const;
const SETS = 300;
const DSOCS = 200;
const SITES = 20;
/** Every so many sets has a second service, at another DSOC. */
const SHARED_EVERY = 10;
/** How far from a set's own service the second one is. */
const SECOND_SERVICE = 137;
const SEED = 20261125;
const PORT = 4344;
const APEX = "drtm.example";
/** Of each DSOC: all have sites at the same places. */
const CITIES = ["fra", "ams", "lon", "par", "mad", "mil", "sto", "waw", "nyc", "iad", "chi", "lax", "sao", "jnb", "bom", "sin", "hkg", "tyo", "sel", "syd"];

export interface FullWorld {
  readonly mabs: number;
  readonly networks: number;
  /** Text by path below the world's directory: a description, and the MABs of each set. */
  readonly files: ReadonlyMap<string, string>;
}

/** A world of real size with real prefixes: whole networks, drawn by lot, until both families are full. The same each time. */
export function makeFullWorld(networks: readonly RoutedNetwork[]): FullWorld {
  const sets = Array.from({ length: SETS }, (): string[] => []);
  const chosen = chooseNetworks(networks, new Random(SEED));
  for (const [index, { asn, name, prefixes }] of chosen.entries()) {
    sets[index % SETS]!.push(`# AS${asn} ${name}`, ...prefixes.map(formatPrefix));
  }
  const files = new Map([["world.yaml", description()], ...sets.map((lines, set): [string, string] => [mabFileName(set), `${lines.join("\n")}\n`])]);
  return { mabs: chosen.reduce((sum, { prefixes }) => sum + prefixes.length, 0), networks: chosen.length, files };
}

/** The last network of a family may be cut. */
function chooseNetworks(networks: readonly RoutedNetwork[], random: Random): RoutedNetwork[] {
  const room: Record<Family, number> = { ...MOST_MABS };
  const chosen = shuffled(networks, random).map(({ asn, name, prefixes }) => ({ asn, name, prefixes: distinct(prefixes).filter(({ family }) => room[family]-- > 0) }));
  return chosen.filter(({ prefixes }) => prefixes.length > 0);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const list = [...items];
  for (let index = list.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
  return list;
}

function distinct(prefixes: readonly Prefix[]): Prefix[] {
  return [...new Map(prefixes.map((prefix) => [formatPrefix(prefix), prefix])).values()];
}

function description(): string {
  const sets = Array.from({ length: SETS }, (_, set) => `    - { services: [${servicesOf(set).join(", ")}], mabFiles: [${mabFileName(set)}] }`);
  const dsocs = Array.from({ length: DSOCS }, (_, index) => dsocLines(index)).flat();
  const head = ["# A world of the Internet's size: real prefixes, invented operators.", "registry:", `  apex: ${APEX}`, `  nameServers: [{ name: ns.${APEX}, addresses: [127.0.0.1] }]`, "  sets:"];
  return [...head, ...sets, "dsocs:", ...dsocs, ""].join("\n");
}

function dsocLines(index: number): string[] {
  const apex = dsocApex(index);
  const names = CITIES.slice(0, SITES).map((city) => `${city}${index + 1}`);
  const qsas = names.map((name, site) => `      - { name: ${name}, addresses: [127.1.${index}.${site + 1}], port: ${PORT}, region: ${CITIES[site]} }`);
  const services = servicesOfDsoc(index).map((name) => `      - { name: ${name}, tiers: [{ tier: 10, qsas: [${names.join(", ")}] }] }`);
  return [`  - apex: ${apex}`, `    nameServers: [{ name: ns.${apex}, addresses: [127.0.0.1] }]`, "    qsas:", ...qsas, "    services:", ...services];
}

/** Services are numbered through: the first of each DSOC, then the second of some. */
function serviceName(number: number): string {
  return `s${Math.floor(number / DSOCS) + 1}.${dsocApex(number % DSOCS)}`;
}

function servicesOfDsoc(index: number): string[] {
  return index + DSOCS < SETS ? ["s1", "s2"] : ["s1"];
}

function servicesOf(set: number): string[] {
  return set % SHARED_EVERY === 0 ? [serviceName(set), serviceName((set + SECOND_SERVICE) % SETS)] : [serviceName(set)];
}

function dsocApex(index: number): string {
  return `dsoc-${index + 1}.example`;
}

function mabFileName(set: number): string {
  return `mabs/${String(set + 1).padStart(3, "0")}.txt`;
}
