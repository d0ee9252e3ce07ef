import { type Family, compareKeys, maskBits } from "./key.ts";
import type { Prefix } from "./prefix.ts";
import { prefixOrder } from "./prefix-order.ts";

/** Two of key, then family and length. */
const WORDS = 3;
const FAMILY_SHIFT = 8;
const LENGTH = 0xff;
const FIRST_ROOM = 16;

/**
 * Prefixes in any order, also the same one twice, as words of one column: an object for each of some hundred thousand would
 * cost more than all that is done with them. A prefix is named by its row.
 */
export class PackedPrefixes implements Iterable<Prefix> {
  static readonly none = new PackedPrefixes(new Uint32Array());
  /** Three for each: two of key, then 256 times the family, and the length. */
  readonly words: Uint32Array;

  constructor(words: Uint32Array) {
    this.words = words;
  }

  /** What is packed already stays as it is. */
  static of(prefixes: Iterable<Prefix>): PackedPrefixes {
    if (prefixes instanceof PackedPrefixes) return prefixes;
    const packer = new PrefixPacker();
    for (const { family, hi, lo, length } of prefixes) packer.push(family, hi, lo, length);
    return packer.packed();
  }

  static joined(lists: readonly PackedPrefixes[]): PackedPrefixes {
    const words = new Uint32Array(lists.reduce((total, list) => total + list.words.length, 0));
    let at = 0;
    for (const list of lists) {
      words.set(list.words, at);
      at += list.words.length;
    }
    return new PackedPrefixes(words);
  }

  get size(): number {
    return this.words.length / WORDS;
  }

  family(row: number): Family {
    return this.words[row * WORDS + 2]! >>> FAMILY_SHIFT === 6 ? 6 : 4;
  }

  hi(row: number): number {
    return this.words[row * WORDS]!;
  }

  lo(row: number): number {
    return this.words[row * WORDS + 1]!;
  }

  length(row: number): number {
    return this.words[row * WORDS + 2]! & LENGTH;
  }

  at(row: number): Prefix {
    return { family: this.family(row), hi: this.hi(row), lo: this.lo(row), length: this.length(row) };
  }

  *[Symbol.iterator](): Generator<Prefix, void> {
    for (let row = 0; row < this.size; row++) yield this.at(row);
  }

  /** As comparePrefixes, with a row of another list. */
  compare(row: number, other: PackedPrefixes, otherRow: number): number {
    const families = this.family(row) - other.family(otherRow);
    return families || compareKeys(this.hi(row), this.lo(row), other.hi(otherRow), other.lo(otherRow)) || this.length(row) - other.length(otherRow);
  }

  /** Whether all of a prefix lies in an area. */
  isIn(row: number, area: Prefix): boolean {
    return this.#areIn(row, row + 1, area);
  }

  /** Whether all of every prefix lies in an area. */
  areIn(area: Prefix): boolean {
    return this.#areIn(0, this.size, area);
  }

  /** Those from one row to before another, in the same memory. */
  rows(from: number, to: number): PackedPrefixes {
    return from === 0 && to === this.size ? this : new PackedPrefixes(this.words.subarray(from * WORDS, to * WORDS));
  }

  /** The list itself where all are wanted. */
  filter(isWanted: (row: number) => boolean): PackedPrefixes {
    const packer = new PrefixPacker();
    for (let row = 0; row < this.size; row++) if (isWanted(row)) packer.push(this.family(row), this.hi(row), this.lo(row), this.length(row));
    return packer.size === this.size ? this : packer.packed();
  }

  /** In comparePrefixes order; the list itself where it is. */
  sorted(): PackedPrefixes {
    let inOrder = 1;
    while (inOrder < this.size && this.compare(inOrder - 1, this, inOrder) <= 0) inOrder++;
    if (inOrder >= this.size) return this;
    const order = prefixOrder(this, (a, b) => this.compare(a, this, b));
    const words = new Uint32Array(this.words.length);
    for (let row = 0; row < order.length; row++) for (let word = 0; word < WORDS; word++) words[row * WORDS + word] = this.words[order[row]! * WORDS + word]!;
    return new PackedPrefixes(words);
  }

  #areIn(from: number, to: number, { family, hi, lo, length }: Prefix): boolean {
    const { words } = this;
    const [hiMask, loMask] = [maskBits(length), maskBits(length - 32)];
    for (let at = from * WORDS; at < to * WORDS; at += WORDS) {
      const familyAndLength = words[at + 2]!;
      if (familyAndLength >>> FAMILY_SHIFT !== family || (familyAndLength & LENGTH) < length) return false;
      if (((words[at]! ^ hi) & hiMask) !== 0 || ((words[at + 1]! ^ lo) & loMask) !== 0) return false;
    }
    return true;
  }
}

/** Packs prefixes as they come. Can be used again: what it has given is a copy. */
export class PrefixPacker {
  #words = new Uint32Array(FIRST_ROOM * WORDS);
  #end = 0;

  get size(): number {
    return this.#end / WORDS;
  }

  clear(): void {
    this.#end = 0;
  }

  push(family: Family, hi: number, lo: number, length: number): void {
    if (this.#end === this.#words.length) this.#grow();
    this.#words[this.#end] = hi;
    this.#words[this.#end + 1] = lo;
    this.#words[this.#end + 2] = (family << FAMILY_SHIFT) | length;
    this.#end += WORDS;
  }

  packed(): PackedPrefixes {
    return this.#end === 0 ? PackedPrefixes.none : new PackedPrefixes(this.#words.slice(0, this.#end));
  }

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
  }
}
