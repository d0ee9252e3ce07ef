import { type Family, type IpAddress, type Key, type Prefix, type Range, compareKeys, formatWords } from "../address/index.ts";
import { type MabMapping, MappingStore } from "../core/mapping/mapping-store.ts";
import { NO_PREFIX } from "../core/tables/segment-table.ts";
import { MabTable } from "../core/mabs/mab-table.ts";
import { MappingBody, ResultCode } from "../wire/index.ts";

/** What is remembered of each key: more than can change while anybody may still use the old. */
const STATES_KEPT = 64;

/** An address that the world asks for, and what was ever true of it, the latest last. */
export interface Watched {
  readonly index: number;
  readonly family: Family;
  readonly hi: number;
  readonly lo: number;
  /** Its MAB's number, NO_PREFIX for none. */
  readonly mab: number;
  readonly states: State[];
}

/** The mapping of a key from one change of its MAB to the next one that touches it. */
export interface State {
  readonly result: number;
  readonly firstHi: number;
  readonly firstLo: number;
  readonly lastHi: number;
  readonly lastLo: number;
  readonly etr0: number;
  readonly etr1: number;
  readonly etr2: number;
  readonly etr3: number;
  /** Position of the MAB with which it began, and with which it was over. */
  readonly from: number;
  until: number;
  /** Virtual microseconds. */
  readonly since: number;
  endedAt: number;
}

/** One change of mapping, as every QSA of the MAB will apply it. */
export interface Change {
  readonly number: number;
  readonly at: number;
  readonly mab: number;
  readonly position: number;
  readonly range: Range;
  readonly etr: IpAddress | null;
  /** The watched keys whose mapping it changed. */
  readonly keys: readonly Watched[];
}

/** The mapping stores of all MABOCs in one: what is true now, and what was true of the watched keys before. */
export class Truth {
  readonly mabs: readonly Prefix[];
  readonly keys: readonly Watched[];
  readonly store: MappingStore;
  changes = 0;
  readonly #table: MabTable;
  readonly #positions: Float64Array;
  readonly #byMab: Watched[][];
  /** Where the keys are, in their order: family and both halves of each. */
  readonly #places: Uint32Array;
  readonly #body = new MappingBody();
  /** When each MAB came to each position, from the one it began with. */
  readonly #history: { readonly first: number; readonly at: number[] }[];

  constructor(now: number, mapping: readonly MabMapping[], keys: readonly { family: Family; hi: number; lo: number }[]) {
    this.mabs = mapping.map(({ prefix }) => prefix);
    this.store = new MappingStore(mapping);
    this.#table = new MabTable(this.mabs);
    this.#positions = Float64Array.from(mapping, ({ position }) => position);
    const ordered = keys.toSorted((a, b) => a.family - b.family || compareKeys(a.hi, a.lo, b.hi, b.lo));
    this.keys = ordered.map(({ family, hi, lo }, index) => ({ family, hi, lo, index, mab: this.#table.match(family, hi, lo), states: [] }));
    this.#places = Uint32Array.from(this.keys.flatMap(({ family, hi, lo }) => [family, hi, lo]));
    this.#history = mapping.map(({ position }) => ({ first: position, at: [now] }));
    this.#byMab = mapping.map((_, mab) => this.keys.filter((key) => key.mab === mab));
    for (const key of this.keys) this.#note(now, key, 0);
  }

  change(now: number, range: Range, etr: IpAddress | null): Change {
    const mab = this.mabOf(range.family, range.first);
    const { flushed } = this.store.change(range, etr);
    const position = ++this.#positions[mab]!;
    this.#history[mab]!.at.push(now);
    const touched = this.#byMab[mab]!.filter((key) => flushed.some((part) => contains(part, key)) && this.#note(now, key, position));
    return { number: this.changes++, at: now, mab, position, range, etr, keys: touched };
  }

  mabOf(family: Family, { hi, lo }: Key): number {
    return this.#table.match(family, hi, lo);
  }

  /** When the MAB around a key came to a position; undefined for one it had at the beginning or never. */
  changedAt(family: Family, key: Key, position: number): number | undefined {
    const { first, at } = this.#history[this.mabOf(family, key)] ?? { first: 0, at: [] };
    return position > first ? at[position - first] : undefined;
  }

  keysOf(mab: number): readonly Watched[] {
    return this.#byMab[mab]!;
  }

  /** The place among the keys of the first one that is not before a range; go on while `isIn`. */
  firstFrom({ family, firstHi, firstLo }: MappingBody): number {
    const places = this.#places;
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = middle * 3;
      const isBefore = (places[at]! - family || places[at + 1]! - firstHi || places[at + 2]! - firstLo) < 0;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether a place, from `firstFrom` on, is that of a key in the range. */
  isIn(place: number, { family, lastHi, lastLo }: MappingBody): boolean {
    if (place === this.keys.length) return false;
    const places = this.#places;
    const at = place * 3;
    return places[at] === family && (places[at + 1]! - lastHi || places[at + 2]! - lastLo) <= 0;
  }

  /** What was true of a key when an answer was: undefined when it never was. */
  stateOf(key: Watched, result: number, body: MappingBody): State | undefined {
    const version = numberOf(body);
    for (let at = key.states.length - 1; at >= 0; at--) {
      const state = key.states[at]!;
      if (isSame(state, result, body) && isAt(state, version)) return state;
    }
    return undefined;
  }

  current(key: Watched): State {
    return key.states.at(-1)!;
  }

  /** Begins a new state of a key where a change has touched it. */
  #note(now: number, key: Watched, position: number): boolean {
    const body = this.#body;
    const isInMab = key.mab !== NO_PREFIX;
    const result = isInMab ? this.store.lookUp(key.family, key.hi, key.lo, body) : ResultCode.notInAnyMab;
    const before = key.states.at(-1);
    const isMapping = result === ResultCode.mapping;
    const from = isMapping ? numberOf(body) : position;
    if (before !== undefined && (!isInMab || (isSame(before, result, body) && (!isMapping || before.from === from)))) return false;
    if (before !== undefined) {
      before.until = position;
      before.endedAt = now;
    }
    key.states.push({
      result,
      firstHi: isInMab ? body.firstHi : key.hi,
      firstLo: isInMab ? body.firstLo : key.lo,
      lastHi: isInMab ? body.lastHi : key.hi,
      lastLo: isInMab ? body.lastLo : key.lo,
      etr0: isMapping ? body.etr0 : 0,
      etr1: isMapping ? body.etr1 : 0,
      etr2: isMapping ? body.etr2 : 0,
      etr3: isMapping ? body.etr3 : 0,
      from,
      until: Infinity,
      since: now,
      endedAt: Infinity,
    });
    if (key.states.length > STATES_KEPT) key.states.shift();
    return true;
  }
}

function contains({ family, first, last }: Range, key: Watched): boolean {
  return key.family === family && compareKeys(first.hi, first.lo, key.hi, key.lo) <= 0 && compareKeys(key.hi, key.lo, last.hi, last.lo) <= 0;
}

export function nameOf({ family, hi, lo }: { readonly family: Family; readonly hi: number; readonly lo: number }): string {
  return formatWords(family, hi, lo, 0, 0);
}

export function numberOf({ versionHi, versionLo }: MappingBody): number {
  return versionHi * 2 ** 32 + versionLo;
}

/** Mapping has the number of the change that made it; a gap that of its MAB when it was asked for. */
function isAt(state: State, version: number): boolean {
  if (state.result === ResultCode.notInAnyMab) return true;
  return state.result === ResultCode.mapping ? version === state.from : version >= state.from && version < state.until;
}

function isSame(state: State, result: number, body: MappingBody): boolean {
  if (state.result !== result) return false;
  // A gap that grows or shrinks elsewhere is still one here.
  if (result !== ResultCode.mapping) return true;
  if (state.firstHi !== body.firstHi || state.firstLo !== body.firstLo || state.lastHi !== body.lastHi || state.lastLo !== body.lastLo) return false;
  return state.etr0 === body.etr0 && state.etr1 === body.etr1 && state.etr2 === body.etr2 && state.etr3 === body.etr3;
}
