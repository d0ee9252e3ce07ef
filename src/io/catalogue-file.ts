import { Catalogue, type MabGroup, newGroupColumn } from "../core/mabs/catalogue.ts";
import type { ServiceEntry } from "../core/mabs/catalogue-content.ts";
import { PrefixList, newPrefixColumns } from "../core/tables/prefix-list.ts";
import { makeSegments } from "../core/tables/segment-writer.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";

const KIND = "catalogue 1";
/** What is made from nothing has the edition after 0, and must not pass for one that was made from what was kept. */
const EDITION = 1;

/** A catalogue, and when DNS last said that it is right; milliseconds of Date. */
export interface KeptCatalogue {
  readonly catalogue: Catalogue;
  readonly confirmedAt: number;
  /** The same in files that were written together. */
  readonly stamp: number;
}

interface Header {
  readonly stamp: number;
  readonly confirmedAt: number;
  readonly ipv4: number;
  readonly groups: readonly MabGroup[];
  readonly services: readonly ServiceEntry[];
}

/** Throws the system's errors. */
export async function writeCatalogue(path: string, { catalogue, confirmedAt, stamp }: KeptCatalogue): Promise<void> {
  const { prefixes, groupOf, groups, services } = catalogue.columns;
  const header: Header = { stamp, confirmedAt, ipv4: prefixes.ipv4, groups, services };
  await writeSealed(path, KIND, { header, parts: [prefixes.hi, prefixes.lo, prefixes.lengths, groupOf].map(octetsOf) });
}

/** Undefined when there is none. Throws DamagedFileError, and the system's errors. */
export function readCatalogue(path: string): KeptCatalogue | undefined {
  const sealed = readSealed(path, KIND);
  if (sealed === undefined) return undefined;
  const { stamp, confirmedAt, ipv4, groups, services } = sealed.header as Header;
  const [hi, lo, lengths, groupOf] = sealed.parts;
  const columns = newPrefixColumns(lengths!.length, ipv4);
  const groupColumn = newGroupColumn(lengths!.length);
  for (const [column, octets] of [[columns.hi, hi!], [columns.lo, lo!], [columns.lengths, lengths!], [groupColumn, groupOf!]] as const) octetsOf(column).set(octets);
  const list = new PrefixList(columns);
  const segments = { ipv4: makeSegments(4, list), ipv6: makeSegments(6, list) };
  const catalogue = new Catalogue({ prefixes: columns, groupOf: groupColumn, groups, services, ...segments, edition: EDITION, changed: undefined });
  return { catalogue, confirmedAt, stamp };
}

function octetsOf({ buffer, byteOffset, byteLength }: Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
