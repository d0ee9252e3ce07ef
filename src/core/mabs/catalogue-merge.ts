import { type Prefix, prefixContains } from "../../address/index.ts";
import type { ColumnMemory } from "../tables/column-memory.ts";
import { MovedRows } from "../tables/moved-rows.ts";
import { type PrefixColumns, newPrefixColumns } from "../tables/prefix-list.ts";
import { NO_PREFIX } from "../tables/segment-table.ts";
import { type Catalogue, newGroupColumn } from "./catalogue.ts";
import type { CatalogueEdits } from "./catalogue-edits.ts";

/** In place of the group of a MAB that is gone, or was not there. */
export const REMOVED = -1;

/** What becomes of MABs that were edited, in order of their prefixes; those that stay as they are left out. */
export class Outcomes {
  readonly edits: CatalogueEdits;
  /** One of its edits. */
  readonly edit: Uint32Array;
  /** In the catalogue before, or NO_PREFIX. */
  readonly row: Int32Array;
  /** The number of its group now, or REMOVED. */
  readonly group: Int32Array;
  size = 0;

  constructor(edits: CatalogueEdits) {
    this.edits = edits;
    this.edit = new Uint32Array(edits.size);
    this.row = new Int32Array(edits.size);
    this.group = new Int32Array(edits.size);
  }

  push(edit: number, row: number, group: number): void {
    this.edit[this.size] = edit;
    this.row[this.size] = row;
    this.group[this.size++] = group;
  }

  isOfIpv6(outcome: number): boolean {
    return this.edits.family(this.edit[outcome]!) === 6;
  }

  /** Whether a MAB has come or gone. */
  changesMabs(outcome: number): boolean {
    return this.row[outcome] === NO_PREFIX || this.group[outcome] === REMOVED;
  }

  /** By how many MABs there are more. */
  growth(isCounted: (outcome: number) => boolean = () => true): number {
    let growth = 0;
    for (let outcome = 0; outcome < this.size; outcome++) {
      if (isCounted(outcome)) growth += (this.group[outcome] === REMOVED ? 0 : 1) - (this.row[outcome] === NO_PREFIX ? 0 : 1);
    }
    return growth;
  }

  /** The prefixes of these that lie in no other one of them; undefined where they are more than `most`. */
  outermost(most: number, isWanted: (outcome: number) => boolean = () => true): Prefix[] | undefined {
    const kept: Prefix[] = [];
    for (let outcome = 0; outcome < this.size; outcome++) {
      if (!isWanted(outcome)) continue;
      const edit = this.edit[outcome]!;
      const last = kept.at(-1);
      if (last !== undefined && prefixContains(last, this.edits.family(edit), this.edits.hi(edit), this.edits.lo(edit))) continue;
      if (kept.length === most) return undefined;
      kept.push(this.edits.prefix(edit));
    }
    return kept;
  }
}

/** Columns of a catalogue being copied, with rows put in and left out. */
export class CatalogueMerge {
  readonly prefixes: PrefixColumns;
  readonly groupOf: Uint32Array;
  /** Where the base's rows went. */
  readonly moved = new MovedRows();
  readonly #base: Catalogue;
  #from = 0;
  #to = 0;

  constructor(base: Catalogue, outcomes: Outcomes, memory: ColumnMemory) {
    this.#base = base;
    const size = base.size + outcomes.growth();
    this.prefixes = newPrefixColumns(size, base.prefixes.columns.ipv4 + outcomes.growth((outcome) => !outcomes.isOfIpv6(outcome)), memory);
    this.groupOf = newGroupColumn(size, memory);
    for (let outcome = 0; outcome < outcomes.size; outcome++) this.#take(outcomes, outcome);
    this.#copyTo(base.size);
  }

  #take(outcomes: Outcomes, outcome: number): void {
    const { edits, edit: editOf, row: rowOf, group: groupOf } = outcomes;
    const edit = editOf[outcome]!;
    const row = rowOf[outcome]!;
    const group = groupOf[outcome]!;
    this.#copyTo(row === NO_PREFIX ? this.#base.prefixes.firstAtOrAfter(edits.family(edit), edits.hi(edit), edits.lo(edit), edits.length(edit)) : row);
    if (group === REMOVED) this.moved.without(row);
    if (row !== NO_PREFIX) this.#from++;
    if (group !== REMOVED) this.#put(edits, edit, group);
    if (outcomes.changesMabs(outcome)) this.moved.from(this.#from, this.#to - this.#from);
  }

  /** Copies the rows of the base up to this one. */
  #copyTo(end: number): void {
    if (end === this.#from) return;
    const { prefixes, groupOf } = this.#base.columns;
    this.prefixes.hi.set(prefixes.hi.subarray(this.#from, end), this.#to);
    const ipv6 = Math.max(this.#from, prefixes.ipv4);
    if (ipv6 < end) this.prefixes.lo.set(prefixes.lo.subarray(ipv6 - prefixes.ipv4, end - prefixes.ipv4), this.#to + ipv6 - this.#from - this.prefixes.ipv4);
    this.prefixes.lengths.set(prefixes.lengths.subarray(this.#from, end), this.#to);
    this.groupOf.set(groupOf.subarray(this.#from, end), this.#to);
    this.#to += end - this.#from;
    this.#from = end;
  }

  #put(edits: CatalogueEdits, edit: number, group: number): void {
    this.prefixes.hi[this.#to] = edits.hi(edit);
    if (edits.family(edit) === 6) this.prefixes.lo[this.#to - this.prefixes.ipv4] = edits.lo(edit);
    this.prefixes.lengths[this.#to] = edits.length(edit);
    this.groupOf[this.#to++] = group;
  }
}
