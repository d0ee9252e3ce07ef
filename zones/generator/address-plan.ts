import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Family, type Prefix, type Range, keyBits, parseRange } from "../../src/address/index.ts";

/** The prefixes that autonomous systems announce, from `@ip-location-db/asn`. */
export type AddressPlan = ReadonlyMap<number, readonly Prefix[]>;

/** One autonomous system and what it announces. */
export interface RoutedNetwork {
  readonly asn: number;
  readonly name: string;
  readonly prefixes: readonly Prefix[];
}

/** What is commonly accepted in BGP. */
const LONGEST = { 4: 24, 6: 48 } as const;

/** Reads both tables, and keeps the systems that are asked for; prefixes in the order of addresses. */
export function readAddressPlan(wanted: ReadonlySet<number>): AddressPlan {
  const plan = new Map<number, Prefix[]>(Array.from(wanted, (asn) => [asn, []]));
  for (const { first, last, asn } of readTables()) plan.get(asn)?.push(...routedPrefixes(parseRange(`${first}-${last}`)));
  return plan;
}

/** All systems, in the order of their numbers; `progress` is told how many lines have been read. */
export function readAllNetworks(progress: (lines: number) => void): RoutedNetwork[] {
  const networks = new Map<number, RoutedNetwork & { prefixes: Prefix[] }>();
  let lines = 0;
  for (const { first, last, asn, name } of readTables()) {
    const network = networks.get(asn) ?? { asn, name, prefixes: [] };
    network.prefixes.push(...routedPrefixes(parseRange(`${first}-${last}`)));
    networks.set(asn, network);
    progress(++lines);
  }
  return [...networks.values()].toSorted((a, b) => a.asn - b.asn);
}

interface TableLine {
  readonly first: string;
  readonly last: string;
  readonly asn: number;
  readonly name: string;
}

/** Lines are `first,last,asn,name`; those that are no whole /64s are left out. */
function* readTables(): Generator<TableLine> {
  const folder = dirname(createRequire(import.meta.url).resolve("@ip-location-db/asn/package.json"));
  for (const file of ["asn-ipv4.csv", "asn-ipv6.csv"]) {
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      const [first = "", last = "", asn = "", ...name] = line.split(",");
      if (first !== "" && isWhole64(first, last)) yield { first, last, asn: Number(asn), name: name.join(",").replaceAll('"', "") };
    }
  }
}

function isWhole64(first: string, last: string): boolean {
  return !first.includes(":") || (/^(?:[0-9a-f]+:){1,4}:$/.test(first) && last.endsWith(":ffff:ffff:ffff:ffff"));
}

/** The fewest prefixes that make up a range, without those too long to be routed. */
export function routedPrefixes({ family, first, last }: Range): Prefix[] {
  const bits = keyBits(family);
  const end = toBigInt(family, last) + 1n;
  const prefixes: Prefix[] = [];
  for (let at = toBigInt(family, first); at < end; ) {
    let size = 1n;
    let length = bits as number;
    while (length > 0 && at % (size * 2n) === 0n && at + size * 2n <= end) {
      size *= 2n;
      length--;
    }
    if (length <= LONGEST[family]) prefixes.push({ family, ...fromBigInt(family, at), length });
    at += size;
  }
  return prefixes;
}

function toBigInt(family: Family, key: { hi: number; lo: number }): bigint {
  return family === 4 ? BigInt(key.hi) : (BigInt(key.hi) << 32n) | BigInt(key.lo);
}

function fromBigInt(family: Family, value: bigint): { hi: number; lo: number } {
  return family === 4 ? { hi: Number(value), lo: 0 } : { hi: Number(value >> 32n), lo: Number(value & 0xffffffffn) };
}
