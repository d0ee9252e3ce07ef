import { formatPrefix, parseIp, parsePrefix } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, type ServiceBinding, encodeSvcb } from "../../src/dns/records/index.ts";
import type { Query, RegistryOptions, RegistryState, WalkTools } from "../../src/dns/discovery/types.ts";
import { type Registry, registryRecords } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";

export const APEX = "drtm.example.";
export const EVERYWHERE: RegistryOptions = { apex: APEX, space: [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")] };

export interface SetDraft {
  readonly services: readonly string[];
  readonly prefixes: readonly string[];
}

/** The records of a registry zone, as its operator's tool would make them. */
export function registry(serial: number, sets: readonly SetDraft[], apex = APEX, keys: Registry["keys"] = []): ResourceRecord[] {
  const soa = { mname: `ns.${apex}`, rname: `hostmaster.${apex}`, serial, refresh: 1, retry: 1, expire: 3600, minimum: 60 };
  const drafts = sets.map(({ services, prefixes }) => ({ services, prefixes: prefixes.map(parsePrefix) }));
  return registryRecords({ apex, ttl: 60, soa, nameServers: [{ name: `ns.${apex}`, addresses: [parseIp("127.0.0.1")] }], sets: drafts, keys }, sha256hex);
}

/** The MABs of a registry, as text. */
export function mabs(state: RegistryState): string[] {
  const texts: string[] = [];
  for (const { buckets } of state.sets.values()) for (const { prefixes } of buckets.values()) for (const prefix of prefixes) texts.push(formatPrefix(prefix));
  return texts.toSorted();
}

/** Records with other data where the condition holds. */
export function replaced(records: readonly ResourceRecord[], where: (record: ResourceRecord) => boolean, data: Uint8Array): ResourceRecord[] {
  return records.map((record) => (where(record) ? { name: record.name, type: record.type, ttl: record.ttl, data } : record));
}

/** A zone that no resolver keeps anything of: what is gone in it is believed to be gone at once. */
export function uncached(records: readonly ResourceRecord[]): ResourceRecord[] {
  return records.map((record) => ({ name: record.name, type: record.type, ttl: 0, data: record.data }));
}

export function svcb(service: string, binding: Partial<ServiceBinding> & { target: string }): ResourceRecord {
  const data = encodeSvcb({ priority: 10, alpn: ["drtm1"], port: 4344, ...binding });
  return { name: `_drtm.${service}`, type: RecordType.SVCB, ttl: 60, data };
}

/** A DNS that is a list of records; it counts what it is asked, and `records` may be replaced while it is read. */
export class RecordTable {
  records: readonly ResourceRecord[];
  readonly asked: string[] = [];
  /** Called before each answer. */
  before: (name: string, type: number) => void = () => undefined;

  constructor(records: readonly ResourceRecord[]) {
    this.records = records;
  }

  readonly query: Query = (name, type) => {
    this.before(name, type);
    this.asked.push(`${name} ${type}`);
    const records = this.records.filter((record) => record.name === name && record.type === type);
    return Promise.resolve({ rcode: records.length > 0 ? "NOERROR" : "NXDOMAIN", records });
  };

  get tools(): WalkTools {
    return { query: this.query, sha256hex };
  }
}
