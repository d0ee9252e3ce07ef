import { RecordType, RdataError, type ResourceRecord, type Rrset, type Soa, decodeSoa, readRecord } from "../records/index.ts";
import { BlockList } from "./block-list.ts";
import { ZoneImageError } from "./error.ts";
import { rrsetKey } from "./rrset-key.ts";
import { wholeZone } from "./whole-zone.ts";
import { type RrsetName, ZoneDraft } from "./zone-draft.ts";

/** One step of an incremental transfer (RFC 1995 section 4); the SOA records are in it. */
export interface ZoneStep {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** A zone after a change, and the RRsets that the change has made others, in canonical order. */
export interface ZoneChange {
  readonly image: ZoneImage;
  readonly changed: readonly RrsetName[];
}

/**
 * One zone as RRsets in canonical order (RFC 4034 section 6). It never changes: a change makes another image, which shares
 * with this one all that is the same, so that one that turns out not to be valid is simply dropped.
 */
export class ZoneImage {
  readonly apex: string;
  readonly soa: Soa;
  readonly #list: BlockList;

  private constructor(apex: string, list: BlockList) {
    this.apex = apex;
    this.#list = list;
    this.soa = readSoa(apex, list.find(rrsetKey(apex, RecordType.SOA)));
  }

  /** The zone of these records, in any order. Throws ZoneImageError. */
  static of(apex: string, records: Iterable<ResourceRecord>): ZoneImage {
    return new ZoneImage(apex, BlockList.of(wholeZone(apex, records)));
  }

  /** The zone after these steps. Throws ZoneImageError where they do not fit it: then the whole zone is needed. */
  change(steps: readonly ZoneStep[]): ZoneChange {
    const draft = new ZoneDraft(this.apex, this.#list);
    for (const { removed, added } of steps) {
      for (const record of removed) draft.remove(record);
      for (const record of added) draft.add(record);
    }
    const { list, changed } = draft.finish();
    return { image: changed.length === 0 ? this : new ZoneImage(this.apex, list), changed };
  }

  rrset(name: string, type: number): Rrset | undefined {
    return this.#list.find(rrsetKey(name, type));
  }

  /** All RRsets in canonical order. */
  *rrsets(): Generator<Rrset, void> {
    for (const { entries } of this.#list.blocks) {
      for (const { rrset } of entries) yield rrset;
    }
  }

  /** All records in canonical order, each once. */
  *records(): Generator<ResourceRecord, void> {
    for (const { records } of this.rrsets()) yield* records;
  }

  /** What a digest of the SIMPLE scheme covers (RFC 8976 section 3.3.1), in few parts; those that did not change are kept. */
  digestedOctets(): Uint8Array[] {
    return this.#list.blocks.map((block) => block.digestedOctets(this.apex));
  }
}

function readSoa(apex: string, rrset: Rrset | undefined): Soa {
  const count = rrset?.records.length ?? 0;
  if (count !== 1) throw new ZoneImageError(`the zone ${apex} has ${count} SOA records at its apex: it needs one`);
  try {
    return readRecord(rrset!.records[0]!, decodeSoa);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    throw new ZoneImageError(error.message, { cause: error });
  }
}
