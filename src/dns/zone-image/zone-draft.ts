import { type ResourceRecord, type Rrset, dataKey, sortedByData } from "../records/index.ts";
import type { BlockList } from "./block-list.ts";
import { ZoneImageError } from "./error.ts";
import { rrsetKey } from "./rrset-key.ts";
import { canonicalIn, labelOf, requireInZone } from "./zone-record.ts";

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
 * A zone while it is changed: RRsets that are touched are held here, and go into a new list of blocks at the end, so that
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
    const canonical = canonicalIn(record);
    requireInZone(this.#apex, record);
    const { records } = this.#touch(record.name, record.type);
    const key = dataKey(canonical.data);
    if (records.has(key)) throw new ZoneImageError(`${labelOf(record)} is added, but it is there already: the zones differ`);
    records.set(key, canonical);
  }

  /** Throws ZoneImageError for a record that is not there. Its TTL does not matter (RFC 2181 section 5). */
  remove(record: ResourceRecord): void {
    const { name, type, data } = canonicalIn(record);
    if (!this.#touch(name, type).records.delete(dataKey(data))) {
      throw new ZoneImageError(`${labelOf(record)} is removed, but it is not there: the zones differ`);
    }
  }

  finish(): DraftResult {
    const differing = [...this.#touched].filter(([, touched]) => differs(touched)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const list = this.#base.replace(differing.map(([key, touched]) => ({ key, rrset: rrsetFrom(touched) })));
    return { list, changed: differing.map(([, { name, type }]) => ({ name, type })) };
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
}

function differs({ before, records }: Touched): boolean {
  if (before === undefined) return records.size > 0;
  return before.records.length !== records.size || before.records.some(({ ttl, data }) => records.get(dataKey(data))?.ttl !== ttl);
}

function rrsetFrom({ name, type, records }: Touched): Rrset | undefined {
  return records.size === 0 ? undefined : { name, type, records: sortedByData(records) };
}
