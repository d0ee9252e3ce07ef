import type { KeyBatch } from "./key-batch.ts";
import { NodePool } from "./node-pool.ts";
import type { TableMemory } from "./table-memory.ts";

/** No id. */
export const NONE = -1;

/** Keys of a leaf at most. */
export const LEAF_KEYS = 31;

/** A leaf's words, four lines of the processor's cache: how many keys it has, these, the id of each, what the keys have in common. */
const HEAD = 0;
const KEYS = 1;
const IDS = 32;
const COMMON = 63;
const LEAF_WORDS = 64;
/** Words of a line. */
const LINE = 16;
/** In the head, beside the size: keys have not the same upper half. */
const MIXED = 0x100;
const SIZE = 0xff;
/** Words of a row of lower halves. */
const LOWS_WORDS = 32;
/** In the places of keys that a leaf does not have, so that a search need not know how many it has. */
const ABSENT = 0xffff_ffff;

/**
 * Runs of ids in the order of their keys. A leaf has keys of 32 bits: the upper halves where keys have no others, otherwise the lower ones, as long as
 * all keys of the leaf have the same upper half. Where they have not, it has the upper halves, and the lower ones are in a row beside it. No search has a
 * branch that depends on the order of keys.
 */
export class Leaves {
  readonly #pool: NodePool;
  readonly #isWide: boolean;
  /** Of mixed leaves. */
  readonly #lows: NodePool;

  constructor(isWide: boolean, memory?: TableMemory) {
    this.#isWide = isWide;
    this.#pool = new NodePool(LEAF_WORDS, memory);
    this.#lows = new NodePool(LOWS_WORDS, memory);
  }

  get taken(): number {
    return this.#pool.taken;
  }

  /** How many have keys whose upper halves are not the same. */
  get mixed(): number {
    return this.#lows.taken;
  }

  /** A leaf without keys. */
  take(): number {
    const leaf = this.#pool.take();
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    words[at + HEAD] = 0;
    words.fill(ABSENT, at + KEYS, at + KEYS + LEAF_KEYS);
    return leaf;
  }

  give(leaf: number): void {
    if (this.#isMixed(leaf)) this.#lows.give(this.#common(leaf));
    this.#pool.give(leaf);
  }

  size(leaf: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + HEAD]! & SIZE;
  }

  /** How many of its keys are not above one, whose halves may be Int32 too where leaves are not mixed. */
  upTo(leaf: number, hi: number, lo: number): number {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const head = words[at]! | 0;
    let key = hi >>> 0;
    if (this.#isWide) {
      if ((head & MIXED) !== 0) return this.#upToInMixed(leaf, hi, lo);
      const common = words[(at + COMMON) | 0]!;
      if (key !== common) return key < common ? 0 : head;
      key = lo >>> 0;
    }
    // Of the highest key of all, what is absent is not above.
    const found = countUpTo(words, at, key);
    return found > head ? head : found;
  }

  /** The id of the last of its keys that is not above one, whose halves may be Int32 too; NONE when all are. */
  idUpTo(leaf: number, hi: number, lo: number): number {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const head = words[at]! | 0;
    let key = hi >>> 0;
    if (this.#isWide) {
      if ((head & MIXED) !== 0 || words[(at + COMMON) | 0] !== hi >>> 0) return this.#lastUpTo(leaf, hi >>> 0, lo >>> 0);
      key = lo >>> 0;
    }
    // Both lines of ids are asked for before it is known which of them is wanted; an id has fewer bits.
    const none = (words[(at + IDS + 8) | 0]! | words[(at + IDS + 24) | 0]!) >>> 31;
    const found = (countUpTo(words, at, key) + none) | 0;
    // Of the highest key of all, what is absent is not above.
    const count = found > head ? head : found;
    return count === 0 ? NONE : words[(at + IDS - 1 + count) | 0]! | 0;
  }

  /** Something of each line of memory that the leaves of a batch are in: these are at hand then. */
  glanceAll({ found, count }: KeyBatch): number {
    const pool = this.#pool;
    let seen = 0;
    for (let key = 0; key < count; key++) {
      const words = pool.words(found[key]!);
      const at = pool.at(found[key]!);
      seen ^= words[at]! ^ words[(at + LINE) | 0]! ^ words[(at + 2 * LINE) | 0]! ^ words[(at + 3 * LINE) | 0]!;
    }
    return seen;
  }

  /** Goes from the leaves of a batch to the ids in them. */
  idsUpTo({ hi, lo, found, count }: KeyBatch): void {
    for (let key = 0; key < count; key++) found[key] = this.idUpTo(found[key]!, hi[key]!, lo[key]!);
  }

  key(leaf: number, place: number): number {
    return this.#isWide && !this.#isMixed(leaf) ? this.#common(leaf) : this.#word(leaf, place);
  }

  low(leaf: number, place: number): number {
    if (!this.#isWide) return 0;
    return this.#isMixed(leaf) ? this.#low(leaf, place) : this.#word(leaf, place);
  }

  id(leaf: number, place: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + IDS + place]!;
  }

  /** Makes room at a place of a leaf that has some, and fills it. */
  put(leaf: number, place: number, hi: number, lo: number, id: number): void {
    this.#prepareFor(leaf, hi, hi);
    this.#shift(leaf, place, place + 1);
    this.#set(leaf, place, hi, lo, id);
  }

  drop(leaf: number, place: number): void {
    this.#shift(leaf, place + 1, place);
    this.#settle(leaf);
  }

  /** Moves a leaf's first keys to the end of another. */
  moveHead(from: number, moved: number, to: number): void {
    this.#move(from, 0, moved, to, this.size(to));
  }

  /** Moves a leaf's keys from a place on to the front of another. */
  moveTail(from: number, place: number, to: number): void {
    this.#move(from, place, this.size(from), to, 0);
  }

  /** Moves the keys from a place up to another, the first or the last of a leaf, to a place of a second one. */
  #move(from: number, place: number, end: number, to: number, toPlace: number): void {
    if (place === end) return;
    this.#prepareFor(to, this.key(from, place), this.key(from, end - 1));
    this.#shift(to, toPlace, toPlace + end - place);
    for (let moved = place; moved < end; moved++) this.#set(to, toPlace + moved - place, this.key(from, moved), this.low(from, moved), this.id(from, moved));
    this.#shift(from, end, place);
    this.#settle(from);
  }

  /** Moves all keys from a place on to another place. */
  #shift(leaf: number, from: number, to: number): void {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const head = words[at]! | 0;
    const size = head & SIZE;
    shift(words, at + KEYS, from, to, size);
    shift(words, at + IDS, from, to, size);
    blank(words, at + KEYS + size + to - from, at + KEYS + size);
    if ((head & MIXED) !== 0) this.#shiftLows(leaf, from, to, size);
    words[at] = head + to - from;
  }

  #shiftLows(leaf: number, from: number, to: number, size: number): void {
    const lows = this.#lowWords(leaf);
    const at = this.#lowsAt(leaf);
    shift(lows, at, from, to, size);
    blank(lows, at + size + to - from, at + size);
  }

  #set(leaf: number, place: number, hi: number, lo: number, id: number): void {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const isMixed = this.#isMixed(leaf);
    words[at + KEYS + place] = this.#isWide && !isMixed ? lo : hi;
    words[at + IDS + place] = id;
    if (isMixed) this.#lowWords(leaf)[this.#lowsAt(leaf) + place] = lo;
  }

  /** Makes a leaf such that it can have keys from one upper half to another. */
  #prepareFor(leaf: number, firstHi: number, lastHi: number): void {
    if (!this.#isWide || this.#isMixed(leaf)) return;
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    if (this.size(leaf) === 0) words[at + COMMON] = firstHi;
    const common = words[at + COMMON]!;
    if (firstHi === common && lastHi === common) return;
    const row = this.#lows.take();
    this.#lows.words(row).fill(ABSENT, this.#lows.at(row), this.#lows.at(row) + LOWS_WORDS);
    for (let place = this.size(leaf) - 1; place >= 0; place--) {
      this.#lows.words(row)[this.#lows.at(row) + place] = words[at + KEYS + place]!;
      words[at + KEYS + place] = common;
    }
    words[at + HEAD]! |= MIXED;
    words[at + COMMON] = row;
  }

  /** Makes a leaf that has lost keys one with a common upper half, if those left have the same. */
  #settle(leaf: number): void {
    if (!this.#isMixed(leaf)) return;
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const size = this.size(leaf);
    const common = size === 0 ? 0 : this.#word(leaf, 0);
    if (size > 0 && this.#word(leaf, size - 1) !== common) return;
    const row = this.#common(leaf);
    for (let place = 0; place < size; place++) words[at + KEYS + place] = this.#low(leaf, place);
    words[at + HEAD] = size;
    words[at + COMMON] = common;
    this.#lows.give(row);
  }

  #lastUpTo(leaf: number, hi: number, lo: number): number {
    const count = this.upTo(leaf, hi, lo);
    return count === 0 ? NONE : this.id(leaf, count - 1);
  }

  #upToInMixed(leaf: number, hi: number, lo: number): number {
    const row = this.#common(leaf);
    return Math.min(countByBoth(this.#pool.words(leaf), this.#pool.at(leaf), this.#lows.words(row), this.#lows.at(row), hi, lo), this.size(leaf));
  }

  #isMixed(leaf: number): boolean {
    return (this.#pool.words(leaf)[this.#pool.at(leaf) + HEAD]! & MIXED) !== 0;
  }

  /** The upper half of all keys; of a mixed leaf, the row with the lower halves. */
  #common(leaf: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + COMMON]!;
  }

  #word(leaf: number, place: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + KEYS + place]!;
  }

  #low(leaf: number, place: number): number {
    return this.#lowWords(leaf)[this.#lowsAt(leaf) + place]!;
  }

  #lowWords(leaf: number): Uint32Array {
    return this.#lows.words(this.#common(leaf));
  }

  #lowsAt(leaf: number): number {
    return this.#lows.at(this.#common(leaf));
  }
}

/** Moves words from one place up to an end to another place. So few are moved sooner than the call of `copyWithin` begins. */
function shift(words: Uint32Array, at: number, from: number, to: number, end: number): void {
  const by = (to - from) | 0;
  const first = (at + from) | 0;
  const last = (at + end - 1) | 0;
  if (by < 0) for (let place = first; place <= last; place = (place + 1) | 0) words[(place + by) | 0] = words[place]!;
  else for (let place = last; place >= first; place = (place - 1) | 0) words[(place + by) | 0] = words[place]!;
}

/** Has no keys from one place up to another. Mostly that is one. */
function blank(words: Uint32Array, from: number, end: number): void {
  for (let place = from | 0; place < (end | 0); place = (place + 1) | 0) words[place] = ABSENT;
}

/**
 * Keys not above one, of 31: five halvings, whose outcomes are numbers that are added. A branch would be guessed wrongly half of the time,
 * and all that the processor has begun behind it, the next look-ups among it, would be for nothing.
 */
function countUpTo(words: Uint32Array, at: number, key: number): number {
  const first = (at + KEYS) | 0;
  let end = first;
  end = (end + (Number(words[(end + 15) | 0]! <= key) << 4)) | 0;
  end = (end + (Number(words[(end + 7) | 0]! <= key) << 3)) | 0;
  end = (end + (Number(words[(end + 3) | 0]! <= key) << 2)) | 0;
  end = (end + (Number(words[(end + 1) | 0]! <= key) << 1)) | 0;
  end = (end + Number(words[end]! <= key)) | 0;
  return (end - first) | 0;
}

/** The same by both halves, the lower ones in a row of their own. */
function countByBoth(words: Uint32Array, at: number, lows: Uint32Array, lowsAt: number, hi: number, lo: number): number {
  const first = (at + KEYS) | 0;
  const toLow = (lowsAt - first) | 0;
  let end = first;
  end = (end + (isUpTo(words, (end + 15) | 0, lows, toLow, hi, lo) << 4)) | 0;
  end = (end + (isUpTo(words, (end + 7) | 0, lows, toLow, hi, lo) << 3)) | 0;
  end = (end + (isUpTo(words, (end + 3) | 0, lows, toLow, hi, lo) << 2)) | 0;
  end = (end + (isUpTo(words, (end + 1) | 0, lows, toLow, hi, lo) << 1)) | 0;
  end = (end + isUpTo(words, end, lows, toLow, hi, lo)) | 0;
  return (end - first) | 0;
}

/** 1 for a key not above one, otherwise 0. */
function isUpTo(words: Uint32Array, place: number, lows: Uint32Array, toLow: number, hi: number, lo: number): number {
  const key = words[place]!;
  return Number(key < hi) | (Number(key === hi) & Number(lows[(place + toLow) | 0]! <= lo));
}
