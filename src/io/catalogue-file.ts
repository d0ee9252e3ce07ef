import type { Family } from "../address/index.ts";
import type { MabGroup } from "../core/mabs/catalogue.ts";
import type { SegmentColumns } from "../core/tables/segment-table.ts";
import type { CatalogueMail } from "./catalogue-mail.ts";
import { type FileMark, readSealed, writeSealed } from "./sealed-file.ts";

const KIND = "catalogue 7";
/** What is made from nothing has the edition after 0, and must not pass for one that was made from what was kept. */
const EDITION = 1;

/** A catalogue, and when DNS last said that it is right; milliseconds of Date. */
export interface KeptCatalogue {
  /** For one that has no catalogue. */
  readonly mail: CatalogueMail;
  readonly confirmedAt: number;
  /** What the configuration let into it: under another one it may hold what must not be served. */
  readonly scope: string;
  /** The same in files that were written together. */
  readonly stamp: number;
}

interface Header {
  readonly stamp: number;
  readonly confirmedAt: number;
  readonly scope: string;
  readonly ipv4: number;
  /** Of the segments of each family. */
  readonly shifts: readonly [ipv4: number, ipv6: number];
  readonly groups: readonly MabGroup[];
}

/** All columns as they are in memory, so that they need only be read: those of words first, where they lie at multiples of four. Throws the system's errors. */
export async function writeCatalogue(path: string, { mail, confirmedAt, scope, stamp }: KeptCatalogue): Promise<FileMark> {
  const { prefixes, groupOf, ipv4, ipv6 } = mail.columns;
  const header: Header = { stamp, confirmedAt, scope, ipv4: prefixes.ipv4, shifts: [ipv4.shift, ipv6.shift], groups: mail.groups! };
  const segments = [ipv4, ipv6].flatMap(({ firstHi, firstLo, prefix, directory }) => [firstHi, firstLo, prefix, directory]);
  return writeSealed(path, KIND, { header, parts: [prefixes.hi, prefixes.lo, groupOf, ...segments, prefixes.lengths, mail.services!].map(octetsOf) });
}

/** Undefined when there is none. Throws DamagedFileError, and the system's errors. */
export function readCatalogue(path: string): KeptCatalogue | undefined {
  const sealed = readSealed(path, KIND);
  if (sealed === undefined) return undefined;
  const { stamp, confirmedAt, scope, ipv4, shifts, groups } = sealed.header as Header;
  const words = (part: number): Uint32Array => wordsOf(sealed.parts[part]!);
  const segments = (family: Family, part: number, shift: number): SegmentColumns => {
    const { buffer, byteOffset, length } = words(part + 2);
    return { family, firstHi: words(part), firstLo: words(part + 1), prefix: new Int32Array(buffer, byteOffset, length), directory: words(part + 3), shift };
  };
  const columns = {
    prefixes: { hi: words(0), lo: words(1), lengths: sealed.parts[11]!, ipv4 },
    groupOf: words(2),
    ipv4: segments(4, 3, shifts[0]),
    ipv6: segments(6, 7, shifts[1]),
    edition: EDITION,
    changed: undefined,
  };
  return { mail: { columns, groups, services: sealed.parts[12] }, confirmedAt, scope, stamp };
}

function octetsOf({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}
