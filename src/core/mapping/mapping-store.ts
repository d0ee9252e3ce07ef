import {
  type Family,
  type IpAddress,
  type Key,
  type Prefix,
  type Range,
  compareKeys,
  formatPrefix,
  formatRange,
  keyAfter,
  keyBefore,
} from "../../address/index.ts";
import { type MappingBody, ResultCode } from "../../wire/index.ts";
import type { NumberedChange } from "./change-line.ts";
import { MabTable } from "../mabs/mab-table.ts";
import { type Micronet, MicronetTable } from "./micronet-table.ts";
import { NONE, RangeIndex } from "../tables/range-index.ts";
import { NO_PREFIX, Segment } from "../tables/segment-table.ts";
import { MappingError } from "./mapping-error.ts";

/** The mapping of one MAB, as a mapping file holds it. */
export interface MabMapping {
  readonly prefix: Prefix;
  /** Raised when the store behind it is taken over or restored. */
  readonly lineage: number;
  /** Number of the last change applied. */
  readonly position: number;
  readonly micronets: readonly Micronet[];
}

/** One micronet after a change; `etr` is null where there is none any more. */
export interface MappingChange {
  readonly range: Range;
  readonly etr: IpAddress | null;
  readonly version: number;
}

/** What a change did: the MAB it was in, the ranges to flush from caches, and what stands there now. */
export interface ChangeReport {
  readonly mab: Prefix;
  readonly range: Range;
  readonly etr: IpAddress | null;
  readonly flushed: readonly Range[];
  readonly changes: readonly MappingChange[];
}

/** All the mapping a QSA is authoritative for: its MABs, their micronets, and the number of the last change of each MAB. */
export class MappingStore {
  /** Its own MABs first, then those that are elsewhere. */
  readonly #mabs: MabTable;
  readonly #own: number;
  readonly #lineage: Uint32Array;
  readonly #position: Float64Array;
  readonly #rows = new MicronetTable();
  readonly #ipv4 = new RangeIndex(false);
  readonly #ipv6 = new RangeIndex(true);
  readonly #segment = new Segment();
  /** Of its own MABs, by their text: for replays, of which there may be many. */
  #numbers: Map<string, number> | undefined;

  /** `elsewhere`: longer MABs inside these that others answer for. Throws MappingError when two MABs are the same or micronets overlap. */
  constructor(mabs: readonly MabMapping[], elsewhere: readonly Prefix[] = []) {
    this.#own = mabs.length;
    this.#mabs = new MabTable(distinct([...mabs.map(({ prefix }) => prefix), ...elsewhere]));
    this.#lineage = Uint32Array.from(mabs, (mab) => mab.lineage);
    this.#position = Float64Array.from(mabs, (mab) => mab.position);
    for (const mab of mabs) {
      for (const micronet of mab.micronets) this.#file(micronet);
    }
  }

  get mabs(): readonly Prefix[] {
    return this.#mabs.prefixes.slice(0, this.#own);
  }

  get micronets(): number {
    return this.#rows.size;
  }

  /** Fills `body` with the mapping of a key, or with the gap around it, and gives the result code. */
  lookUp(family: Family, hi: number, lo: number, body: MappingBody): number {
    const segment = this.#segment;
    this.#mabs.find(family, hi, lo, segment);
    if (segment.prefix === NO_PREFIX || segment.prefix >= this.#own) return ResultCode.notAuthoritative;
    body.family = family;
    body.prefixLength = this.#mabs.prefixes[segment.prefix]!.length;
    this.#fillPosition(segment.prefix, body);
    body.versionLineage = body.positionLineage;
    const row = this.#around(family, hi, lo);
    if (row !== NONE) {
      this.#fillMapping(row, body);
      return ResultCode.mapping;
    }
    this.#fillGap(family, hi, lo, segment, body);
    return ResultCode.negative;
  }

  /** Fills in the position of the MAB that a body's range lies in, as it is now. */
  fillPosition(body: MappingBody): void {
    this.#fillPosition(this.#mabs.match(body.family as Family, body.firstHi, body.firstLo), body);
  }

  /** Whether a key is in a MAB of this store. */
  serves(family: Family, { hi, lo }: Key): boolean {
    const mab = this.#mabs.match(family, hi, lo);
    return mab !== NO_PREFIX && mab < this.#own;
  }

  /**
   * Maps a range to an ETR, or to nothing (null). Micronets it cuts keep what is left of them. It must lie in one MAB, and
   * touch no MAB inside that. Throws MappingError.
   */
  change(range: Range, etr: IpAddress | null): ChangeReport {
    const mab = this.#mabOf(range);
    const version = ++this.#position[mab]!;
    const same = this.#rowFor(range);
    if (same !== NONE && etr !== null) {
      this.#rows.setMapping(same, etr, version);
      return { mab: this.#mabs.prefixes[mab]!, range, etr, flushed: [range], changes: [{ range, etr, version }] };
    }
    const overlapped = this.#overlapping(range);
    const changes: MappingChange[] = [];
    const flushed: Range[] = [];
    for (const micronet of overlapped) {
      this.#remove(micronet);
      flushed.push(micronet.range);
      addRemainders(changes, micronet, range, version);
    }
    changes.push({ range, etr, version });
    flushed.push(range);
    for (const { range: rest, etr: present } of changes) if (present !== null) this.#add(rest, present, version);
    return { mab: this.#mabs.prefixes[mab]!, range, etr, flushed, changes };
  }

  /** The change that `change` would make of this. Throws MappingError where it could not. */
  plan(range: Range, etr: IpAddress | null): NumberedChange {
    const mab = this.#mabOf(range);
    return { mab: this.#mabs.prefixes[mab]!, lineage: this.#lineage[mab]!, number: this.#position[mab]! + 1, range, etr };
  }

  /** Makes a change again that was made before, unless it is in here already. Throws MappingError where changes before it are missing. */
  replay(change: NumberedChange): void {
    this.#numbers ??= new Map(this.mabs.map((prefix, index) => [formatPrefix(prefix), index]));
    const mab = this.#numbers.get(formatPrefix(change.mab));
    if (mab === undefined || change.lineage < this.#lineage[mab]! || (change.lineage === this.#lineage[mab]! && change.number <= this.#position[mab]!)) return;
    const here = `${this.#lineage[mab]!}.${this.#position[mab]!}`;
    if (change.lineage !== this.#lineage[mab]! || change.number !== this.#position[mab]! + 1) {
      throw new MappingError(`${formatPrefix(change.mab)} is at ${here} in the mapping files, and the next change kept is ${change.lineage}.${change.number}: changes are missing; if the files are right, raise their lineage`);
    }
    if (this.#mabOf(change.range) !== mab) {
      throw new MappingError(`${formatRange(change.range)} was in ${formatPrefix(change.mab)} when it was changed (${change.lineage}.${change.number}), and is in another MAB of the mapping files: if they are right, raise the lineage of ${formatPrefix(change.mab)}`);
    }
    this.change(change.range, change.etr);
  }

  #mabOf(range: Range): number {
    const segment = this.#segment;
    this.#mabs.find(range.family, range.first.hi, range.first.lo, segment);
    if (segment.prefix === NO_PREFIX || segment.prefix >= this.#own) throw new MappingError(`${formatRange(range)} is in no MAB of this server`);
    if (compareKeys(range.last.hi, range.last.lo, segment.lastHi, segment.lastLo) > 0) {
      throw new MappingError(`${formatRange(range)} reaches beyond ${formatPrefix(this.#mabs.prefixes[segment.prefix]!)}, or into a MAB inside it`);
    }
    return segment.prefix;
  }

  /** The row of the micronet that has exactly this range; NONE where there is none. */
  #rowFor({ family, first, last }: Range): number {
    const rows = this.#rows;
    const row = this.#around(family, first.hi, first.lo);
    if (row === NONE || rows.firstHi(row) !== first.hi || rows.firstLo(row) !== first.lo) return NONE;
    return rows.lastHi(row) === last.hi && rows.lastLo(row) === last.lo ? row : NONE;
  }

  #overlapping(range: Range): Micronet[] {
    const found: Micronet[] = [];
    const index = this.#index(range.family);
    let row = this.#around(range.family, range.first.hi, range.first.lo);
    if (row === NONE) row = index.above(range.first.hi, range.first.lo);
    while (row !== NONE && compareKeys(this.#rows.firstHi(row), this.#rows.firstLo(row), range.last.hi, range.last.lo) <= 0) {
      found.push(this.#rows.read(row, range.family));
      row = index.above(this.#rows.firstHi(row), this.#rows.firstLo(row));
    }
    return found;
  }

  /** Adds a micronet of a mapping file. Throws MappingError when it overlaps another, or lies in no MAB of this store. */
  #file({ range, etr, version }: Micronet): void {
    const clash = this.#overlapping(range)[0];
    if (clash !== undefined) {
      throw new MappingError(`micronets ${formatRange(clash.range)} and ${formatRange(range)} overlap`);
    }
    this.#mabOf(range);
    this.#add(range, etr, version);
  }

  /** Adds a micronet where there is none. */
  #add(range: Range, etr: IpAddress, version: number): void {
    this.#index(range.family).insert(range.first.hi, range.first.lo, this.#rows.add(range, etr, version));
  }

  #remove({ range }: Micronet): void {
    const { hi, lo } = range.first;
    const index = this.#index(range.family);
    this.#rows.remove(index.floor(hi, lo));
    index.remove(hi, lo);
  }

  #around(family: Family, hi: number, lo: number): number {
    const row = this.#index(family).floor(hi, lo);
    return row !== NONE && compareKeys(hi, lo, this.#rows.lastHi(row), this.#rows.lastLo(row)) <= 0 ? row : NONE;
  }

  #fillPosition(mab: number, body: MappingBody): void {
    const position = this.#position[mab]!;
    body.positionLineage = this.#lineage[mab]!;
    body.positionHi = Math.floor(position / 2 ** 32);
    body.positionLo = position >>> 0;
  }

  #fillMapping(row: number, body: MappingBody): void {
    const rows = this.#rows;
    body.firstHi = rows.firstHi(row);
    body.firstLo = rows.firstLo(row);
    body.lastHi = rows.lastHi(row);
    body.lastLo = rows.lastLo(row);
    body.versionHi = rows.versionHi(row);
    body.versionLo = rows.versionLo(row);
    body.etrFamily = rows.etrFamily(row);
    body.etr0 = rows.etrWord(row, 0);
    body.etr1 = rows.etrWord(row, 1);
    body.etr2 = rows.etrWord(row, 2);
    body.etr3 = rows.etrWord(row, 3);
  }

  /** The keys around this one up to the next micronets, or to where the longest match ends. The gap is as new as the MAB. */
  #fillGap(family: Family, hi: number, lo: number, segment: Segment, body: MappingBody): void {
    const index = this.#index(family);
    const below = index.floor(hi, lo);
    const above = index.above(hi, lo);
    const start = below === NONE ? undefined : keyAfter(family, { hi: this.#rows.lastHi(below), lo: this.#rows.lastLo(below) });
    const end = above === NONE ? undefined : keyBefore(family, { hi: this.#rows.firstHi(above), lo: this.#rows.firstLo(above) });
    const startsInside = start !== undefined && compareKeys(start.hi, start.lo, segment.firstHi, segment.firstLo) > 0;
    const endsInside = end !== undefined && compareKeys(end.hi, end.lo, segment.lastHi, segment.lastLo) < 0;
    body.firstHi = startsInside ? start.hi : segment.firstHi;
    body.firstLo = startsInside ? start.lo : segment.firstLo;
    body.lastHi = endsInside ? end.hi : segment.lastHi;
    body.lastLo = endsInside ? end.lo : segment.lastLo;
    body.versionHi = body.positionHi;
    body.versionLo = body.positionLo;
    body.etrFamily = 0;
    body.etr0 = 0;
    body.etr1 = 0;
    body.etr2 = 0;
    body.etr3 = 0;
  }

  #index(family: Family): RangeIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}

function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  const seen = new Set<string>();
  for (const prefix of prefixes) {
    const text = formatPrefix(prefix);
    if (seen.has(text)) throw new MappingError(`MAB ${text} is listed twice`);
    seen.add(text);
  }
  return prefixes;
}

/** Adds what is left of a micronet on either side of a range, with its mapping, as changed by this change. */
function addRemainders(changes: MappingChange[], { range, etr }: Micronet, taken: Range, version: number): void {
  const { family, first, last } = range;
  if (compareKeys(first.hi, first.lo, taken.first.hi, taken.first.lo) < 0) {
    changes.push({ range: { family, first, last: keyBefore(family, taken.first)! }, etr, version });
  }
  if (compareKeys(taken.last.hi, taken.last.lo, last.hi, last.lo) < 0) {
    changes.push({ range: { family, first: keyAfter(family, taken.last)!, last }, etr, version });
  }
}
