import { compareKeys } from "../../address/index.ts";

const LEAF_SIZE = 512;

/** Up to 512 ids in order of their keys; a leaf's first key never changes its place among the leaves. */
class Leaf {
  readonly hi = new Uint32Array(LEAF_SIZE);
  readonly lo = new Uint32Array(LEAF_SIZE);
  readonly ids = new Uint32Array(LEAF_SIZE);
  size = 0;

  insertAt(place: number, hi: number, lo: number, id: number): void {
    this.hi.copyWithin(place + 1, place, this.size);
    this.lo.copyWithin(place + 1, place, this.size);
    this.ids.copyWithin(place + 1, place, this.size);
    this.hi[place] = hi;
    this.lo[place] = lo;
    this.ids[place] = id;
    this.size++;
  }

  removeAt(place: number): void {
    this.hi.copyWithin(place, place + 1, this.size);
    this.lo.copyWithin(place, place + 1, this.size);
    this.ids.copyWithin(place, place + 1, this.size);
    this.size--;
  }

  /** Moves the upper half into a new leaf. */
  split(): Leaf {
    const upper = new Leaf();
    const half = this.size >> 1;
    upper.hi.set(this.hi.subarray(half, this.size));
    upper.lo.set(this.lo.subarray(half, this.size));
    upper.ids.set(this.ids.subarray(half, this.size));
    upper.size = this.size - half;
    this.size = half;
    return upper;
  }

  /** Place of the last key not above this one; -1 when all are above. */
  floor(hi: number, lo: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.hi[middle]!, this.lo[middle]!, hi, lo) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

export const NONE = -1;

/**
 * Ids ordered by a key, for disjoint ranges filed under their first key: a two-level tree of sorted arrays. Keys are
 * unique; ids are whatever the caller's table numbers its rows with.
 */
export class RangeIndex {
  readonly #leaves: Leaf[] = [new Leaf()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The id with the greatest key not above this one; NONE when there is none. */
  floor(hi: number, lo: number): number {
    const leaf = this.#leaves[this.#leafAt(hi, lo)]!;
    const place = leaf.floor(hi, lo);
    return place < 0 ? NONE : leaf.ids[place]!;
  }

  /** The id with the smallest key above this one; NONE when there is none. */
  above(hi: number, lo: number): number {
    const at = this.#leafAt(hi, lo);
    const leaf = this.#leaves[at]!;
    const place = leaf.floor(hi, lo) + 1;
    if (place < leaf.size) return leaf.ids[place]!;
    const following = this.#leaves[at + 1];
    return following === undefined ? NONE : following.ids[0]!;
  }

  /** The id with the greatest key below this one; NONE when there is none. */
  below(hi: number, lo: number): number {
    const at = this.#leafAt(hi, lo);
    const leaf = this.#leaves[at]!;
    let place = leaf.floor(hi, lo);
    if (place >= 0 && leaf.hi[place] === hi && leaf.lo[place] === lo) place--;
    if (place >= 0) return leaf.ids[place]!;
    const before = this.#leaves[at - 1];
    return before === undefined ? NONE : before.ids[before.size - 1]!;
  }

  /** Files an id under a key that no other id has. */
  insert(hi: number, lo: number, id: number): void {
    let at = this.#leafAt(hi, lo);
    if (this.#leaves[at]!.size === LEAF_SIZE) {
      this.#leaves.splice(at + 1, 0, this.#leaves[at]!.split());
      at = this.#leafAt(hi, lo);
    }
    const leaf = this.#leaves[at]!;
    leaf.insertAt(leaf.floor(hi, lo) + 1, hi, lo, id);
    this.#size++;
  }

  /** Takes out the id filed under exactly this key; false when there is none. */
  remove(hi: number, lo: number): boolean {
    const at = this.#leafAt(hi, lo);
    const leaf = this.#leaves[at]!;
    const place = leaf.floor(hi, lo);
    if (place < 0 || leaf.hi[place] !== hi || leaf.lo[place] !== lo) return false;
    leaf.removeAt(place);
    if (leaf.size === 0 && this.#leaves.length > 1) this.#leaves.splice(at, 1);
    this.#size--;
    return true;
  }

  /** The leaf that holds the key, or would: the last whose first key is not above it. */
  #leafAt(hi: number, lo: number): number {
    const leaves = this.#leaves;
    let low = 1;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const leaf = leaves[middle]!;
      if (compareKeys(leaf.hi[0]!, leaf.lo[0]!, hi, lo) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
