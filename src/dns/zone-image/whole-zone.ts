import { type ResourceRecord, type Rrset, compareOctets, dataKey, sortedByData } from "../records/index.ts";
import type { Entry } from "./block.ts";
import { nameKey, typeKey } from "./rrset-key.ts";
import { canonicalIn, requireInZone } from "./zone-record.ts";

/** An RRset while records come, which is put in order in the end. */
interface Gathered extends Rrset {
  records: ResourceRecord[];
}

/**
 * The RRsets of a zone that was received whole, in canonical order. A record may come twice, and is there once (RFC 2181 section
 * 5). Servers send a zone name by name: what is asked of a name is asked once for all that follow under it. Throws ZoneImageError.
 */
export function wholeZone(apex: string, records: Iterable<ResourceRecord>): Entry[] {
  const gathered = new Map<string, Gathered>();
  let [name, key] = ["", ""];
  let present: Gathered | undefined;
  for (const record of records) {
    const canonical = canonicalIn(record);
    if (record.name !== name) {
      requireInZone(apex, record);
      ({ name } = record);
      key = nameKey(name);
      present = undefined;
    }
    if (present?.type === record.type) present.records.push(canonical);
    else present = gather(gathered, typeKey(key, record.type), canonical);
  }
  for (const rrset of gathered.values()) rrset.records = ordered(rrset.records);
  return [...gathered.keys()].toSorted().map((place) => ({ key: place, rrset: gathered.get(place)! }));
}

function gather(gathered: Map<string, Gathered>, key: string, record: ResourceRecord): Gathered {
  const known = gathered.get(key);
  if (known !== undefined) {
    known.records.push(record);
    return known;
  }
  const fresh = { name: record.name, type: record.type, records: [record] };
  gathered.set(key, fresh);
  return fresh;
}

/** By their data, each once: of the same ones the first. */
function ordered(records: ResourceRecord[]): ResourceRecord[] {
  if (areInOrder(records)) return records;
  const byData = new Map<string, ResourceRecord>();
  for (const record of records) {
    const key = dataKey(record.data);
    if (!byData.has(key)) byData.set(key, record);
  }
  return sortedByData(byData);
}

/** As most servers send them. */
function areInOrder(records: readonly ResourceRecord[]): boolean {
  for (let at = 1; at < records.length; at++) if (compareOctets(records[at - 1]!.data, records[at]!.data) >= 0) return false;
  return true;
}
