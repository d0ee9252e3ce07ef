import { someAtOnce } from "../dns/discovery/some-at-once.ts";
import type { Query } from "../dns/discovery/types.ts";
import { RecordType, type ResourceRecord, decodeHostName, decodeTxt, isSubdomain } from "../dns/records/index.ts";
import { INDEX_DIGITS, bucketListNode, bucketNode, indexNode, keyNode, serviceNode, setNode, versionNode } from "../dns/zone-model/index.ts";
import { ZoneView } from "./zone-view.ts";

/** A server that does not have the zone. */
export class ServerZoneError extends Error {
  override readonly name = "ServerZoneError";
  readonly code = "DRTM_SERVER_ZONE";
}

/** What a server gave: the registry, the zones of its DSOCs, and names for which it has no zone. */
export interface ServerReading {
  readonly zones: readonly ZoneView[];
  readonly notServed: readonly string[];
}

const AT_ONCE = 32;

/** Reads a registry by queries, whatever its digests say, and the services that it names. Throws ServerZoneError, and what `query` throws. */
export async function readServer(query: Query, apex: string, source: string): Promise<ServerReading> {
  const registry = new ZoneReader(query, apex);
  if (!(await registry.readHead())) throw new ServerZoneError(`${source} has no SOA of ${apex}: name the apex of a registry with --apex`);
  const head = registry.found.length;
  const services = await registry.readRegistry();
  if (registry.found.length === head) throw new ServerZoneError(`${apex} at ${source} is no registry: name the apex of one with --apex (its DSOCs' services are read along), or check a DSOC's zone file`);
  const dsocs = await readDsocs(query, services);
  await registry.readKeys([...dsocs.zones.keys()]);
  return { zones: [registry, ...dsocs.zones.values()].map((reader) => new ZoneView(source, reader.apex, reader.found)), notServed: dsocs.notServed };
}

async function readDsocs(query: Query, services: readonly string[]): Promise<{ zones: Map<string, ZoneReader>; notServed: string[] }> {
  const zones = new Map<string, ZoneReader>();
  const notServed: string[] = [];
  for (const service of services) {
    const zone = [...zones.values()].find(({ apex }) => isSubdomain(service, apex)) ?? (await zoneOf(query, service));
    if (zone === undefined) notServed.push(service);
    else zones.set(zone.apex, zone);
    await zone?.read(serviceNode(service), RecordType.SVCB);
  }
  return { zones, notServed };
}

/** The zone that a service is in: the nearest ancestor with an SOA. */
async function zoneOf(query: Query, service: string): Promise<ZoneReader | undefined> {
  for (let apex = service; apex.includes(".", 0) && apex !== "."; apex = apex.slice(apex.indexOf(".") + 1)) {
    const reader = new ZoneReader(query, apex);
    if (await reader.readHead().catch(() => false)) return reader;
  }
  return undefined;
}

/** Gathers the records of one zone by asking for them. */
class ZoneReader {
  readonly apex: string;
  readonly found: { readonly record: ResourceRecord }[] = [];
  readonly #query: Query;

  constructor(query: Query, apex: string) {
    this.#query = query;
    this.apex = apex;
  }

  async read(name: string, type: number): Promise<readonly ResourceRecord[]> {
    const { records } = await this.#query(name, type);
    this.found.push(...records.map((record) => ({ record })));
    return records;
  }

  /** SOA, name servers and their addresses; false where this is no apex. */
  async readHead(): Promise<boolean> {
    if ((await this.read(this.apex, RecordType.SOA)).length === 0) return false;
    const servers = decoded(await this.read(this.apex, RecordType.NS), decodeHostName);
    for (const name of servers.filter((server) => isSubdomain(server, this.apex))) {
      await this.read(name, RecordType.A);
      await this.read(name, RecordType.AAAA);
    }
    return true;
  }

  /** Version, index, sets and buckets; gives the names of all services. */
  async readRegistry(): Promise<string[]> {
    await this.read(versionNode(this.apex), RecordType.TXT);
    const digits = await someAtOnce(INDEX_DIGITS, AT_ONCE, (digit) => this.#readIndexNode(digit));
    const services = await someAtOnce([...new Set(digits.flat())], AT_ONCE, (id) => this.#readSet(id));
    return [...new Set(services.flat())].toSorted();
  }

  async readKeys(zones: readonly string[]): Promise<void> {
    await someAtOnce(zones, AT_ONCE, (zone) => this.read(keyNode(zone, this.apex), RecordType.TXT));
  }

  async #readIndexNode(digit: string): Promise<string[]> {
    const node = indexNode(digit, this.apex);
    const [texts] = await Promise.all([this.read(node, RecordType.TXT), this.read(node, RecordType.PTR)]);
    return decoded(texts, decodeTxt).flat().flatMap((text) => /^[0-9a-f]{10}/.exec(text)?.[0] ?? []);
  }

  async #readSet(id: string): Promise<string[]> {
    const [pointers, lists] = await Promise.all([this.read(setNode(id, this.apex), RecordType.PTR), this.read(bucketListNode(id, this.apex), RecordType.TXT)]);
    const buckets = decoded(lists, decodeTxt).flat().flatMap((text) => /^[46]-\d+-[0-9a-f]+/.exec(text)?.[0] ?? []);
    await someAtOnce([...new Set(buckets)], AT_ONCE, (bucket) => this.read(bucketNode(bucket, id, this.apex), RecordType.APL));
    return decoded(pointers, decodeHostName);
  }
}

/** Of what can be decoded; the rest is told of when it is checked. */
function decoded<T>(records: readonly ResourceRecord[], decode: (data: Uint8Array) => T): T[] {
  return records.flatMap(({ data }) => {
    try {
      return [decode(data)];
    } catch {
      return [];
    }
  });
}
