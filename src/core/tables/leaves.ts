import { NodePool } from "./node-pool.ts";
import type { TableMemory } from "./table-memory.ts";

/** No id. */
export const NONE = -1;

/** Keys of a leaf at most. */
export const LEAF_KEYS = 31;

/** A leaf's words: how many keys it has, these, the id of each; beside the keys their lower halves, where they have any. */
const SIZE = 0;
const KEYS = 1;
const IDS = 32;
const LOWS = 64;
/** Words of a line of the processor's cache. */
const LINE = 16;
const NARROW_WIDTH = 64;
const WIDE_WIDTH = 96;
/** In the places of keys that a leaf does not have, so that a search need not know how many it has. */
const ABSENT = 0xffff_ffff;

/** Runs of ids in the order of their keys, a few cache lines each. A search has no branch that depends on keys. */
export class Leaves {
  readonly #pool: NodePool;
  /** Where lower halves are; zero where there are none. */
  readonly #lows: number;

  constructor(isWide: boolean, memory?: TableMemory) {
    this.#lows = isWide ? LOWS : 0;
    this.#pool = new NodePool(isWide ? WIDE_WIDTH : NARROW_WIDTH, memory);
  }

  get taken(): number {
    return this.#pool.taken;
  }

  /** A leaf without keys. */
  take(): number {
    const leaf = this.#pool.take();
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    words[at + SIZE] = 0;
    words.fill(ABSENT, at + KEYS, at + KEYS + LEAF_KEYS);
    if (this.#lows !== 0) words.fill(ABSENT, at + LOWS, at + LOWS + LEAF_KEYS);
    return leaf;
  }

  give(leaf: number): void {
    this.#pool.give(leaf);
  }

  size(leaf: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + SIZE]!;
  }

  /** How many of its keys are not above one. */
  upTo(leaf: number, hi: number, lo: number): number {
    return this.#count(this.#pool.words(leaf), this.#pool.at(leaf), hi, lo);
  }

  /** The id of the last of its keys that is not above one, whose halves may be Int32 too; NONE when all are. */
  idUpTo(leaf: number, hi: number, lo: number): number {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    // Both lines of ids are asked for before it is known which of them is wanted; an id has fewer bits.
    const none = (words[(at + IDS + 8) | 0]! | words[(at + IDS + 24) | 0]!) >>> 31;
    const count = (this.#count(words, at, hi, lo) + none) | 0;
    return count === 0 ? NONE : words[(at + IDS - 1 + count) | 0]! | 0;
  }

  /** Something of each line of memory that a leaf is in: it is at hand then. */
  glance(leaf: number): number {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    const narrow = words[at]! ^ words[(at + LINE) | 0]! ^ words[(at + 2 * LINE) | 0]! ^ words[(at + 3 * LINE) | 0]!;
    return this.#lows === 0 ? narrow : narrow ^ words[(at + 4 * LINE) | 0]! ^ words[(at + 5 * LINE) | 0]!;
  }

  key(leaf: number, place: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + KEYS + place]!;
  }

  low(leaf: number, place: number): number {
    return this.#lows !== 0 ? this.#pool.words(leaf)[this.#pool.at(leaf) + LOWS + place]! : 0;
  }

  id(leaf: number, place: number): number {
    return this.#pool.words(leaf)[this.#pool.at(leaf) + IDS + place]!;
  }

  /** Makes room at a place of a leaf that has some, and fills it. */
  put(leaf: number, place: number, hi: number, lo: number, id: number): void {
    const words = this.#pool.words(leaf);
    const at = this.#pool.at(leaf);
    this.#shift(words, at, place, place + 1);
    words[at + KEYS + place] = hi;
    words[at + IDS + place] = id;
    if (this.#lows !== 0) words[at + LOWS + place] = lo;
  }

  drop(leaf: number, place: number): void {
    this.#shift(this.#pool.words(leaf), this.#pool.at(leaf), place + 1, place);
  }

  /** Moves a leaf's first keys to the end of another. */
  moveHead(from: number, moved: number, to: number): void {
    this.#copy(from, 0, to, this.size(to), moved);
    this.#shift(this.#pool.words(from), this.#pool.at(from), moved, 0);
  }

  /** Moves a leaf's keys from a place on to the front of another. */
  moveTail(from: number, place: number, to: number): void {
    const size = this.size(from);
    this.#shift(this.#pool.words(to), this.#pool.at(to), 0, size - place);
    this.#copy(from, place, to, 0, size - place);
    this.#shift(this.#pool.words(from), this.#pool.at(from), size, place);
  }

  #count(words: Uint32Array, at: number, hi: number, lo: number): number {
    const size = words[at + SIZE]! | 0;
    const count = this.#lows === 0 ? countNarrow(words, at, hi >>> 0) : countWide(words, at, hi >>> 0, lo >>> 0);
    // Of the highest key of all, what is absent is not above.
    return count > size ? size : count;
  }

  /** Moves all keys from a place on to another place. */
  #shift(words: Uint32Array, at: number, from: number, to: number): void {
    const size = words[at + SIZE]!;
    const end = size + to - from;
    move(words, at + KEYS, from, to, size);
    move(words, at + IDS, from, to, size);
    if (this.#lows !== 0) move(words, at + LOWS, from, to, size);
    for (let place = end; place < size; place++) {
      words[at + KEYS + place] = ABSENT;
      if (this.#lows !== 0) words[at + LOWS + place] = ABSENT;
    }
    words[at + SIZE] = end;
  }

  /** Copies keys over what stands at a place of another leaf; the size becomes what has room there. */
  #copy(from: number, place: number, to: number, toPlace: number, count: number): void {
    const source = this.#pool.words(from);
    const target = this.#pool.words(to);
    const sourceAt = this.#pool.at(from) + place;
    const targetAt = this.#pool.at(to) + toPlace;
    for (let key = 0; key < count; key++) {
      target[targetAt + KEYS + key] = source[sourceAt + KEYS + key]!;
      target[targetAt + IDS + key] = source[sourceAt + IDS + key]!;
      if (this.#lows !== 0) target[targetAt + LOWS + key] = source[sourceAt + LOWS + key]!;
    }
    const end = toPlace + count;
    if (end > this.size(to)) target[this.#pool.at(to) + SIZE] = end;
  }
}

/** Moves words from one place up to an end to another place. So few are moved sooner than the call of `copyWithin` begins. */
function move(words: Uint32Array, at: number, from: number, to: number, end: number): void {
  const by = to - from;
  if (by < 0) for (let place = at + from; place < at + end; place++) words[place + by] = words[place]!;
  else for (let place = at + end - 1; place >= at + from; place--) words[place + by] = words[place]!;
}

/**
 * Keys not above one, of 31: five halvings, whose outcomes are numbers that are added. A branch would be guessed wrongly half of the time,
 * and all that the processor has begun behind it, the next look-ups among it, would be for nothing.
 */
function countNarrow(words: Uint32Array, at: number, hi: number): number {
  const first = (at + KEYS) | 0;
  let end = first;
  end = (end + (Number(words[(end + 15) | 0]! <= hi) << 4)) | 0;
  end = (end + (Number(words[(end + 7) | 0]! <= hi) << 3)) | 0;
  end = (end + (Number(words[(end + 3) | 0]! <= hi) << 2)) | 0;
  end = (end + (Number(words[(end + 1) | 0]! <= hi) << 1)) | 0;
  end = (end + Number(words[end]! <= hi)) | 0;
  return (end - first) | 0;
}

function countWide(words: Uint32Array, at: number, hi: number, lo: number): number {
  const first = (at + KEYS) | 0;
  let end = first;
  end = (end + (isUpTo(words, (end + 15) | 0, hi, lo) << 4)) | 0;
  end = (end + (isUpTo(words, (end + 7) | 0, hi, lo) << 3)) | 0;
  end = (end + (isUpTo(words, (end + 3) | 0, hi, lo) << 2)) | 0;
  end = (end + (isUpTo(words, (end + 1) | 0, hi, lo) << 1)) | 0;
  end = (end + isUpTo(words, end, hi, lo)) | 0;
  return (end - first) | 0;
}

/** 1 for a key not above one, otherwise 0. */
function isUpTo(words: Uint32Array, place: number, hi: number, lo: number): number {
  const key = words[place]!;
  return Number(key < hi) | (Number(key === hi) & Number(words[(place + LOWS - KEYS) | 0]! <= lo));
}
