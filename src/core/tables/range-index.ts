import { NodePool } from "./node-pool.ts";

export const NONE = -1;

/** A node's words: how many keys it has, these, what each leads to; beside the keys their lower halves, where they have any. */
const ORDER = 31;
const SIZE = 0;
const KEYS = 1;
const LINKS = 32;
const LOWS = 64;
const NARROW_WIDTH = 64;
const WIDE_WIDTH = 96;
/** A node with fewer keys is joined with a neighbour, where the two leave some room in one. */
const FEW = 8;
const ROOMY = 24;
/** A neighbour with less room is not worth moving keys to. */
const LEAST_ROOM = 4;

/**
 * Ids ordered by a key, for disjoint ranges filed under their first key: a B+ tree, whose nodes are rows of a few cache lines. Keys are
 * unique; ids are whatever the caller's table numbers its rows with. In an inner node a key is the least that its subtree may
 * have; the first one counts as lower than all.
 */
export class RangeIndex {
  readonly #nodes: NodePool;
  readonly #isWide: boolean;
  #root: number;
  /** Levels above the leaves. */
  #height = 0;
  #size = 0;

  /** `isWide`: whether keys have lower halves; otherwise these are zero. */
  constructor(isWide: boolean) {
    this.#isWide = isWide;
    this.#nodes = new NodePool(isWide ? WIDE_WIDTH : NARROW_WIDTH);
    this.#root = this.#newNode();
  }

  get size(): number {
    return this.#size;
  }

  /** How many nodes it takes. */
  get nodes(): number {
    return this.#nodes.taken;
  }

  /** The id with the greatest key not above this one; NONE when there is none. */
  floor(hi: number, lo: number): number {
    const leaf = this.#leafFor(hi, lo);
    const place = this.#search(leaf, hi, lo);
    return place >= 0 ? this.#link(leaf, place) : this.#lastBeforeLeaf(hi, lo);
  }

  /** The id with the greatest key below this one; NONE when there is none. */
  below(hi: number, lo: number): number {
    const leaf = this.#leafFor(hi, lo);
    let place = this.#search(leaf, hi, lo);
    if (place >= 0 && this.#isKey(leaf, place, hi, lo)) place--;
    return place >= 0 ? this.#link(leaf, place) : this.#lastBeforeLeaf(hi, lo);
  }

  /** The id with the smallest key above this one; NONE when there is none. */
  above(hi: number, lo: number): number {
    let node = this.#root;
    let next = NONE;
    let nextLevel = 0;
    for (let level = this.#height; level > 0; level--) {
      const place = Math.max(0, this.#search(node, hi, lo));
      if (place + 1 < this.#sizeOf(node)) {
        next = this.#link(node, place + 1);
        nextLevel = level - 1;
      }
      node = this.#link(node, place);
    }
    const place = this.#search(node, hi, lo) + 1;
    if (place < this.#sizeOf(node)) return this.#link(node, place);
    if (next === NONE) return NONE;
    for (; nextLevel > 0; nextLevel--) next = this.#link(next, 0);
    return this.#link(next, 0);
  }

  /** Files an id under a key that no other id has. */
  insert(hi: number, lo: number, id: number): void {
    const right = this.#insertInto(this.#root, this.#height, hi, lo, id);
    if (right !== NONE) this.#raiseRoot(right);
    this.#size++;
  }

  /** Takes out the id filed under exactly this key; false when there is none. */
  remove(hi: number, lo: number): boolean {
    if (!this.#removeFrom(this.#root, this.#height, hi, lo)) return false;
    while (this.#height > 0 && this.#sizeOf(this.#root) <= 1) this.#lowerRoot();
    this.#size--;
    return true;
  }

  /** The leaf that has the key, or would have it. */
  #leafFor(hi: number, lo: number): number {
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) node = this.#link(node, Math.max(0, this.#search(node, hi, lo)));
    return node;
  }

  /** The last id of the leaf before the one for a key. */
  #lastBeforeLeaf(hi: number, lo: number): number {
    let node = this.#root;
    let before = NONE;
    let beforeLevel = 0;
    for (let level = this.#height; level > 0; level--) {
      const place = Math.max(0, this.#search(node, hi, lo));
      if (place > 0) {
        before = this.#link(node, place - 1);
        beforeLevel = level - 1;
      }
      node = this.#link(node, place);
    }
    if (before === NONE) return NONE;
    for (; beforeLevel > 0; beforeLevel--) before = this.#link(before, this.#sizeOf(before) - 1);
    return this.#link(before, this.#sizeOf(before) - 1);
  }

  /** Files a key in the subtree of a node; gives the right neighbour that this made, NONE when there was room. */
  #insertInto(node: number, level: number, hi: number, lo: number, id: number): number {
    const place = this.#search(node, hi, lo);
    if (level === 0) return this.#add(node, place + 1, hi, lo, id);
    let child = Math.max(0, place);
    if (level === 1 && this.#relieve(node, child)) child = Math.max(0, this.#search(node, hi, lo));
    const right = this.#insertInto(this.#link(node, child), level - 1, hi, lo, id);
    return right === NONE ? NONE : this.#add(node, child + 1, this.#key(right, 0), this.#low(right, 0), right);
  }

  /** Adds a key to a node; gives the right neighbour that this made, NONE when there was room. */
  #add(node: number, place: number, hi: number, lo: number, link: number): number {
    const size = this.#sizeOf(node);
    if (size < ORDER) {
      this.#put(node, place, hi, lo, link);
      return NONE;
    }
    // Who files keys in ascending order leaves full nodes behind.
    const kept = place === size ? size : size >> 1;
    const right = this.#newNode();
    this.#moveTail(node, kept, right);
    if (place > kept || kept === size) this.#put(right, place - kept, hi, lo, link);
    else this.#put(node, place, hi, lo, link);
    return right;
  }

  /** Has a leaf that is full give keys to a neighbour, where one has room: so leaves are fuller when they are split. False when none were given. */
  #relieve(node: number, place: number): boolean {
    const leaf = this.#link(node, place);
    if (this.#sizeOf(leaf) < ORDER) return false;
    const left = place > 0 ? ORDER - this.#sizeOf(this.#link(node, place - 1)) : 0;
    const right = place + 1 < this.#sizeOf(node) ? ORDER - this.#sizeOf(this.#link(node, place + 1)) : 0;
    if (Math.max(left, right) < LEAST_ROOM) return false;
    if (left >= right) {
      this.#moveHead(leaf, left >> 1, this.#link(node, place - 1));
      this.#setKey(node, place, this.#key(leaf, 0), this.#low(leaf, 0));
    } else {
      const neighbour = this.#link(node, place + 1);
      this.#shift(neighbour, 0, right >> 1);
      this.#copy(leaf, ORDER - (right >> 1), neighbour, 0, right >> 1);
      this.#setSize(leaf, ORDER - (right >> 1));
      this.#setKey(node, place + 1, this.#key(neighbour, 0), this.#low(neighbour, 0));
    }
    return true;
  }

  #raiseRoot(right: number): void {
    const left = this.#root;
    this.#root = this.#newNode();
    this.#put(this.#root, 0, this.#key(left, 0), this.#low(left, 0), left);
    this.#put(this.#root, 1, this.#key(right, 0), this.#low(right, 0), right);
    this.#height++;
  }

  /** A root with one child gives way to it, one without any to a leaf. */
  #lowerRoot(): void {
    const root = this.#root;
    if (this.#sizeOf(root) === 1) {
      this.#root = this.#link(root, 0);
      this.#height--;
      this.#nodes.give(root);
    } else {
      this.#height = 0;
    }
  }

  #removeFrom(node: number, level: number, hi: number, lo: number): boolean {
    const place = this.#search(node, hi, lo);
    if (level === 0) {
      if (place < 0 || !this.#isKey(node, place, hi, lo)) return false;
      this.#drop(node, place);
      return true;
    }
    const child = Math.max(0, place);
    if (!this.#removeFrom(this.#link(node, child), level - 1, hi, lo)) return false;
    this.#tend(node, level, child);
    return true;
  }

  /** Takes out a child that is empty, or joins one that has become small with a neighbour. */
  #tend(node: number, level: number, place: number): void {
    const child = this.#link(node, place);
    const size = this.#sizeOf(child);
    if (size === 0) {
      this.#drop(node, place);
      this.#nodes.give(child);
    } else if (size < FEW) {
      if (place > 0 && this.#fitsOne(node, place - 1)) this.#join(node, level, place - 1);
      else if (place + 1 < this.#sizeOf(node) && this.#fitsOne(node, place)) this.#join(node, level, place);
    }
  }

  #fitsOne(node: number, left: number): boolean {
    return this.#sizeOf(this.#link(node, left)) + this.#sizeOf(this.#link(node, left + 1)) <= ROOMY;
  }

  /** Moves all of a child's right neighbour to it. */
  #join(node: number, level: number, place: number): void {
    const left = this.#link(node, place);
    const right = this.#link(node, place + 1);
    // What counted as lower than all there has neighbours now.
    if (level > 1) this.#setKey(right, 0, this.#key(node, place + 1), this.#low(node, place + 1));
    this.#moveTail(right, 0, left);
    this.#drop(node, place + 1);
    this.#nodes.give(right);
  }

  /** Place of the last key of a node not above this one; -1 when all are above. */
  #search(node: number, hi: number, lo: number): number {
    const words = this.#nodes.words(node);
    const at = this.#nodes.at(node);
    let low = 0;
    let high = words[at + SIZE]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const key = words[at + KEYS + middle]!;
      if (key < hi || (key === hi && (!this.#isWide || words[at + LOWS + middle]! <= lo))) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #newNode(): number {
    const node = this.#nodes.take();
    this.#setSize(node, 0);
    return node;
  }

  #sizeOf(node: number): number {
    return this.#nodes.words(node)[this.#nodes.at(node) + SIZE]!;
  }

  #key(node: number, place: number): number {
    return this.#nodes.words(node)[this.#nodes.at(node) + KEYS + place]!;
  }

  #low(node: number, place: number): number {
    return this.#isWide ? this.#nodes.words(node)[this.#nodes.at(node) + LOWS + place]! : 0;
  }

  #link(node: number, place: number): number {
    return this.#nodes.words(node)[this.#nodes.at(node) + LINKS + place]!;
  }

  #isKey(node: number, place: number, hi: number, lo: number): boolean {
    return this.#key(node, place) === hi && this.#low(node, place) === lo;
  }

  #setKey(node: number, place: number, hi: number, lo: number): void {
    const words = this.#nodes.words(node);
    const at = this.#nodes.at(node);
    words[at + KEYS + place] = hi;
    if (this.#isWide) words[at + LOWS + place] = lo;
  }

  /** Makes room at a place of a node that has some, and fills it. */
  #put(node: number, place: number, hi: number, lo: number, link: number): void {
    this.#shift(node, place, place + 1);
    this.#setKey(node, place, hi, lo);
    this.#nodes.words(node)[this.#nodes.at(node) + LINKS + place] = link;
  }

  /** Closes the gap that one key leaves. */
  #drop(node: number, place: number): void {
    this.#shift(node, place + 1, place);
  }

  /** Moves all keys from a place on to another. */
  #shift(node: number, from: number, to: number): void {
    const words = this.#nodes.words(node);
    const at = this.#nodes.at(node);
    const size = words[at + SIZE]!;
    words.copyWithin(at + KEYS + to, at + KEYS + from, at + KEYS + size);
    words.copyWithin(at + LINKS + to, at + LINKS + from, at + LINKS + size);
    if (this.#isWide) words.copyWithin(at + LOWS + to, at + LOWS + from, at + LOWS + size);
    words[at + SIZE] = size + to - from;
  }

  /** Moves all keys from a place on to the end of another node. */
  #moveTail(from: number, place: number, to: number): void {
    const size = this.#sizeOf(to);
    const moved = this.#sizeOf(from) - place;
    this.#copy(from, place, to, size, moved);
    this.#setSize(from, place);
    this.#setSize(to, size + moved);
  }

  /** Moves the first keys of a node to the end of another. */
  #moveHead(from: number, moved: number, to: number): void {
    const size = this.#sizeOf(to);
    this.#copy(from, 0, to, size, moved);
    this.#setSize(to, size + moved);
    this.#shift(from, moved, 0);
  }

  /** Copies keys from a place of one node to a place of another. */
  #copy(from: number, place: number, to: number, toPlace: number, count: number): void {
    const source = this.#nodes.words(from);
    const target = this.#nodes.words(to);
    const sourceAt = this.#nodes.at(from) + place;
    const targetAt = this.#nodes.at(to) + toPlace;
    for (let key = 0; key < count; key++) {
      target[targetAt + KEYS + key] = source[sourceAt + KEYS + key]!;
      target[targetAt + LINKS + key] = source[sourceAt + LINKS + key]!;
      if (this.#isWide) target[targetAt + LOWS + key] = source[sourceAt + LOWS + key]!;
    }
  }

  #setSize(node: number, size: number): void {
    this.#nodes.words(node)[this.#nodes.at(node) + SIZE] = size;
  }
}
