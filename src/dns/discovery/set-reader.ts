import type { Prefix } from "../../address/index.ts";
import { PrefixPacker } from "../../address/packed-prefixes.ts";
import { RdataError, RecordType, type ResourceRecord, compareApl, decodeHostName, decodeTxt, packApl, printable, readRecord } from "../records/index.ts";
import { type Sha256Hex, bucketDigest, bucketListNode, bucketNode, parseBucketName, setDigest, setId, setNode } from "../zone-model/index.ts";
import { type Budget, MOST } from "./budget.ts";
import { Inconsistent } from "./errors.ts";
import { someAtOnce } from "./some-at-once.ts";
import type { BucketState, SetState } from "./types.ts";

/** Where sets are read from, and what that may cost. */
export interface SetSource {
  readonly apex: string;
  readonly sha256hex: Sha256Hex;
  readonly budget: Budget;
  /** Throws Unanswered. */
  readonly records: (name: string, type: number) => Promise<readonly ResourceRecord[]>;
}

interface BucketEntry {
  readonly bucket: string;
  readonly area: Prefix;
  readonly digest: string;
}

const BUCKETS_AT_ONCE = 32;
/** Several times as many as a bucket has that is divided as it should be. */
const MOST_SORTED_RECORDS = 128;
export const MOST_SERVICES = 64;

/**
 * Reads a set by the digest that the index has for it; of what is known of it, only what changed is fetched. Throws
 * RdataError on a malformed record, Inconsistent where digests do not agree, Unanswered, and WalkError.
 */
export async function readSet(source: SetSource, id: string, digest: string, known: SetState | undefined): Promise<SetState> {
  const { apex, sha256hex } = source;
  const node = setNode(id, apex);
  const [pointers, texts] = await Promise.all([source.records(node, RecordType.PTR), source.records(bucketListNode(id, apex), RecordType.TXT)]);
  checkServiceCount(node, pointers.length);
  const services = pointers.map((record) => readRecord(record, decodeHostName)).toSorted();
  const entries = readEntries(bucketListNode(id, apex), texts);
  if (setDigest(services, entries, sha256hex) !== digest) throw new Inconsistent(`${node} does not have the digest ${digest} of the index`);
  checkServices(node, id, services, sha256hex);
  const listed = readList(bucketListNode(id, apex), entries);
  source.budget.takeServices(services);
  source.budget.take("buckets", listed.length);
  const packer = new PrefixPacker();
  const buckets = await someAtOnce(listed, BUCKETS_AT_ONCE, async (entry): Promise<[string, BucketState]> => {
    return [entry.bucket, await readBucket(source, id, entry, known?.buckets.get(entry.bucket), packer)];
  });
  return { id, digest, services, buckets: new Map(buckets) };
}

function checkServiceCount(node: string, count: number): void {
  if (count > MOST_SERVICES) throw new RdataError(node, `names ${count} services: at most ${MOST_SERVICES}`);
}

/** What is decoded is many times as large, and a transfer may have brought any number of records. */
function readEntries(node: string, texts: readonly ResourceRecord[]): string[] {
  const entries: string[] = [];
  for (const record of texts) {
    entries.push(...readRecord(record, decodeTxt));
    if (entries.length > MOST.buckets) throw new RdataError(node, `lists more than ${MOST.buckets.toLocaleString("en")} buckets`);
  }
  return entries;
}

function checkServices(node: string, id: string, services: readonly string[], sha256hex: Sha256Hex): void {
  if (services.length === 0) throw new RdataError(node, "names no services (PTR records): nobody would answer for its MABs");
  const right = setId(services, sha256hex);
  if (right !== id) throw new RdataError(node, `is not named after its services (that would be ${right})`);
}

/** Each bucket once. Throws RdataError. */
function readList(node: string, entries: readonly string[]): BucketEntry[] {
  const list = new Map<string, BucketEntry>();
  for (const text of entries) {
    const [, bucket = "", digest = ""] = /^(\S+) ([0-9a-f]{16})$/.exec(text) ?? [];
    const area = parseBucketName(bucket);
    if (area === undefined) throw new RdataError(node, `"${printable(text)}" is no "<bucket> <digest>"`);
    if (list.has(bucket)) throw new RdataError(node, `lists the bucket ${bucket} twice`);
    list.set(bucket, { bucket, area, digest });
  }
  return [...list.values()];
}

/** As the bucket divides its area, so that there is nothing left to sort. A flood stays as it comes. */
function inAreaOrder(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return records.length > MOST_SORTED_RECORDS ? records : records.toSorted((a, b) => compareApl(a.data, b.data));
}

/** `packer`: for nobody else until this waits. */
async function readBucket({ apex, sha256hex, budget, records }: SetSource, set: string, { bucket, area, digest }: BucketEntry, known: BucketState | undefined, packer: PrefixPacker): Promise<BucketState> {
  const name = bucketNode(bucket, set, apex);
  if (known?.digest === digest) {
    budget.take("MABs", known.prefixes.size);
    return known;
  }
  const found = await records(name, RecordType.APL);
  packer.clear();
  for (const record of inAreaOrder(found)) {
    const before = packer.size;
    readRecord(record, (data) => { packApl(data, packer); });
    budget.take("MABs", packer.size - before);
  }
  const prefixes = packer.packed();
  if (bucketDigest(prefixes, sha256hex) !== digest) throw new Inconsistent(`${name} does not have the digest ${digest} of its set`);
  if (!prefixes.areIn(area)) throw new RdataError(name, "has a MAB outside its area");
  return { digest, prefixes };
}
