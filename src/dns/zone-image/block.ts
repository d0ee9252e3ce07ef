import { RecordType, type ResourceRecord, type Rrset, encodeRecords, typeCoveredBy } from "../records/index.ts";

/** An RRset at its place in canonical order. */
export interface Entry {
  readonly key: string;
  readonly rrset: Rrset;
}

/** Some neighbouring RRsets of a zone. Never changed: a changed zone has other blocks, and shares the rest. */
export class Block {
  readonly entries: readonly Entry[];
  #octets: Uint8Array | undefined;

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
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
    this.#octets ??= encodeRecords(this.entries.flatMap(({ rrset }) => digestedRecords(rrset, apex)));
    return this.#octets;
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

/** All but the ZONEMD records of the apex, and their signatures (RFC 8976 section 3.3.1). */
function digestedRecords({ name, type, records }: Rrset, apex: string): readonly ResourceRecord[] {
  if (name !== apex) return records;
  if (type === RecordType.ZONEMD) return [];
  return type === RecordType.RRSIG ? records.filter(({ data }) => typeCoveredBy(data) !== RecordType.ZONEMD) : records;
}
