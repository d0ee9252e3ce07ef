import type { Family, Prefix } from "../../address/index.ts";
import { freshMemory } from "../tables/column-memory.ts";
import { type PrefixColumns, PrefixList } from "../tables/prefix-list.ts";
import { type Segment, type SegmentColumns, SegmentTable } from "../tables/segment-table.ts";
import { makeSegments } from "../tables/segment-writer.ts";
import type { CatalogueContent, ServiceEntry } from "./catalogue-content.ts";

/** Between the sets of a MAB that is in several. */
export const SET_SEPARATOR = " + ";

/** MABs that are served alike: by which services, and in which set (several, joined by SET_SEPARATOR) they are listed. */
export interface MabGroup {
  readonly set: string;
  /** Indices into the catalogue's services, ascending. */
  readonly services: readonly number[];
}

/** A catalogue as columns in memory that threads share, and few objects beside them: it goes to another thread at once. */
export interface CatalogueColumns {
  readonly prefixes: PrefixColumns;
  /** By MAB: its group. */
  readonly groupOf: Uint32Array;
  /** In order of their sets, each used by some MAB. */
  readonly groups: readonly MabGroup[];
  readonly services: readonly ServiceEntry[];
  readonly ipv4: SegmentColumns;
  readonly ipv6: SegmentColumns;
  /** Of catalogues that were made from each other, a number that goes up by one. */
  readonly edition: number;
  /** Where MABs differ from the edition before: prefixes in order, none inside another; undefined for a first edition, or where too much differs. */
  readonly changed: readonly Prefix[] | undefined;
}

/** Discovery's result in the shape the engine looks up in: MABs by longest match, each with its services. A MAB is a row. */
export class Catalogue {
  readonly columns: CatalogueColumns;
  readonly prefixes: PrefixList;
  readonly #ipv4: SegmentTable;
  readonly #ipv6: SegmentTable;

  constructor(columns: CatalogueColumns) {
    this.columns = columns;
    this.prefixes = new PrefixList(columns.prefixes);
    this.#ipv4 = new SegmentTable(columns.ipv4, 0);
    this.#ipv6 = new SegmentTable(columns.ipv6, columns.prefixes.ipv4);
  }

  static of({ mabs, services }: CatalogueContent): Catalogue {
    const prefixes = PrefixList.of(mabs.map(({ prefix }) => prefix));
    const groups = new Map<string, MabGroup>();
    for (const { set, services: served } of mabs) groups.set(groupKey(set, served), { set, services: served });
    const ordered = [...groups].toSorted(([aKey, a], [bKey, b]) => compareTexts(a.set, b.set) || compareTexts(aKey, bKey));
    const numbers = new Map(ordered.map(([key], number) => [key, number]));
    const groupOf = newGroupColumn(mabs.length);
    for (const [row, { set, services: served }] of mabs.entries()) groupOf[row] = numbers.get(groupKey(set, served))!;
    const [ipv4, ipv6] = [makeSegments(4, prefixes), makeSegments(6, prefixes)];
    return new Catalogue({ prefixes: prefixes.columns, groupOf, groups: ordered.map(([, group]) => group), services, ipv4, ipv6, edition: 0, changed: undefined });
  }

  /** How many MABs. */
  get size(): number {
    return this.prefixes.size;
  }

  get services(): readonly ServiceEntry[] {
    return this.columns.services;
  }

  get groups(): readonly MabGroup[] {
    return this.columns.groups;
  }

  /** Where MABs differ from another catalogue, which this one was made from; undefined where that is not known. */
  changedSince({ columns }: Catalogue): readonly Prefix[] | undefined {
    return this.columns.edition === columns.edition + 1 ? this.columns.changed : undefined;
  }

  groupOf(mab: number): number {
    return this.columns.groupOf[mab]!;
  }

  prefixLength(mab: number): number {
    return this.prefixes.length(mab);
  }

  /** Fills `out` with the MAB around a key and the keys around it that have the same longest match. */
  find(family: Family, hi: number, lo: number, out: Segment): void {
    (family === 4 ? this.#ipv4 : this.#ipv6).find(hi, lo, out);
  }

  /** The MAB with the longest match, or NO_PREFIX. */
  match(family: Family, hi: number, lo: number): number {
    return (family === 4 ? this.#ipv4 : this.#ipv6).match(hi, lo);
  }

  /** Whether another catalogue says the same. */
  equals({ columns }: Catalogue): boolean {
    const { prefixes, groupOf, groups, services } = this.columns;
    return (
      prefixes.ipv4 === columns.prefixes.ipv4 &&
      isSame(prefixes.hi, columns.prefixes.hi) &&
      isSame(prefixes.lo, columns.prefixes.lo) &&
      isSame(prefixes.lengths, columns.prefixes.lengths) &&
      isSame(groupOf, columns.groupOf) &&
      JSON.stringify([groups, services]) === JSON.stringify([columns.groups, columns.services])
    );
  }

  /** All MABs, in order. */
  *mabs(): IterableIterator<{ readonly prefix: Prefix; readonly group: MabGroup }> {
    for (let row = 0; row < this.size; row++) yield { prefix: this.prefixes.at(row), group: this.groups[this.groupOf(row)]! };
  }
}

export const EMPTY_CATALOGUE = Catalogue.of({ mabs: [], services: [] });

export function newGroupColumn(size: number, memory = freshMemory): Uint32Array {
  return new Uint32Array(memory(4 * size), 0, size);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function groupKey(set: string, services: readonly number[]): string {
  return `${set} ${services.join(" ")}`;
}

function isSame(a: Uint32Array | Uint8Array, b: Uint32Array | Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let row = 0; row < a.length; row++) if (a[row] !== b[row]) return false;
  return true;
}
