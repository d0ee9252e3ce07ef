import { RdataError, type ResourceRecord, type Rrset, canonicalRecord, dataKey, isSubdomain, printable, sortedByData, typeName } from "../records/index.ts";
import type { BlockList } from "./block-list.ts";
import { ZoneImageError } from "./error.ts";
import { rrsetKey } from "./rrset-key.ts";

/** An RRset that the change touches. */
interface Touched {
  readonly name: string;
  readonly type: number;
  readonly before: Rrset | undefined;
  /** By the key of their data. */
  readonly records: Map<string, ResourceRecord>;
}

/** Owner and type of an RRset. */
export interface RrsetName {
  readonly name: string;
  readonly type: number;
}

/** What a draft has come to. */
export interface DraftResult {
  readonly list: BlockList;
  /** RRsets that differ from before, in canonical order. */
  readonly changed: readonly RrsetName[];
}

/**
 * A zone while it is received: RRsets that are touched are held here, and go into a new list of blocks at the end, so that
 * the cost follows the size of what is touched. A draft that is dropped leaves no trace.
 */
export class ZoneDraft {
  readonly #apex: string;
  readonly #base: BlockList;
  readonly #touched = new Map<string, Touched>();

  constructor(apex: string, base: BlockList) {
    this.#apex = apex;
    this.#base = base;
  }

  /** Throws ZoneImageError for a record that is there, or that cannot be in this zone. */
  add(record: ResourceRecord): void {
    if (!this.#place(record)) throw new ZoneImageError(`${labelOf(record)} is added, but it is there already: the zones differ`);
  }

  /** The same for a zone received whole, in which a record may come twice and is there once (RFC 2181 section 5). */
  addAgain(record: ResourceRecord): void {
    this.#place(record);
  }

  /** Throws ZoneImageError for a record that is not there. Its TTL does not matter (RFC 2181 section 5). */
  remove(record: ResourceRecord): void {
    const { name, type, data } = this.#canonical(record);
    if (!this.#touch(name, type).records.delete(dataKey(data))) {
      throw new ZoneImageError(`${labelOf(record)} is removed, but it is not there: the zones differ`);
    }
  }

  finish(): DraftResult {
    const differing = [...this.#touched].filter(([, touched]) => differs(touched)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const list = this.#base.replace(differing.map(([key, touched]) => ({ key, rrset: rrsetFrom(touched) })));
    return { list, changed: differing.map(([, { name, type }]) => ({ name, type })) };
  }

  /** False where the record is there already. */
  #place(record: ResourceRecord): boolean {
    const canonical = this.#canonical(record);
    if (!isSubdomain(record.name, this.#apex)) throw new ZoneImageError(`${labelOf(record)} is outside the zone ${this.#apex}`);
    const { records } = this.#touch(record.name, record.type);
    const key = dataKey(canonical.data);
    if (records.has(key)) return false;
    records.set(key, canonical);
    return true;
  }

  #touch(name: string, type: number): Touched {
    const key = rrsetKey(name, type);
    const known = this.#touched.get(key);
    if (known !== undefined) return known;
    const before = this.#base.find(key);
    const touched = { name, type, before, records: new Map(before?.records.map((record) => [dataKey(record.data), record])) };
    this.#touched.set(key, touched);
    return touched;
  }

  #canonical(record: ResourceRecord): ResourceRecord {
    try {
      return canonicalRecord(record);
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      throw new ZoneImageError(`${labelOf(record)} ${error.problem}`, { cause: error });
    }
  }
}

function differs({ before, records }: Touched): boolean {
  if (before === undefined) return records.size > 0;
  return before.records.length !== records.size || before.records.some(({ ttl, data }) => records.get(dataKey(data))?.ttl !== ttl);
}

function rrsetFrom({ name, type, records }: Touched): Rrset | undefined {
  return records.size === 0 ? undefined : { name, type, records: sortedByData(records) };
}

function labelOf({ name, type }: ResourceRecord): string {
  return `${printable(name)} ${typeName(type)}`;
}
