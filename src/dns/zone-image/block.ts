import { RecordType, type ResourceRecord, type Rrset, concatBytes, encodeLists, typeCoveredBy } from "../records/index.ts";

/** An RRset at its place in canonical order. */
export interface Entry {
  readonly key: string;
  readonly rrset: Rrset;
}

/** What the digest of a zone covers of some entries. */
interface Digested {
  readonly entries: readonly Entry[];
  readonly octets: Uint8Array;
  /** Where those of each entry end. */
  readonly ends: Uint32Array;
}

/** Some neighbouring RRsets of a zone. Never changed: a changed zone has other blocks, and shares the rest. */
export class Block {
  readonly entries: readonly Entry[];
  #digested: Digested | undefined;
  /** Of the block that this one was made of, until it is of no more use. */
  #before: Digested | undefined;

  /** `before`: the block that these entries were in, but for those that are new. */
  constructor(entries: readonly Entry[], before?: Block) {
    this.entries = entries;
    this.#before = before === undefined ? undefined : before.#digested;
  }

  get firstKey(): string {
    return this.entries[0]!.key;
  }

  find(key: string): Rrset | undefined {
    const entry = this.entries[lastAtMost(this.entries.length, key, (index) => this.entries[index]!.key)];
    return entry?.key === key ? entry.rrset : undefined;
  }

  /** What the digest of the zone covers of these records; made once. */
  digestedOctets(apex: string): Uint8Array {
    this.#digested ??= digestedOf(this.entries, this.#before, apex);
    this.#before = undefined;
    return this.#digested.octets;
  }
}

/** The index of the last of `count` ascending keys that is not above `key`; -1 where all are. */
export function lastAtMost(count: number, key: string, keyAt: (index: number) => string): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyAt(middle) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What the entries begin and end with as those before did is copied, the rest encoded. */
function digestedOf(entries: readonly Entry[], before: Digested | undefined, apex: string): Digested {
  if (before === undefined) return { entries, ...encodeLists(entries.map(({ rrset }) => digestedRecords(rrset, apex))) };
  const [first, last] = inCommon(entries, before.entries);
  const lastBefore = before.entries.length - last;
  const fresh = encodeLists(entries.slice(first, entries.length - last).map(({ rrset }) => digestedRecords(rrset, apex)));
  const [head, tail] = [startOf(before, first), startOf(before, lastBefore)];
  const octets = concatBytes([before.octets.subarray(0, head), fresh.octets, before.octets.subarray(tail)]);
  const ends = new Uint32Array(entries.length);
  ends.set(before.ends.subarray(0, first));
  ends.set(fresh.ends.map((end) => head + end), first);
  ends.set(before.ends.subarray(lastBefore).map((end) => end - tail + head + fresh.octets.length), entries.length - last);
  return { entries, octets, ends };
}

/** How many entries two lists begin with in common, and how many of the rest they end with. */
function inCommon(entries: readonly Entry[], others: readonly Entry[]): readonly [first: number, last: number] {
  const most = Math.min(entries.length, others.length);
  let first = 0;
  while (first < most && entries[first] === others[first]) first++;
  let last = 0;
  while (last < most - first && entries.at(-1 - last) === others.at(-1 - last)) last++;
  return [first, last];
}

function startOf({ ends }: Digested, entry: number): number {
  return entry === 0 ? 0 : ends[entry - 1]!;
}

/** All but the ZONEMD records of the apex, and their signatures (RFC 8976 section 3.3.1). */
function digestedRecords({ name, type, records }: Rrset, apex: string): readonly ResourceRecord[] {
  if (name !== apex) return records;
  if (type === RecordType.ZONEMD) return [];
  return type === RecordType.RRSIG ? records.filter(({ data }) => typeCoveredBy(data) !== RecordType.ZONEMD) : records;
}
