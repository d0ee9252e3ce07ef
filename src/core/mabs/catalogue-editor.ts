import { type Family, type Prefix, comparePrefixes, prefixContains } from "../../address/index.ts";
import { type ColumnMemory, freshMemory } from "../tables/column-memory.ts";
import { PrefixList, newPrefixColumns } from "../tables/prefix-list.ts";
import { NO_PREFIX, type SegmentColumns } from "../tables/segment-table.ts";
import { editSegments, makeSegments } from "../tables/segment-writer.ts";
import { Catalogue, type MabGroup, SET_SEPARATOR, newGroupColumn } from "./catalogue.ts";
import type { ServiceEntry } from "./catalogue-content.ts";

/** Beyond so many changes everything is made afresh. */
const MOST_STRETCHES = 1_000;
const REMOVED = -1;

export type { ColumnMemory };

/** Puts a MAB into a set, or takes it out. */
interface Edit {
  readonly prefix: Prefix;
  readonly set: string;
  readonly isAddition: boolean;
}

/** A MAB after its edits: the number of its group, or REMOVED. */
interface Outcome {
  readonly prefix: Prefix;
  readonly row: number;
  readonly group: number;
}

/**
 * Makes a catalogue from the one before and what has changed, at a cost in proportion to the change but for copying columns.
 * The result is the same, octet for octet, however one gets there.
 */
export class CatalogueEditor {
  readonly #base: Catalogue;
  readonly #memory: ColumnMemory;
  readonly #edits: Edit[] = [];
  readonly #groupNames: string[];
  readonly #groupNumbers: Map<string, number>;

  /** `memory`: for the columns of what it makes. */
  constructor(base: Catalogue, memory = freshMemory) {
    this.#base = base;
    this.#memory = memory;
    this.#groupNames = base.groups.map(({ set }) => set);
    this.#groupNumbers = new Map(this.#groupNames.map((name, number) => [name, number]));
  }

  /** Lists a MAB in a set. */
  add(set: string, prefix: Prefix): void {
    this.#edits.push({ prefix, set, isAddition: true });
  }

  /** Lists a MAB in a set no more. */
  remove(set: string, prefix: Prefix): void {
    this.#edits.push({ prefix, set, isAddition: false });
  }

  /** `services` in order of their names; `servicesOf` names those of a set. The base itself where nothing has changed. */
  finish(services: readonly ServiceEntry[], servicesOf: (set: string) => readonly string[]): Catalogue {
    const base = this.#base;
    const outcomes = this.#outcomes();
    if (outcomes.length === 0 && services === base.services) return base;
    const { prefixes, groupOf, rows } = this.#merge(outcomes);
    const groups = this.#settleGroups(groupOf, outcomes, services, servicesOf);
    const segments = (family: Family): SegmentColumns => this.#segments(family, prefixes, outcomes, rows);
    return new Catalogue({ prefixes: prefixes.columns, groupOf, groups, services, ipv4: segments(4), ipv6: segments(6), edition: base.columns.edition + 1, changed: placesOf(outcomes) });
  }

  /** What becomes of each MAB that was edited, in order; those that stay as they are left out. */
  #outcomes(): Outcome[] {
    const edits = this.#edits.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
    const outcomes: Outcome[] = [];
    for (let first = 0, end; first < edits.length; first = end) {
      const { prefix } = edits[first]!;
      end = first + 1;
      while (end < edits.length && comparePrefixes(edits[end]!.prefix, prefix) === 0) end++;
      const row = this.#base.prefixes.find(prefix.family, prefix.hi, prefix.lo, prefix.length);
      const before = row < 0 ? REMOVED : this.#base.groupOf(row);
      const group = this.#groupAfter(before, edits.slice(first, end));
      if (group !== before) outcomes.push({ prefix, row, group });
    }
    return outcomes;
  }

  #groupAfter(before: number, edits: readonly Edit[]): number {
    const sets = new Set(before === REMOVED ? [] : this.#groupNames[before]!.split(SET_SEPARATOR));
    for (const { set, isAddition } of edits) {
      if (isAddition) sets.add(set);
      else sets.delete(set);
    }
    return sets.size === 0 ? REMOVED : this.#groupNumber([...sets].toSorted().join(SET_SEPARATOR));
  }

  #groupNumber(name: string): number {
    const known = this.#groupNumbers.get(name);
    if (known !== undefined) return known;
    this.#groupNumbers.set(name, this.#groupNames.length);
    return this.#groupNames.push(name) - 1;
  }

  /** Copies the columns with the outcomes in their places; `rows` tells where the base's rows went. */
  #merge(outcomes: readonly Outcome[]): { prefixes: PrefixList; groupOf: Uint32Array; rows: Int32Array } {
    const base = this.#base;
    const ipv4 = base.prefixes.columns.ipv4 + growth(outcomes.filter(({ prefix }) => prefix.family === 4));
    const size = base.size + growth(outcomes);
    const merge = new Merge(base, size, ipv4, this.#memory);
    for (const { prefix, row, group } of outcomes) {
      merge.copyTo(row >= 0 ? row : base.prefixes.firstAtOrAfter(prefix.family, prefix.hi, prefix.lo, prefix.length));
      if (row >= 0) merge.skip();
      if (group !== REMOVED) merge.put(prefix, group, row);
    }
    merge.copyTo(base.size);
    return { prefixes: new PrefixList(merge.prefixes), groupOf: merge.groupOf, rows: merge.rows };
  }

  /** Numbers the groups that are in use by their names, so that equal catalogues look alike. */
  #settleGroups(groupOf: Uint32Array, outcomes: readonly Outcome[], services: readonly ServiceEntry[], servicesOf: (set: string) => readonly string[]): MabGroup[] {
    const unused = this.#unused(groupOf, outcomes);
    const names = this.#groupNames.filter((_, group) => !unused.has(group)).toSorted();
    const numbers = new Map(names.map((name, number) => [name, number]));
    const settled = Uint32Array.from(this.#groupNames, (name) => numbers.get(name) ?? 0);
    if (settled.some((after, before) => after !== before)) for (let row = 0; row < groupOf.length; row++) groupOf[row] = settled[groupOf[row]!]!;
    const serviceNumbers = new Map(services.map(({ name }, number) => [name, number]));
    return names.map((set) => {
      const served = new Set(set.split(SET_SEPARATOR).flatMap((one) => servicesOf(one)));
      return { set, services: [...served].flatMap((name) => serviceNumbers.get(name) ?? []).toSorted((a, b) => a - b) };
    });
  }

  /** Groups of which no MAB is left: only those that a MAB has left can be. */
  #unused(groupOf: Uint32Array, outcomes: readonly Outcome[]): Set<number> {
    const left = new Set(outcomes.flatMap(({ row }) => (row < 0 ? [] : [this.#base.groupOf(row)])));
    return new Set([...left].filter((group) => !groupOf.includes(group)));
  }

  /** Those of a family that has neither gained nor lost a MAB are shared. */
  #segments(family: Family, prefixes: PrefixList, outcomes: readonly Outcome[], rows: Int32Array): SegmentColumns {
    const { columns, prefixes: before } = this.#base;
    const base = family === 4 ? columns.ipv4 : columns.ipv6;
    const stretches = outermost(outcomes.filter(({ prefix, row, group }) => prefix.family === family && (row < 0 || group === REMOVED)));
    if (stretches.length === 0) return base;
    if (stretches.length > MOST_STRETCHES) return makeSegments(family, prefixes, this.#memory);
    return editSegments(base, prefixes, stretches, rows.subarray(before.start(family), before.end(family)), this.#memory);
  }
}

/** Columns being copied, with rows put in and left out. */
class Merge {
  readonly prefixes;
  readonly groupOf: Uint32Array;
  readonly rows: Int32Array;
  readonly #base: Catalogue;
  #from = 0;
  #to = 0;

  constructor(base: Catalogue, size: number, ipv4: number, memory: ColumnMemory) {
    this.#base = base;
    this.prefixes = newPrefixColumns(size, ipv4, memory);
    this.groupOf = newGroupColumn(size, memory);
    this.rows = new Int32Array(base.size);
  }

  /** Copies the rows of the base up to this one. */
  copyTo(end: number): void {
    const { prefixes, groupOf } = this.#base.columns;
    this.prefixes.hi.set(prefixes.hi.subarray(this.#from, end), this.#to);
    this.prefixes.lo.set(prefixes.lo.subarray(this.#from, end), this.#to);
    this.prefixes.lengths.set(prefixes.lengths.subarray(this.#from, end), this.#to);
    this.groupOf.set(groupOf.subarray(this.#from, end), this.#to);
    while (this.#from < end) this.rows[this.#from++] = this.#to++;
  }

  skip(): void {
    this.rows[this.#from++] = NO_PREFIX;
  }

  put({ hi, lo, length }: Prefix, group: number, row: number): void {
    if (row >= 0) this.rows[row] = this.#to;
    this.prefixes.hi[this.#to] = hi;
    this.prefixes.lo[this.#to] = lo;
    this.prefixes.lengths[this.#to] = length;
    this.groupOf[this.#to++] = group;
  }
}

/** By how many MABs there are more. */
function growth(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { row, group }) => sum + (group === REMOVED ? 0 : 1) - (row < 0 ? 0 : 1), 0);
}

/** Where MABs differ; undefined where that is in so many places that all may be looked through. */
function placesOf(outcomes: readonly Outcome[]): Prefix[] | undefined {
  return outcomes.length > MOST_STRETCHES ? undefined : outermost(outcomes);
}

/** The prefixes that lie in no other one of them; they come in order. */
function outermost(outcomes: readonly Outcome[]): Prefix[] {
  const kept: Prefix[] = [];
  for (const { prefix } of outcomes) {
    const last = kept.at(-1);
    if (last === undefined || !prefixContains(last, prefix.family, prefix.hi, prefix.lo)) kept.push(prefix);
  }
  return kept;
}
