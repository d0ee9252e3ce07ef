import { type Family, compareKeys, prefixAround, prefixLast } from "../../address/index.ts";
import { remainingMs } from "../clock.ts";
import { NONE, RangeIndex } from "../tables/range-index.ts";
import { Slots } from "../tables/slots.ts";
import type { Version } from "../version.ts";

/** How long a floor is kept: the longest caching time (docs/protocol.md section 7.6). */
const KEPT_MS = 3_600_000;

const WIDTH = 9;
const FIRST_HI = 0;
const FIRST_LO = 1;
const LAST_HI = 2;
const LAST_LO = 3;
const LINEAGE = 4;
const NUMBER_HI = 5;
const NUMBER_LO = 6;
const EXPIRY = 7;
/** Of the MAB: family and prefix length; zero in a row that is free. */
const SHAPE = 8;

const IPV4_LENGTHS = 33;
const IPV6_LENGTHS = 65;

/** So many are forgotten one by one. */
const FEW = 128;

/** A range of keys while floors are joined. */
interface Span {
  firstHi: number;
  firstLo: number;
  lastHi: number;
  lastLo: number;
}

/**
 * The lowest position from which an answer is taken, for ranges that were flushed or replaced: so nobody goes back in
 * version (docs/protocol.md section 7.6). Positions of one MAB say nothing of a longer one inside it, so each has floors of its own,
 * told apart by prefix length. Floors of a MAB that overlap are joined into one, the highest; when there is no room for another,
 * those of its MAB become one. That refuses more than it must, never less.
 */
export class Floors {
  /** Floors given up because even one for each MAB did not fit. */
  lost = 0;
  #words: Uint32Array;
  #slots: Slots;
  /** By family and prefix length, from when there is a floor. */
  readonly #indexes: (RangeIndex | undefined)[] = noIndexes();
  readonly #span: Span = { firstHi: 0, firstLo: 0, lastHi: 0, lastLo: 0 };
  #hand = 0;

  constructor(capacity: number) {
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#slots = new Slots(capacity);
  }

  get size(): number {
    return this.#slots.taken;
  }

  /** Rows at or above this number are empty. */
  get highWater(): number {
    return this.#slots.highWater;
  }

  /** Raises the floor of a range inside a MAB of this prefix length to `version`, which is changed. */
  raise(nowMs: number, family: Family, prefixLength: number, firstHi: number, firstLo: number, lastHi: number, lastLo: number, version: Version): void {
    if (version.isZero) return;
    const span = this.#span;
    span.firstHi = firstHi;
    span.firstLo = firstLo;
    span.lastHi = lastHi;
    span.lastLo = lastLo;
    const index = this.#indexOf(family, prefixLength);
    if (this.#raiseInPlace(nowMs, index, span, version)) return;
    this.#absorb(nowMs, index, span, version);
    if (this.#slots.available === 0) {
      widen(span, family, prefixLength);
      this.#absorb(nowMs, index, span, version);
    }
    if (this.#slots.available === 0) this.#giveOneUp();
    index.insert(span.firstHi, span.firstLo, this.#add(nowMs, (family << 8) | prefixLength, span, version));
  }

  /** Raises `out` to the highest floor of any key in a range inside a MAB of this prefix length. */
  over(nowMs: number, family: Family, prefixLength: number, firstHi: number, firstLo: number, lastHi: number, lastLo: number, out: Version): void {
    const index = this.#indexOf(family, prefixLength);
    let row = this.#overlapping(index, firstHi, firstLo, lastHi, lastLo);
    while (row !== NONE) {
      const at = row * WIDTH;
      const words = this.#words;
      if (remainingMs(words[at + EXPIRY]!, nowMs) > 0) out.raise(words[at + LINEAGE]!, words[at + NUMBER_HI]!, words[at + NUMBER_LO]!);
      if (compareKeys(words[at + LAST_HI]!, words[at + LAST_LO]!, lastHi, lastLo) >= 0) return;
      row = index.above(words[at + FIRST_HI]!, words[at + FIRST_LO]!);
      if (row !== NONE && compareKeys(words[row * WIDTH + FIRST_HI]!, words[row * WIDTH + FIRST_LO]!, lastHi, lastLo) > 0) return;
    }
  }

  /** Forgets those whose time is up, among at most `steps` rows looked at, going round. */
  sweep(nowMs: number, steps: number): void {
    const { highWater } = this.#slots;
    let left = Math.min(steps, highWater);
    while (left > 0 && this.size > 0) {
      const first = this.#hand;
      const end = Math.min(first + left, highWater);
      const row = this.#nextOver(first, end, nowMs);
      if (row < end) this.#remove(row);
      const next = Math.min(row + 1, end);
      left -= next - first;
      this.#hand = next === highWater ? 0 : next;
    }
  }

  /** Forgets all. Where they are many, fresh memory takes no time. */
  clear(): void {
    if (this.size <= FEW) {
      for (let row = 0; row < this.#slots.highWater; row++) if (this.#words[row * WIDTH + SHAPE] !== 0) this.#remove(row);
      return;
    }
    this.#words = new Uint32Array(this.#words.length);
    this.#slots = new Slots(this.#words.length / WIDTH);
    this.#indexes.fill(undefined);
    this.#hand = 0;
  }

  /**
   * Raises the floor whose range a span is the whole or a part of; false where there is none. What changes once mostly changes again. One that
   * is over has no say in more than its own range.
   */
  #raiseInPlace(nowMs: number, index: RangeIndex, { firstHi, firstLo, lastHi, lastLo }: Span, version: Version): boolean {
    const row = index.floor(firstHi, firstLo);
    if (row === NONE) return false;
    const at = row * WIDTH;
    const words = this.#words;
    if (compareKeys(words[at + LAST_HI]!, words[at + LAST_LO]!, lastHi, lastLo) < 0) return false;
    if (remainingMs(words[at + EXPIRY]!, nowMs) > 0) version.raise(words[at + LINEAGE]!, words[at + NUMBER_HI]!, words[at + NUMBER_LO]!);
    else if (words[at + FIRST_HI] !== firstHi || words[at + FIRST_LO] !== firstLo || words[at + LAST_HI] !== lastHi || words[at + LAST_LO] !== lastLo) return false;
    this.#setVersion(nowMs, row, version);
    return true;
  }

  /** Takes out all floors that overlap a span, which grows by them, as the version does. */
  #absorb(nowMs: number, index: RangeIndex, span: Span, version: Version): void {
    for (;;) {
      const row = this.#overlapping(index, span.firstHi, span.firstLo, span.lastHi, span.lastLo);
      if (row === NONE) return;
      if (remainingMs(this.#words[row * WIDTH + EXPIRY]!, nowMs) > 0) this.#join(row, span, version);
      this.#remove(row);
    }
  }

  #join(row: number, span: Span, version: Version): void {
    const at = row * WIDTH;
    const words = this.#words;
    version.raise(words[at + LINEAGE]!, words[at + NUMBER_HI]!, words[at + NUMBER_LO]!);
    if (compareKeys(words[at + FIRST_HI]!, words[at + FIRST_LO]!, span.firstHi, span.firstLo) < 0) {
      span.firstHi = words[at + FIRST_HI]!;
      span.firstLo = words[at + FIRST_LO]!;
    }
    if (compareKeys(words[at + LAST_HI]!, words[at + LAST_LO]!, span.lastHi, span.lastLo) > 0) {
      span.lastHi = words[at + LAST_HI]!;
      span.lastLo = words[at + LAST_LO]!;
    }
  }

  #add(nowMs: number, shape: number, span: Span, version: Version): number {
    const row = this.#slots.take();
    const at = row * WIDTH;
    const words = this.#words;
    words[at + FIRST_HI] = span.firstHi;
    words[at + FIRST_LO] = span.firstLo;
    words[at + LAST_HI] = span.lastHi;
    words[at + LAST_LO] = span.lastLo;
    words[at + SHAPE] = shape;
    this.#setVersion(nowMs, row, version);
    return row;
  }

  #setVersion(nowMs: number, row: number, { lineage, hi, lo }: Version): void {
    const at = row * WIDTH;
    const words = this.#words;
    words[at + LINEAGE] = lineage;
    words[at + NUMBER_HI] = hi;
    words[at + NUMBER_LO] = lo;
    words[at + EXPIRY] = nowMs + KEPT_MS;
  }

  #giveOneUp(): void {
    let row = this.#advance();
    while (this.#words[row * WIDTH + SHAPE] === 0) row = this.#advance();
    this.#remove(row);
    this.lost++;
  }

  #remove(row: number): void {
    const at = row * WIDTH;
    const shape = this.#words[at + SHAPE]!;
    this.#indexOf(shape >> 8 === 4 ? 4 : 6, shape & 0xff).remove(this.#words[at + FIRST_HI]!, this.#words[at + FIRST_LO]!);
    this.#words[at + SHAPE] = 0;
    this.#slots.give(row);
  }

  /** The lowest floor that shares a key with a range; NONE when there is none. */
  #overlapping(index: RangeIndex, firstHi: number, firstLo: number, lastHi: number, lastLo: number): number {
    const words = this.#words;
    const below = index.floorSought(firstHi, firstLo);
    if (below !== NONE && compareKeys(words[below * WIDTH + LAST_HI]!, words[below * WIDTH + LAST_LO]!, firstHi, firstLo) >= 0) return below;
    const above = index.aboveSought(firstHi, firstLo);
    if (above === NONE) return NONE;
    return compareKeys(words[above * WIDTH + FIRST_HI]!, words[above * WIDTH + FIRST_LO]!, lastHi, lastLo) <= 0 ? above : NONE;
  }

  /** The first row from one up to an end whose time is up; the end where there is none. */
  #nextOver(from: number, end: number, nowMs: number): number {
    const words = this.#words;
    const now = nowMs | 0;
    let row = from | 0;
    for (; row < (end | 0); row = (row + 1) | 0) {
      const at = (row * WIDTH) | 0;
      if (words[at + SHAPE] !== 0 && ((words[at + EXPIRY]! - now) | 0) <= 0) break;
    }
    return row;
  }

  #advance(): number {
    const row = this.#hand;
    this.#hand = this.#hand + 1 >= this.#slots.highWater ? 0 : this.#hand + 1;
    return row;
  }

  #indexOf(family: Family, prefixLength: number): RangeIndex {
    return (this.#indexes[(family === 4 ? 0 : IPV4_LENGTHS) + prefixLength] ??= new RangeIndex(family === 6));
  }
}

function noIndexes(): undefined[] {
  return Array.from({ length: IPV4_LENGTHS + IPV6_LENGTHS }, () => undefined);
}

/** Makes a span the whole MAB around it. */
function widen(span: Span, family: Family, prefixLength: number): void {
  const mab = prefixAround(family, span.firstHi, span.firstLo, prefixLength);
  const last = prefixLast(mab);
  span.firstHi = mab.hi;
  span.firstLo = mab.lo;
  span.lastHi = last.hi;
  span.lastLo = last.lo;
}
