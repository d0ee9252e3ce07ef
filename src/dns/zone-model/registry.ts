import type { IpAddress, Prefix } from "../../address/index.ts";
import { RecordType, type ResourceRecord, type Soa } from "../records/index.ts";
import { encodeAddress, encodeApl, encodeHostName, encodeSoa, encodeTxt } from "../records/index.ts";
import { type Bucket, recordsOfBucket, splitIntoBuckets } from "./bucket.ts";
import { type Sha256Hex, bucketDigest, setDigest, setId } from "./digest.ts";
import { REGISTRY_VERSION, bucketListNode, bucketNode, indexNode, keyNode, setNode, versionNode } from "./layout.ts";

/** MABs that are served alike. */
export interface ServiceSet {
  /** Absolute lower-case names such as `s1.dsoc-a.example.`. */
  readonly services: readonly string[];
  readonly prefixes: readonly Prefix[];
}

export interface NameServer {
  readonly name: string;
  /** For a name inside the zone. */
  readonly addresses: readonly IpAddress[];
}

export interface ZoneHead {
  readonly apex: string;
  /** TTL of every record, in seconds. */
  readonly ttl: number;
  readonly soa: Soa;
  readonly nameServers: readonly NameServer[];
}

/** What a registry zone holds besides its head. */
export interface RegistryContents {
  readonly apex: string;
  /** TTL of every record, in seconds. */
  readonly ttl: number;
  readonly sets: readonly ServiceSet[];
  /** DS data of DSOC zones, in presentation form: `<tag> <algorithm> <digest type> <digest>`. */
  readonly keys?: readonly { readonly zone: string; readonly ds: readonly string[] }[];
}

export type Registry = ZoneHead & RegistryContents;

/** One set with its place and digests in the zone. */
interface PlacedSet {
  readonly id: string;
  readonly services: readonly string[];
  readonly buckets: readonly Bucket[];
  /** `<bucket> <digest>`. */
  readonly entries: readonly string[];
  readonly digest: string;
}

/** Strings in one TXT record of a bucket list: small records make small increments. */
const TXT_STRINGS = 2;
/** A compressed owner, type, class, TTL and length. */
const RECORD_HEAD_OCTETS = 12;
/** A DNS message holds 65,535 octets; a bucket list that nears that could not be fetched. */
const MOST_LIST_OCTETS = 62_000;

/** A set whose bucket list would not fit a DNS message. */
export class ZoneModelError extends Error {
  override readonly name = "ZoneModelError";
  readonly code = "DRTM_ZONE_MODEL";
}

/** All records of a registry zone, SOA first. Throws ZoneModelError. */
export function registryRecords(registry: Registry, sha256hex: Sha256Hex): ResourceRecord[] {
  return [...headRecords(registry), ...registryContents(registry, sha256hex)];
}

/** All but SOA, NS and name servers' addresses. Sets without MABs are left out. Throws ZoneModelError. */
export function registryContents(registry: RegistryContents, sha256hex: Sha256Hex): ResourceRecord[] {
  const { apex, ttl } = registry;
  const sets = registry.sets.filter(({ prefixes }) => prefixes.length > 0).map((set) => placeSet(set, sha256hex));
  sets.sort((a, b) => (a.id < b.id ? -1 : 1));
  requireDistinct(sets);
  return [
    { name: versionNode(apex), type: RecordType.TXT, ttl, data: encodeTxt([REGISTRY_VERSION]) },
    ...(registry.keys ?? []).flatMap(({ zone, ds }) => textRecords(keyNode(zone, apex), ttl, ds, 1)),
    ...sets.flatMap((set) => indexRecords(set, registry)),
    ...sets.flatMap((set) => setRecords(set, registry)),
  ];
}

/** SOA, NS, and the addresses of name servers inside the zone. */
export function headRecords({ apex, ttl, soa, nameServers }: ZoneHead): ResourceRecord[] {
  return [
    { name: apex, type: RecordType.SOA, ttl, data: encodeSoa(soa) },
    ...nameServers.map(({ name }) => ({ name: apex, type: RecordType.NS, ttl, data: encodeHostName(name) })),
    ...nameServers.flatMap(({ name, addresses }) => addresses.map((address) => addressRecord(name, ttl, address))),
  ];
}

export function addressRecord(name: string, ttl: number, address: IpAddress): ResourceRecord {
  const type = address.family === 4 ? RecordType.A : RecordType.AAAA;
  return { name, type, ttl, data: encodeAddress(address) };
}

function placeSet({ services, prefixes }: ServiceSet, sha256hex: Sha256Hex): PlacedSet {
  const buckets = splitIntoBuckets(prefixes);
  const entries = buckets.map((bucket) => `${bucket.name} ${bucketDigest(bucket.prefixes, sha256hex)}`);
  const id = setId(services, sha256hex);
  const octets = entries.reduce((total, entry) => total + entry.length + 1, RECORD_HEAD_OCTETS * Math.ceil(entries.length / TXT_STRINGS));
  if (octets > MOST_LIST_OCTETS) {
    throw new ZoneModelError(`set ${id} (${services.join(", ")}) has ${buckets.length} buckets: divide its MABs over two services`);
  }
  return { id, services, buckets, entries, digest: setDigest(services, entries, sha256hex) };
}

function requireDistinct(sets: readonly PlacedSet[]): void {
  const twice = sets.find(({ id }, index) => sets[index + 1]?.id === id);
  if (twice !== undefined) {
    throw new ZoneModelError(`two sets have the services ${twice.services.join(", ")}: merge their MABs`);
  }
}

function indexRecords({ id, digest }: PlacedSet, { apex, ttl }: RegistryContents): ResourceRecord[] {
  const name = indexNode(id[0]!, apex);
  return [
    { name, type: RecordType.PTR, ttl, data: encodeHostName(setNode(id, apex)) },
    { name, type: RecordType.TXT, ttl, data: encodeTxt([`${id} ${digest}`]) },
  ];
}

function setRecords({ id, services, buckets, entries }: PlacedSet, { apex, ttl }: RegistryContents): ResourceRecord[] {
  const name = setNode(id, apex);
  return [
    ...services.map((service) => ({ name, type: RecordType.PTR, ttl, data: encodeHostName(service) })),
    ...textRecords(bucketListNode(id, apex), ttl, entries, TXT_STRINGS),
    ...buckets.flatMap((bucket) => bucketRecords(bucketNode(bucket.name, id, apex), ttl, bucket)),
  ];
}

function textRecords(name: string, ttl: number, strings: readonly string[], each: number): ResourceRecord[] {
  return chunks(strings, each).map((some) => ({ name, type: RecordType.TXT, ttl, data: encodeTxt(some) }));
}

function bucketRecords(name: string, ttl: number, bucket: Bucket): ResourceRecord[] {
  return recordsOfBucket(bucket).map((some) => ({ name, type: RecordType.APL, ttl, data: encodeApl(some) }));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
