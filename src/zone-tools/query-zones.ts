import { someAtOnce } from "../dns/discovery/some-at-once.ts";
import type { DemandingQuery } from "../dns/discovery/types.ts";
import { RecordType, ancestorsOf } from "../dns/records/index.ts";
import { serviceNode } from "../dns/zone-model/index.ts";
import { ZoneReader } from "./zone-reader.ts";
import type { ZoneView } from "./zone-view.ts";

/** A server that does not have the zone. */
export class ServerZoneError extends Error {
  override readonly name = "ServerZoneError";
  readonly code = "DRTM_SERVER_ZONE";
}

/** What was found by queries: zones, and services for which there is none. */
export interface QueriedZones {
  readonly zones: readonly ZoneView[];
  readonly missing: readonly string[];
}

const AT_ONCE = 32;

/** Reads a registry by queries, whatever its digests say, and the services that it names. Throws ServerZoneError, and what `ask` throws. */
export async function queryRegistry(ask: DemandingQuery, apex: string, source: string): Promise<QueriedZones> {
  const registry = new ZoneReader(ask, apex);
  if (!(await registry.readHead())) throw new ServerZoneError(`${source} has no SOA of ${apex}: name the apex of a zone that it serves with --apex`);
  const head = registry.found.length;
  const services = await registry.readRegistry();
  if (registry.found.length === head) throw new ServerZoneError(`${apex} at ${source} is no registry, and nothing else can be read by queries: allow transfers of it to this address, or check its zone file`);
  const dsocs = await queryServices(ask, services, source);
  await registry.readKeys(dsocs.zones.map((zone) => zone.apex));
  return { zones: [registry.view(source), ...dsocs.zones], missing: dsocs.missing };
}

/** Reads services, and the heads of the zones that they are in. Throws what `ask` throws. */
export async function queryServices(ask: DemandingQuery, services: readonly string[], source: string): Promise<QueriedZones> {
  const finder = new ZoneFinder(ask);
  const missing: string[] = [];
  await someAtOnce(services, AT_ONCE, async (service) => {
    const zone = await finder.zoneOf(service);
    if (zone === undefined) missing.push(service);
    else await zone.read(serviceNode(service), RecordType.SVCB);
  });
  return { zones: (await finder.found()).map((zone) => zone.view(source)), missing: missing.toSorted() };
}

/** Finds the zones that names are in, asking for each once. */
export class ZoneFinder {
  readonly #ask: DemandingQuery;
  readonly #readers = new Map<string, Promise<ZoneReader | undefined>>();

  constructor(ask: DemandingQuery) {
    this.#ask = ask;
  }

  /** The nearest ancestor with an SOA. */
  async zoneOf(name: string): Promise<ZoneReader | undefined> {
    for (const apex of ancestorsOf(name)) {
      const reader = await this.#readerAt(apex);
      if (reader !== undefined) return reader;
    }
    return undefined;
  }

  /** Zones, by apex. */
  async found(): Promise<ZoneReader[]> {
    const readers = await Promise.all(this.#readers.values());
    return readers.filter((reader) => reader !== undefined).toSorted((a, b) => (a.apex < b.apex ? -1 : 1));
  }

  #readerAt(apex: string): Promise<ZoneReader | undefined> {
    const known = this.#readers.get(apex);
    if (known !== undefined) return known;
    const reader = new ZoneReader(this.#ask, apex);
    // A server that refuses, or is silent, does not have it.
    const isApex = reader.readHead().then((has) => (has ? reader : undefined), () => undefined);
    this.#readers.set(apex, isApex);
    return isApex;
  }
}
