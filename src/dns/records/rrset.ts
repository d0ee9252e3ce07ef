import { canonicalData } from "./canonical-data.ts";
import { encodeName } from "./name.ts";
import type { ResourceRecord } from "./record.ts";

/** The records of one owner and type, in canonical form (RFC 4034 section 6): their order is by data, and each is there once. */
export interface Rrset {
  readonly name: string;
  readonly type: number;
  readonly records: readonly ResourceRecord[];
}

const CLASS_IN = 1;
/** TYPE, CLASS, TTL and RDLENGTH. */
const FIXED_OCTETS = 10;
/** What a call may have as arguments on a small stack. */
const MOST_ARGUMENTS = 8192;

/** The record with its data in canonical form. Throws RdataError. */
export function canonicalRecord(record: ResourceRecord): ResourceRecord {
  const data = canonicalData(record.type, record.data);
  return data === record.data ? record : { ...record, data };
}

/** An RRset of records of one owner and type, in any order. Throws RdataError. */
export function rrsetOf(name: string, type: number, records: readonly ResourceRecord[]): Rrset {
  const byData = new Map<string, ResourceRecord>();
  for (const record of records) {
    const canonical = canonicalRecord(record);
    byData.set(dataKey(canonical.data), canonical);
  }
  return { name, type, records: sortedByData(byData) };
}

/** Text that is equal for equal octets, and that `<` puts into the order of RFC 4034 section 6.3. */
export function dataKey(data: Uint8Array): string {
  if (data.length <= MOST_ARGUMENTS) return textOf(data);
  let key = "";
  for (let at = 0; at < data.length; at += MOST_ARGUMENTS) key += textOf(data.subarray(at, at + MOST_ARGUMENTS));
  return key;
}

/** Several times faster than to spread the octets. */
function textOf(octets: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, octets);
}

/** Records by their data's key, in canonical order. */
export function sortedByData(byData: ReadonlyMap<string, ResourceRecord>): ResourceRecord[] {
  if (byData.size === 1) return [...byData.values()];
  return [...byData.keys()].toSorted().map((key) => byData.get(key)!);
}

/** In the wire form, one after another, names uncompressed; with `ttl` in place of their own, where given. */
export function encodeRecords(records: readonly ResourceRecord[], ttl?: number): Uint8Array<ArrayBuffer> {
  return encodeOwned(records, ownersOf(records), ttl);
}

/** Lists of records one after another, and where the octets of each list end. */
export function encodeLists(lists: readonly (readonly ResourceRecord[])[]): { readonly octets: Uint8Array; readonly ends: Uint32Array } {
  const records = lists.flat();
  const owners = ownersOf(records);
  let [record, end] = [0, 0];
  const ends = Uint32Array.from(lists, (list) => {
    for (const { data } of list) end += owners[record++]!.length + FIXED_OCTETS + data.length;
    return end;
  });
  return { octets: encodeOwned(records, owners), ends };
}

function encodeOwned(records: readonly ResourceRecord[], owners: readonly Uint8Array[], ttl?: number): Uint8Array<ArrayBuffer> {
  const length = records.reduce((total, { data }, index) => total + owners[index]!.length + FIXED_OCTETS + data.length, 0);
  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  let at = 0;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    octets.set(owners[index]!, at);
    at += owners[index]!.length;
    view.setUint16(at, record.type);
    view.setUint16(at + 2, CLASS_IN);
    view.setUint32(at + 4, ttl ?? record.ttl);
    view.setUint16(at + 8, record.data.length);
    octets.set(record.data, at + FIXED_OCTETS);
    at += FIXED_OCTETS + record.data.length;
  }
  return octets;
}

/** The owner of each record as octets: the same array for neighbours of one name. */
function ownersOf(records: readonly ResourceRecord[]): Uint8Array[] {
  const owners: Uint8Array[] = [];
  for (let index = 0; index < records.length; index++) {
    const { name } = records[index]!;
    owners.push(index > 0 && records[index - 1]!.name === name ? owners[index - 1]! : encodeName(name));
  }
  return owners;
}
