import type { Family, Prefix } from "../../address/index.ts";
import { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { type ColumnMemory, freshMemory } from "../tables/column-memory.ts";
import { PrefixList } from "../tables/prefix-list.ts";
import { NO_PREFIX, type SegmentColumns } from "../tables/segment-table.ts";
import { type OlderRows, editSegments, makeSegments } from "../tables/segment-writer.ts";
import { Catalogue, type MabGroup, SET_SEPARATOR } from "./catalogue.ts";
import { CatalogueEdits } from "./catalogue-edits.ts";
import { CatalogueMerge, Outcomes, REMOVED } from "./catalogue-merge.ts";
import type { ServiceEntry } from "./catalogue-content.ts";

/** Beyond so many changes everything is made afresh. */
const MOST_STRETCHES = 1_000;

export type { ColumnMemory };

/**
 * Makes a catalogue from the one before and what has changed, at a cost in proportion to the change but for copying columns.
 * The result is the same, octet for octet, however one gets there.
 */
export class CatalogueEditor {
  readonly #base: Catalogue;
  readonly #memory: ColumnMemory;
  readonly #edits = new CatalogueEdits();
  /** By number: the sets that were edited, and the group of a MAB that is in that set alone. */
  readonly #sets: string[] = [];
  readonly #setNumbers = new Map<string, number>();
  readonly #groupOfSet: (number | undefined)[] = [];
  readonly #groupNames: string[];
  readonly #groupNumbers: Map<string, number>;

  /** `memory`: for the columns of what it makes. */
  constructor(base: Catalogue, memory = freshMemory) {
    this.#base = base;
    this.#memory = memory;
    this.#groupNames = base.groups.map(({ set }) => set);
    this.#groupNumbers = new Map(this.#groupNames.map((name, number) => [name, number]));
  }

  /** Lists MABs in a set. */
  add(set: string, mabs: Iterable<Prefix>): void {
    this.#edits.push(PackedPrefixes.of(mabs), this.#setNumber(set), true);
  }

  /** Lists MABs in a set no more. */
  remove(set: string, mabs: Iterable<Prefix>): void {
    this.#edits.push(PackedPrefixes.of(mabs), this.#setNumber(set), false);
  }

  /** `services` in order of their names; `servicesOf` names those of a set. The base itself where nothing has changed. */
  finish(services: readonly ServiceEntry[], servicesOf: (set: string) => readonly string[]): Catalogue {
    const base = this.#base;
    const outcomes = this.#outcomes();
    if (outcomes.size === 0 && services === base.services) return base;
    const { prefixes: columns, groupOf, moved } = new CatalogueMerge(base, outcomes, this.#memory);
    const prefixes = new PrefixList(columns);
    const groups = this.#settleGroups(groupOf, outcomes, services, servicesOf);
    const segments = (family: Family): SegmentColumns => this.#segments(family, prefixes, outcomes, { first: base.prefixes.start(family), moved });
    // Undefined where MABs differ in so many places that all may be looked through.
    const changed = outcomes.size > MOST_STRETCHES ? undefined : outcomes.outermost(MOST_STRETCHES);
    return new Catalogue({ prefixes: columns, groupOf, groups, services, ipv4: segments(4), ipv6: segments(6), edition: base.columns.edition + 1, changed });
  }

  #setNumber(set: string): number {
    const known = this.#setNumbers.get(set);
    if (known !== undefined) return known;
    this.#setNumbers.set(set, this.#sets.length);
    return this.#sets.push(set) - 1;
  }

  #outcomes(): Outcomes {
    const edits = this.#edits;
    const outcomes = new Outcomes(edits);
    const order = edits.inOrder();
    for (let first = 0, end; first < order.length; first = end) {
      const edit = order[first]!;
      end = first + 1;
      while (end < order.length && edits.compare(order[end]!, edit) === 0) end++;
      const row = this.#base.prefixes.find(edits.family(edit), edits.hi(edit), edits.lo(edit), edits.length(edit));
      const before = row < 0 ? REMOVED : this.#base.groupOf(row);
      const isPlain = row < 0 && end === first + 1 && edits.isAddition(edit);
      const group = isPlain ? this.#groupOfOne(edits.set(edit)) : this.#groupAfter(before, order.subarray(first, end));
      if (group !== before) outcomes.push(edit, row < 0 ? NO_PREFIX : row, group);
    }
    return outcomes;
  }

  #groupAfter(before: number, edits: Uint32Array): number {
    const sets = new Set(before === REMOVED ? [] : this.#groupNames[before]!.split(SET_SEPARATOR));
    for (const edit of edits) {
      const set = this.#sets[this.#edits.set(edit)]!;
      if (this.#edits.isAddition(edit)) sets.add(set);
      else sets.delete(set);
    }
    return sets.size === 0 ? REMOVED : this.#groupNumber([...sets].toSorted().join(SET_SEPARATOR));
  }

  #groupOfOne(set: number): number {
    return (this.#groupOfSet[set] ??= this.#groupNumber(this.#sets[set]!));
  }

  #groupNumber(name: string): number {
    const known = this.#groupNumbers.get(name);
    if (known !== undefined) return known;
    this.#groupNumbers.set(name, this.#groupNames.length);
    return this.#groupNames.push(name) - 1;
  }

  /** Numbers the groups that are in use by their names, so that equal catalogues look alike. */
  #settleGroups(groupOf: Uint32Array, outcomes: Outcomes, services: readonly ServiceEntry[], servicesOf: (set: string) => readonly string[]): readonly MabGroup[] {
    const unused = this.#unused(groupOf, outcomes);
    // Those of the base are in order.
    const isSettled = unused.size === 0 && this.#groupNames.length === this.#base.groups.length;
    const names = isSettled ? this.#groupNames : this.#groupNames.filter((_, group) => !unused.has(group)).toSorted();
    if (!isSettled) this.#renumber(groupOf, names);
    // A set is named after its services: it has no others than it had.
    if (isSettled && services === this.#base.services) return this.#base.groups;
    const serviceNumbers = new Map(services.map(({ name }, number) => [name, number]));
    return names.map((set) => {
      // Nearly all are one set with few services: there are hundreds, at each change.
      const served = set.includes(SET_SEPARATOR) ? set.split(SET_SEPARATOR).flatMap((one) => servicesOf(one)) : servicesOf(set);
      return { set, services: numbersOf(served, serviceNumbers) };
    });
  }

  #renumber(groupOf: Uint32Array, names: readonly string[]): void {
    const numbers = new Map(names.map((name, number) => [name, number]));
    const settled = Uint32Array.from(this.#groupNames, (name) => numbers.get(name) ?? 0);
    if (settled.some((after, before) => after !== before)) for (let row = 0; row < groupOf.length; row++) groupOf[row] = settled[groupOf[row]!]!;
  }

  /** Groups of which no MAB is left: only those that a MAB has left can be. */
  #unused(groupOf: Uint32Array, outcomes: Outcomes): Set<number> {
    const left = new Set<number>();
    for (let outcome = 0; outcome < outcomes.size; outcome++) if (outcomes.row[outcome] !== NO_PREFIX) left.add(this.#base.groupOf(outcomes.row[outcome]!));
    return new Set([...left].filter((group) => !groupOf.includes(group)));
  }

  /** Those of a family that has neither gained nor lost a MAB are shared. */
  #segments(family: Family, prefixes: PrefixList, outcomes: Outcomes, rows: OlderRows): SegmentColumns {
    const { columns } = this.#base;
    const base = family === 4 ? columns.ipv4 : columns.ipv6;
    const stretches = outcomes.outermost(MOST_STRETCHES, (outcome) => outcomes.isOfIpv6(outcome) === (family === 6) && outcomes.changesMabs(outcome));
    if (stretches === undefined) return makeSegments(family, prefixes, this.#memory);
    if (stretches.length === 0) return base;
    return editSegments(base, prefixes, stretches, rows, this.#memory);
  }
}

/** Ascending, each once; without names that have no number. */
function numbersOf(names: readonly string[], numbers: ReadonlyMap<string, number>): number[] {
  const found: number[] = [];
  for (const name of names) {
    const number = numbers.get(name);
    if (number !== undefined && !found.includes(number)) found.push(number);
  }
  return found.toSorted((a, b) => a - b);
}
