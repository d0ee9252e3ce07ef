import { formatEndpoint, formatPrefix, parsePrefix } from "../../address/index.ts";
import { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { WalkError } from "../../dns/discovery/errors.ts";
import { walkRegistry } from "../../dns/discovery/registry-walk.ts";
import { someAtOnce } from "../../dns/discovery/some-at-once.ts";
import { readService } from "../../dns/discovery/service.ts";
import type { Problem, Query, RegistryState, ServiceState } from "../../dns/discovery/types.ts";
import type { ServerEntry } from "../../core/mabs/catalogue-content.ts";
import { RecordType, decodeSoa, readRecord } from "../../dns/records/index.ts";
import { sha256hex } from "../../io/hash.ts";
import type { ZoneView } from "../zone-view.ts";

export { WalkError };

/** What a QSA is to a service: one address or several. */
export interface Qsa {
  readonly name: string;
  readonly service: string;
  readonly endpoints: readonly string[];
  readonly tier: number;
  readonly region: string;
  readonly weight: number;
}

/** One of the two that are compared, as a QSR would read it. */
export interface Side {
  readonly source: string;
  readonly isServer: boolean;
  readonly registries: readonly string[];
  /** By apex, as far as they are known. */
  readonly serials: ReadonlyMap<string, number>;
  /** Services by MAB, each list sorted. */
  readonly mabs: ReadonlyMap<string, readonly string[]>;
  /** By service and name. */
  readonly qsas: ReadonlyMap<string, Qsa>;
  /** Services whose records could be asked for: of the others nothing can be said. */
  readonly services: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** Where a side is read from. */
export interface SideSource {
  readonly source: string;
  readonly isServer: boolean;
  readonly query: Query;
  /** Those that are there whole. */
  readonly zones: readonly ZoneView[];
  readonly registries: readonly string[];
  /** Those that are there besides what registries name. */
  readonly services: readonly string[];
}

/** Addresses of every kind are compared: whether they make sense is for "drtm zone check". */
const ANY_ADDRESS = { allowLoopback: true, allowPrivate: true };
const AT_ONCE = 32;
const EVERYWHERE = ["0.0.0.0/0", "::/0"].map(parsePrefix);

/** Reads by query walk what a QSR would find on each side. Throws WalkError, and what `query` throws for a registry. */
export async function readSides(a: SideSource, b: SideSource): Promise<[Side, Side]> {
  const [statesA, statesB] = await Promise.all([a, b].map(readRegistries)) as [RegistryState[], RegistryState[]];
  const wanted = [...new Set([...serviceNames([...statesA, ...statesB]), ...a.services, ...b.services])].toSorted();
  return Promise.all([readSide(a, statesA, wanted), readSide(b, statesB, wanted)]);
}

async function readRegistries({ query, registries }: SideSource): Promise<RegistryState[]> {
  const states: RegistryState[] = [];
  for (const apex of registries) states.push(await walkRegistry({ apex, space: EVERYWHERE }, undefined, { query, sha256hex }));
  return states;
}

async function readSide({ source, isServer, query, zones, registries }: SideSource, states: readonly RegistryState[], wanted: readonly string[]): Promise<Side> {
  const read = await someAtOnce(wanted, AT_ONCE, (name) => readService(name, ANY_ADDRESS, query).catch(() => undefined));
  const services = read.filter((service) => service !== undefined);
  const named = new Set(serviceNames(states));
  return {
    source,
    isServer,
    registries,
    serials: new Map([...states.map(({ serial }, index): [string, number] => [registries[index]!, serial]), ...zones.flatMap(serialOf)]),
    mabs: mabsOf(states),
    qsas: qsasOf(services),
    services: new Set(services.map(({ name }) => name)),
    problems: [...states.flatMap((state) => state.problems), ...services.flatMap(({ name, problems }) => (named.has(name) ? problems : []))],
  };
}

/** One that cannot be read is for "drtm zone check". */
function serialOf(zone: ZoneView): [string, number][] {
  return zone.at(zone.apex, RecordType.SOA).slice(0, 1).map(({ record }) => [zone.apex, readRecord(record, decodeSoa).serial]);
}

function serviceNames(states: readonly RegistryState[]): string[] {
  return states.flatMap(({ sets }) => [...sets.values()].flatMap(({ services }) => services));
}

/** A MAB in several sets has the services of all. */
function mabsOf(states: readonly RegistryState[]): Map<string, string[]> {
  const mabs = new Map<string, string[]>();
  for (const { services, buckets } of states.flatMap(({ sets }) => [...sets.values()])) {
    for (const prefix of PackedPrefixes.joined(Array.from(buckets.values(), ({ prefixes }) => prefixes))) {
      const key = formatPrefix(prefix);
      mabs.set(key, [...new Set([...(mabs.get(key) ?? []), ...services])].toSorted());
    }
  }
  return mabs;
}

function qsasOf(services: readonly ServiceState[]): Map<string, Qsa> {
  const qsas = new Map<string, Qsa>();
  for (const { name: service, servers } of services) {
    for (const server of servers) {
      const key = `${server.name} ${service}`;
      qsas.set(key, joined(qsas.get(key), server, service));
    }
  }
  return qsas;
}

/** A QSA with several addresses is one. */
function joined(before: Qsa | undefined, { name, address, port, tier, region, weight }: ServerEntry, service: string): Qsa {
  const endpoints = [...(before?.endpoints ?? []), formatEndpoint(address, port)].toSorted();
  return { name, service, endpoints, tier, region, weight };
}
