import { type Family, type Prefix, compareKeys, keyAfter, prefixLast } from "../../address/index.ts";
import { type ColumnMemory, freshMemory } from "./column-memory.ts";
import type { MovedRows } from "./moved-rows.ts";
import type { PrefixList } from "./prefix-list.ts";
import { NO_PREFIX, type SegmentColumns, firstLoOf } from "./segment-table.ts";

const MOST_DIRECTORY_BITS = 16;
/** A prefix in a prefix is longer: no more than that can be open at one time. */
const MOST_NESTED = 66;

/** Where the rows of a family are that an older list had. */
export interface OlderRows {
  /** The first of them. */
  readonly first: number;
  readonly moved: MovedRows;
}

/** An older table, and where nothing has changed in it: in what begins below one first word, and from another on. */
interface Unchanged {
  readonly old: SegmentColumns;
  readonly below: number;
  /** Undefined: all that is not below may have changed. */
  readonly above: number | undefined;
}

/**
 * Writes the segments of one family from the lowest key up: what the prefixes of a stretch of keys make, and what is
 * copied from an older table. Neighbours never have the same prefix.
 */
export class SegmentWriter {
  readonly #memory: ColumnMemory;
  readonly #family: Family;
  readonly #prefixes: PrefixList;
  /** Of the rows of this family. */
  readonly #firstRow: number;
  /** Keys of IPv4 have one word. */
  readonly #hasLo: boolean;
  readonly #firstHi: Uint32Array;
  readonly #firstLo: Uint32Array;
  readonly #prefix: Int32Array;
  /** Prefixes that begin before and end after what is being written, the innermost last, and their last keys. */
  readonly #open = new Int32Array(MOST_NESTED);
  readonly #lastHi = new Uint32Array(MOST_NESTED);
  readonly #lastLo = new Uint32Array(MOST_NESTED);
  readonly #last = { hi: 0, lo: 0 };
  #depth = 0;
  #count = 0;

  constructor(family: Family, prefixes: PrefixList, memory: ColumnMemory) {
    this.#memory = memory;
    this.#family = family;
    this.#prefixes = prefixes;
    this.#firstRow = prefixes.start(family);
    this.#hasLo = family === 6;
    const most = 2 * (prefixes.end(family) - prefixes.start(family)) + 1;
    // What is cut off at the end was never touched, and costs nothing.
    this.#firstHi = new Uint32Array(memory(4 * most), 0, most);
    this.#firstLo = this.#hasLo ? new Uint32Array(memory(4 * most), 0, most) : new Uint32Array();
    this.#prefix = new Int32Array(memory(4 * most), 0, most);
  }

  /** Begins a segment at a key. A later one at the same key takes the place of an earlier one, which would be empty. */
  cut(hi: number, lo: number, row: number): void {
    const prefix = this.#place(row);
    const last = this.#count - 1;
    if (last >= 0 && this.#firstHi[last] === hi && (!this.#hasLo || this.#firstLo[last] === lo)) this.#count--;
    if (this.#count > 0 && this.#prefix[this.#count - 1] === prefix) return;
    this.#firstHi[this.#count] = hi;
    if (this.#hasLo) this.#firstLo[this.#count] = lo;
    this.#prefix[this.#count++] = prefix;
  }

  /** Copies the first segments of an older table, whose prefixes lie before all that has changed, and so have the places that they had. */
  copyFirst(old: SegmentColumns, to: number): void {
    this.#firstHi.set(old.firstHi.subarray(0, to));
    if (this.#hasLo) this.#firstLo.set(old.firstLo.subarray(0, to));
    this.#prefix.set(old.prefix.subarray(0, to));
    this.#count = to;
  }

  /** Copies segments of an older table, whose prefixes have other rows now. */
  copy(old: SegmentColumns, from: number, to: number, rows: OlderRows): void {
    if (from >= to) return;
    this.cut(old.firstHi[from]!, firstLoOf(old, from), movedRow(old.prefix[from]!, rows));
    this.#firstHi.set(old.firstHi.subarray(from + 1, to), this.#count);
    if (this.#hasLo) this.#firstLo.set(old.firstLo.subarray(from + 1, to), this.#count);
    movePlaces(old.prefix.subarray(from + 1, to), rows, this.#firstRow, this.#prefix.subarray(this.#count));
    this.#count += to - from - 1;
  }

  /** Writes what some rows make, where the prefix in row `around` (or none) counts outside them. */
  sweep(first: number, end: number, around: number): void {
    const prefixes = this.#prefixes;
    for (let row = first; row < end; row++) {
      const hi = prefixes.hi(row);
      const lo = prefixes.lo(row);
      this.#closeBefore(hi, lo, around);
      this.#openRow(row);
      this.cut(hi, lo, row);
    }
    while (this.#depth > 0) this.#close(around);
  }

  /** `before`: the older table, whose directory is right below and above what has changed. */
  finish(before?: Unchanged): SegmentColumns {
    const count = this.#count;
    const firstHi = this.#firstHi.subarray(0, count);
    const firstLo = this.#firstLo.subarray(0, count);
    const bits = Math.min(MOST_DIRECTORY_BITS, Math.max(1, 32 - Math.clz32(count)));
    const shift = 32 - bits;
    return { family: this.#family, firstHi, firstLo, prefix: this.#prefix.subarray(0, count), directory: makeDirectory(firstHi, this.#hasLo ? firstLo : undefined, shift, this.#memory, before), shift };
  }

  #place(row: number): number {
    return row === NO_PREFIX ? NO_PREFIX : row - this.#firstRow;
  }

  #openRow(row: number): void {
    const { hi, lo } = this.#prefixes.last(row, this.#last);
    this.#open[this.#depth] = row;
    this.#lastHi[this.#depth] = hi;
    this.#lastLo[this.#depth++] = lo;
  }

  #closeBefore(hi: number, lo: number, around: number): void {
    while (this.#depth > 0 && compareKeys(this.#lastHi[this.#depth - 1]!, this.#lastLo[this.#depth - 1]!, hi, lo) < 0) this.#close(around);
  }

  /** Ends the innermost open prefix: from the key after it on, the one around it counts. */
  #close(around: number): void {
    const hi = this.#lastHi[--this.#depth]!;
    const lo = this.#lastLo[this.#depth]!;
    const next = this.#depth === 0 ? around : this.#open[this.#depth - 1]!;
    if (this.#family === 6 && lo !== 0xffffffff) this.cut(hi, lo + 1, next);
    else if (hi !== 0xffffffff) this.cut(hi + 1, 0, next);
  }
}

/** Flattens all prefixes of one family. */
export function makeSegments(family: Family, prefixes: PrefixList, memory = freshMemory): SegmentColumns {
  const writer = new SegmentWriter(family, prefixes, memory);
  writer.cut(0, 0, NO_PREFIX);
  writer.sweep(prefixes.start(family), prefixes.end(family), NO_PREFIX);
  return writer.finish();
}

/**
 * Flattens again what lies in changed stretches, and copies the rest. `changed`: prefixes that were added or removed, in order,
 * none inside another; `rows`: where the older list's rows are now.
 */
export function editSegments(old: SegmentColumns, prefixes: PrefixList, changed: readonly Prefix[], rows: OlderRows, memory = freshMemory): SegmentColumns {
  const writer = new SegmentWriter(old.family, prefixes, memory);
  let next = 0;
  for (const stretch of changed) {
    const { family, hi, lo, length } = stretch;
    const end = lowerBound(old, hi, lo);
    if (next === 0) writer.copyFirst(old, end);
    else writer.copy(old, next, end, rows);
    const around = prefixes.around(family, hi, lo, length);
    writer.cut(hi, lo, around);
    const after = keyAfter(family, prefixLast(stretch));
    writer.sweep(prefixes.firstAtOrAfter(family, hi, lo, length), after === undefined ? prefixes.end(family) : prefixes.firstAtOrAfter(family, after.hi, after.lo, 0), around);
    if (after === undefined) return writer.finish({ old, below: changed[0]!.hi, above: undefined });
    next = lowerBound(old, after.hi, after.lo);
    const isCutThere = next < old.prefix.length && old.firstHi[next] === after.hi && firstLoOf(old, next) === after.lo;
    if (!isCutThere) writer.cut(after.hi, after.lo, movedRow(old.prefix[next - 1]!, rows));
  }
  writer.copy(old, next, old.prefix.length, rows);
  return writer.finish({ old, below: changed[0]!.hi, above: keyAfter(old.family, prefixLast(changed.at(-1)!))!.hi });
}

/** The first segment that does not begin below a key. */
function lowerBound(columns: SegmentColumns, hi: number, lo: number): number {
  const { firstHi } = columns;
  let low = 0;
  let high = firstHi.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(firstHi[middle]!, firstLoOf(columns, middle), hi, lo) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function movedRow(place: number, { first, moved }: OlderRows): number {
  return place === NO_PREFIX ? NO_PREFIX : moved.now(first + place);
}

/** Places in the older table as places in the new one. Hundreds of thousands, in a loop that is seldom run often enough to be compiled well. */
function movePlaces(places: Int32Array, { first, moved }: OlderRows, firstRow: number, out: Int32Array): void {
  const count = places.length;
  for (let at = 0; at < count; at++) {
    const place = places[at]!;
    out[at] = place === NO_PREFIX ? NO_PREFIX : moved.now(first + place) - firstRow;
  }
}

/** By the first bits of a key: the segment that the first such key is in; at the end, the last segment. */
function makeDirectory(firstHi: Uint32Array, firstLo: Uint32Array | undefined, shift: number, memory: ColumnMemory, before?: Unchanged): Uint32Array {
  const entries = 2 ** (32 - shift) + 1;
  const directory = new Uint32Array(memory(4 * entries), 0, entries);
  const last = firstHi.length - 1;
  const isAlike = before !== undefined && before.old.shift === shift;
  const from = isAlike ? before.below >>> shift : 0;
  const to = isAlike && before.above !== undefined ? (before.above >>> shift) + 1 : entries - 1;
  if (isAlike) {
    const { directory: old, prefix } = before.old;
    directory.set(old.subarray(0, from));
    const more = last + 1 - prefix.length;
    for (let entry = to; entry < entries - 1; entry++) directory[entry] = old[entry]! + more;
  }
  const beginsWithZero = (one: number): boolean => firstLo === undefined || firstLo[one] === 0;
  let segment = from === 0 ? 0 : directory[from - 1]!;
  for (let entry = from; entry < to; entry++) {
    const start = (entry << shift) >>> 0;
    while (segment < last && (firstHi[segment + 1]! < start || (firstHi[segment + 1] === start && beginsWithZero(segment + 1)))) segment++;
    directory[entry] = segment;
  }
  directory[entries - 1] = last;
  return directory;
}
