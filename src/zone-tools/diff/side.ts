import { formatEndpoint, formatPrefix, parsePrefix } from "../../address/index.ts";
import { buildContent, serviceNames } from "../../dns/discovery/content.ts";
import { WalkError } from "../../dns/discovery/errors.ts";
import { walkRegistry } from "../../dns/discovery/registry-walk.ts";
import { someAtOnce } from "../../dns/discovery/some-at-once.ts";
import { readService } from "../../dns/discovery/service.ts";
import type { Problem, Query, RegistryState } from "../../dns/discovery/types.ts";
import type { CatalogueContent, ServerEntry } from "../../core/mabs/catalogue-content.ts";
import { sha256hex } from "../../io/hash.ts";

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
  readonly registries: readonly string[];
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
  readonly query: Query;
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
  const wanted = [...new Set([...serviceNames([...statesA, ...statesB]), ...a.services, ...b.services])];
  return Promise.all([readSide(a, statesA, wanted), readSide(b, statesB, wanted)]);
}

async function readRegistries({ query, registries }: SideSource): Promise<RegistryState[]> {
  const states: RegistryState[] = [];
  for (const apex of registries) states.push(await walkRegistry({ apex, space: EVERYWHERE }, undefined, { query, sha256hex }));
  return states;
}

async function readSide({ source, query, registries }: SideSource, states: readonly RegistryState[], wanted: readonly string[]): Promise<Side> {
  const read = await someAtOnce(wanted, AT_ONCE, (name) => readService(name, ANY_ADDRESS, query).catch(() => undefined));
  const services = wanted.map((name, index) => read[index] ?? { name, servers: [], ttl: 0, problems: [] });
  const { content, problems } = buildContent(states.map((state) => ({ options: { apex: state.apex, space: EVERYWHERE }, state })), services);
  const named = new Set(serviceNames(states));
  return {
    source,
    registries,
    mabs: new Map(content.mabs.map((mab) => [formatPrefix(mab.prefix), mab.services.map((index) => content.services[index]!.name)])),
    qsas: qsasOf(content),
    services: new Set(wanted.filter((_, index) => read[index] !== undefined)),
    problems: [...states.flatMap((state) => state.problems), ...services.flatMap((service) => (named.has(service.name) ? service.problems : [])), ...problems],
  };
}

function qsasOf({ services }: CatalogueContent): Map<string, Qsa> {
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
