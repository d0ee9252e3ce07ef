import { someAtOnce } from "../dns/discovery/some-at-once.ts";
import type { DemandingQuery } from "../dns/discovery/types.ts";
import type { SignedAnswer } from "../dns/dnssec/index.ts";
import { RdataError, RecordType, type ResourceRecord, decodeHostName, decodeTxt, isSubdomain, typeCoveredBy } from "../dns/records/index.ts";
import { INDEX_DIGITS, bucketListNode, bucketNode, indexNode, keyNode, setNode, versionNode } from "../dns/zone-model/index.ts";
import { ZoneView } from "./zone-view.ts";

const AT_ONCE = 32;

/** Gathers the records of one zone by asking for them, their signatures with them. */
export class ZoneReader {
  readonly apex: string;
  readonly found: { readonly record: ResourceRecord }[] = [];
  readonly #absences: SignedAnswer[] = [];
  readonly #ask: DemandingQuery;

  constructor(ask: DemandingQuery, apex: string) {
    this.#ask = ask;
    this.apex = apex;
  }

  view(source: string): ZoneView {
    return new ZoneView(source, this.apex, this.found, this.#absences);
  }

  async read(name: string, type: number): Promise<readonly ResourceRecord[]> {
    const { records, sections } = await this.#ask(name, type, { evidence: "signatures" });
    const owners = new Set(records.map((record) => record.name));
    const signatures = sections.filter((record) => record.type === RecordType.RRSIG && typeCoveredBy(record.data) === type && owners.has(record.name));
    this.found.push(...[...records, ...signatures].map((record) => ({ record })));
    if (records.length === 0) this.#absences.push({ name, type, records: sections });
    return records;
  }

  /** SOA, keys, name servers and their addresses; false where this is no apex. */
  async readHead(): Promise<boolean> {
    if ((await this.read(this.apex, RecordType.SOA)).length === 0) return false;
    await this.read(this.apex, RecordType.DNSKEY);
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
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      return [];
    }
  });
}
