import { Directories, MOST_BITS, bitsOf, commonBits, explicitly, isExplicit, window } from "./directories.ts";
import type { KeyBatch } from "./key-batch.ts";
import { LEAF_KEYS, Leaves, NONE } from "./leaves.ts";
import type { TableMemory } from "./table-memory.ts";

export { NONE };

/** A leaf with fewer keys is joined with a neighbour, where the two leave some room in one. */
const FEW = 8;
const ROOMY = 24;
/** A neighbour with less room is not worth moving keys to. */
const LEAST_ROOM = 2;
/** Bits of a directory's slots at first. */
const FIRST_BITS = 3;
/** Slots for each child that a directory may have for the sake of more keys outside its prefix. */
const LOOSE = 16;

/** From the root to where a key is looked for, the directories and the slots taken. Prefixes become longer with each step, up to all 64 bits. */
const path = new Int32Array(64);
const slots = new Int32Array(64);

/**
 * Ids ordered by a key, for disjoint ranges filed under their first key: leaves of up to 31 keys, found through a radix tree of directories.
 * Keys are unique; ids are whatever the caller's table numbers its rows with. A directory grows with its children, up to 4,096 slots, so
 * that with keys spread evenly the second one leads to the leaf; what a slot has no leaf for gets a directory of its own. Leaves are
 * parted between slots, not in powers of two, and are never empty but where there is nothing.
 */
export class RangeIndex {
  readonly #leaves: Leaves;
  readonly #directories: Directories;
  readonly #keyBits: number;
  #root = 0;
  #size = 0;
  /** Of the last descent: how many directories it went through, and where the key lies beside the one that it ended at. */
  #depth = 0;
  #side = 0;
  /** Where a key was sought last: its leaf, negative where it has none, and how many of that one's keys are not above it. */
  #soughtLeaf = NONE;
  #soughtPlace = 0;
  /** What `#lookAround` has seen: the slots that lead to the child, and the children before and after. */
  #start = 0;
  #end = 0;
  #left = NONE;
  #right = NONE;
  /** What `#chooseCut` has chosen: the first slot behind the cut, and how many keys of the leaf are before it. */
  #cutSlot = 0;
  #cut = 0;

  /** `isWide`: whether keys have lower halves; otherwise these are zero. */
  constructor(isWide: boolean, memory?: TableMemory) {
    this.#keyBits = isWide ? 64 : 32;
    this.#leaves = new Leaves(isWide, memory);
    this.#directories = new Directories(memory);
    this.#root = this.#leaves.take();
  }

  get size(): number {
    return this.#size;
  }

  /** How many leaves and directories it takes. */
  get nodes(): number {
    return this.#leaves.taken + this.#directories.taken;
  }

  /** The id with the greatest key not above this one, whose halves may be Int32 too; NONE when there is none. */
  floor(hi: number, lo: number): number {
    const root = this.#root;
    const leaf = root >= 0 ? root : this.#directories.leafFor(root, hi | 0, lo | 0);
    const id = leaf < 0 ? NONE : this.#leaves.idUpTo(leaf, hi | 0, lo | 0);
    return id < 0 ? this.#before(hi >>> 0, lo >>> 0) : id;
  }

  /**
   * Reads what `floor` will for each key of a batch: directories, then leaves, in passes through all. Each finds the id that this will most likely give, or NONE. It
   * returns something of what was read.
   */
  lookAhead(batch: KeyBatch): number {
    this.#directories.leadAll(this.#root, batch);
    const seen = this.#leaves.glanceAll(batch);
    this.#leaves.idsUpTo(batch);
    return seen;
  }

  /** The id with the greatest key below this one; NONE when there is none. */
  below(hi: number, lo: number): number {
    if (lo > 0) return this.floor(hi, lo - 1);
    return hi > 0 ? this.floor(hi - 1, this.#keyBits === 64 ? 0xffff_ffff : 0) : NONE;
  }

  /** The id with the smallest key above this one; NONE when there is none. */
  above(hi: number, lo: number): number {
    this.#seek(hi, lo);
    return this.aboveSought(hi, lo);
  }

  /** As `floor`, for who then asks what is `aboveSought`. */
  floorSought(hi: number, lo: number): number {
    this.#seek(hi, lo);
    return this.#soughtLeaf < 0 || this.#soughtPlace === 0 ? this.#before(hi, lo) : this.#leaves.id(this.#soughtLeaf, this.#soughtPlace - 1);
  }

  /** As `above`, for the key of the `floorSought` before, which is not looked for again. */
  aboveSought(hi: number, lo: number): number {
    const leaf = this.#soughtLeaf;
    return leaf >= 0 && this.#soughtPlace < this.#leaves.size(leaf) ? this.#leaves.id(leaf, this.#soughtPlace) : this.#after(hi, lo);
  }

  #seek(hi: number, lo: number): void {
    const root = this.#root;
    const leaf = root >= 0 ? root : this.#directories.leafFor(root, hi | 0, lo | 0);
    this.#soughtLeaf = leaf;
    if (leaf >= 0) this.#soughtPlace = this.#leaves.upTo(leaf, hi, lo);
  }

  /** The first id after a key that its leaf has nothing above. */
  #after(hi: number, lo: number): number {
    const ref = this.#descend(hi, lo);
    if (this.#side < 0) return this.#firstId(ref);
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const end = this.#directories.runEnd(path[depth]!, slots[depth]!);
      if (end < 1 << bitsOf(path[depth]!)) return this.#firstId(this.#directories.child(path[depth]!, end));
    }
    return NONE;
  }

  /** Files an id under a key that no other id has. */
  insert(hi: number, lo: number, id: number): void {
    this.#size++;
    this.#seek(hi, lo);
    const leaf = this.#soughtLeaf;
    if (leaf < 0 || this.#leaves.size(leaf) === LEAF_KEYS) this.#insertWithRoom(hi, lo, id);
    else this.#leaves.put(leaf, this.#soughtPlace, hi, lo, id);
  }

  /** Makes room for a key, and files an id under it. */
  #insertWithRoom(hi: number, lo: number, id: number): void {
    for (;;) {
      const ref = this.#descend(hi, lo);
      if (ref < 0) {
        this.#makeRoomBeside(ref, hi, lo);
      } else if (this.#leaves.size(ref) === LEAF_KEYS) {
        this.#makeRoomIn(ref, hi, lo);
      } else {
        this.#leaves.put(ref, this.#leaves.upTo(ref, hi, lo), hi, lo, id);
        return;
      }
    }
  }

  /** Takes out the id filed under exactly this key; false when there is none. */
  remove(hi: number, lo: number): boolean {
    this.#seek(hi, lo);
    const leaf = this.#soughtLeaf;
    if (leaf < 0) return false;
    const place = this.#soughtPlace - 1;
    if (place < 0 || this.#leaves.key(leaf, place) !== hi || this.#leaves.low(leaf, place) !== lo) return false;
    this.#leaves.drop(leaf, place);
    if (leaf !== this.#root && this.#leaves.size(leaf) < FEW) this.#tend(this.#descend(hi, lo));
    this.#size--;
    return true;
  }

  /** Goes to the leaf for a key, and notes the way; to a directory, if the key has not its prefix. */
  #descend(hi: number, lo: number): number {
    let ref = this.#root;
    let skip = 0;
    this.#depth = 0;
    this.#side = 0;
    while (ref < 0) {
      if (isExplicit(ref)) {
        this.#side = this.#directories.side(ref, hi, lo);
        if (this.#side !== 0) return ref;
        skip = this.#directories.skip(ref);
      }
      const bits = bitsOf(ref);
      const slot = window(hi, lo, skip, bits);
      path[this.#depth] = ref;
      slots[this.#depth++] = slot;
      ref = this.#directories.child(ref, slot);
      skip += bits;
    }
    return ref;
  }

  /** The last id before a key that its leaf has nothing up to. */
  #before(hi: number, lo: number): number {
    const ref = this.#descend(hi, lo);
    if (this.#side > 0) return this.#lastId(ref);
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const start = this.#directories.runStart(path[depth]!, slots[depth]!);
      if (start > 0) return this.#lastId(this.#directories.child(path[depth]!, start - 1));
    }
    return NONE;
  }

  #firstId(child: number): number {
    let ref = child;
    while (ref < 0) ref = this.#directories.child(ref, 0);
    return this.#leaves.id(ref, 0);
  }

  #lastId(child: number): number {
    let ref = child;
    while (ref < 0) ref = this.#directories.child(ref, (1 << bitsOf(ref)) - 1);
    return this.#leaves.id(ref, this.#leaves.size(ref) - 1);
  }

  /** Makes room in or beside a full leaf that a descent for a key has come to: in a neighbour, a new one, or a directory of its own. */
  #makeRoomIn(leaf: number, hi: number, lo: number): void {
    if (this.#depth > 0 && (this.#relieve(leaf, hi, lo) || this.#split(leaf, hi, lo))) return;
    const last = LEAF_KEYS - 1;
    const ofFirst = commonBits(hi, lo, this.#leaves.key(leaf, 0), this.#leaves.low(leaf, 0));
    const ofLast = commonBits(hi, lo, this.#leaves.key(leaf, last), this.#leaves.low(leaf, last));
    const skip = Math.min(ofFirst, ofLast);
    this.#replace(this.#depth, this.#directories.take(hi, lo, skip, Math.min(FIRST_BITS, this.#keyBits - skip), leaf));
  }

  /** Has a full leaf give slots with their keys to a neighbour that has room: so leaves are fuller when they are split. */
  #relieve(leaf: number, hi: number, lo: number): boolean {
    const directory = this.#lookAround();
    const { left, right } = { left: this.#roomOf(this.#left), right: this.#roomOf(this.#right) };
    if (left >= LEAST_ROOM && this.#chooseCut(directory, leaf, hi, lo, (left + 1) >> 1, 1, left)) {
      this.#leaves.moveHead(leaf, this.#cut, this.#left);
      this.#directories.lead(directory, this.#start, this.#cutSlot, this.#left);
      return true;
    }
    if (right < LEAST_ROOM || !this.#chooseCut(directory, leaf, hi, lo, LEAF_KEYS + 1 - ((right + 1) >> 1), LEAF_KEYS + 1 - right, LEAF_KEYS)) return false;
    this.#leaves.moveTail(leaf, this.#cut, this.#right);
    this.#directories.lead(directory, this.#cutSlot, this.#end, this.#right);
    return true;
  }

  /** Looks at where the last slot of a descent is, in the directory that it gives. */
  #lookAround(): number {
    const directories = this.#directories;
    const directory = path[this.#depth - 1]!;
    const slot = slots[this.#depth - 1]!;
    this.#start = directories.runStart(directory, slot);
    this.#end = directories.runEnd(directory, slot);
    this.#left = this.#start > 0 ? directories.child(directory, this.#start - 1) : NONE;
    this.#right = this.#end < 1 << bitsOf(directory) ? directories.child(directory, this.#end) : NONE;
    return directory;
  }

  #roomOf(child: number): number {
    return child < 0 ? 0 : LEAF_KEYS - this.#leaves.size(child);
  }

  /** Gives some slots of a full leaf with their keys to a new one; false where all its keys, and the new one, are in one slot. */
  #split(leaf: number, hi: number, lo: number): boolean {
    const directory = this.#lookAround();
    // Who files keys in ascending order leaves full leaves behind.
    const isLast = this.#leaves.upTo(leaf, hi, lo) === LEAF_KEYS;
    if (!this.#chooseCut(directory, leaf, hi, lo, isLast ? LEAF_KEYS : (LEAF_KEYS + 1) >> 1, 1, LEAF_KEYS)) return false;
    const right = this.#leaves.take();
    this.#leaves.moveTail(leaf, this.#cut, right);
    this.#directories.lead(directory, this.#cutSlot, this.#end, right);
    this.#addChild(directory);
    return true;
  }

  /**
   * Chooses a slot to cut a full leaf at: so that of its keys and the new one as many as possible to a wanted number are before it, and
   * at least and at most so many. False where there is none.
   */
  #chooseCut(directory: number, leaf: number, hi: number, lo: number, wanted: number, least: number, most: number): boolean {
    const skip = this.#directories.skip(directory);
    const bits = bitsOf(directory);
    const placeOfNew = this.#leaves.upTo(leaf, hi, lo);
    let best = Infinity;
    let before = -1;
    for (let count = 0; count <= most; count++) {
      const place = count > placeOfNew ? count - 1 : count;
      const slot = count === placeOfNew ? window(hi, lo, skip, bits) : window(this.#leaves.key(leaf, place), this.#leaves.low(leaf, place), skip, bits);
      if (count >= least && slot !== before && Math.abs(count - wanted) < best) {
        best = Math.abs(count - wanted);
        this.#cutSlot = slot;
        this.#cut = place;
      }
      before = slot;
    }
    return best < Infinity;
  }

  /** Notes that a directory, the last of the way, has another child; it gets twice the slots where these are few. */
  #addChild(directory: number): void {
    this.#directories.addChildren(directory, 1);
    const bits = bitsOf(directory);
    const skip = this.#directories.skip(directory);
    if (this.#directories.children(directory) * 2 <= 1 << bits || bits === MOST_BITS || skip + bits === this.#keyBits) return;
    this.#replace(this.#depth - 1, this.#directories.remake(directory, skip, bits + 1));
  }

  /** Makes room for a key beside a directory whose prefix it has not. */
  #makeRoomBeside(ref: number, hi: number, lo: number): void {
    if (this.#depth > 0 && this.#narrow(ref)) return;
    const directories = this.#directories;
    const before = directories.skip(ref);
    const skip = commonBits(hi, lo, directories.prefixHi(ref), directories.prefixLo(ref));
    const bits = bitsOf(ref) + before - skip;
    const isLooseEnough = bits <= MOST_BITS && 1 << bits <= LOOSE * (directories.children(ref) + 1);
    const around = isLooseEnough ? directories.remake(ref, skip, bits) : directories.take(hi, lo, skip, Math.min(FIRST_BITS, before - skip), ref);
    this.#replace(this.#depth, around);
  }

  /** Gives slots that lead to a directory without need, that of the last descent among them, to a leaf; false where it needs that. */
  #narrow(ref: number): boolean {
    const directories = this.#directories;
    const directory = this.#lookAround();
    const slot = slots[this.#depth - 1]!;
    const skip = directories.skip(directory);
    const first = window(directories.prefixHi(ref), directories.prefixLo(ref), skip, bitsOf(directory));
    const end = first + (1 << Math.max(0, skip + bitsOf(directory) - directories.skip(ref)));
    if (slot >= first && slot < end) return false;
    let leaf = slot < first ? this.#left : this.#right;
    if (leaf < 0) {
      leaf = this.#leaves.take();
      directories.addChildren(directory, 1);
    }
    if (slot < first) directories.lead(directory, this.#start, first, leaf);
    else directories.lead(directory, end, this.#end, leaf);
    return true;
  }

  /** Puts another child in place of the one at a depth of the last descent. */
  #replace(depth: number, child: number): void {
    const directories = this.#directories;
    if (depth === 0) {
      this.#root = child < 0 ? directories.referAt(child, 0) : child;
      return;
    }
    const directory = path[depth - 1]!;
    const start = directories.runStart(directory, slots[depth - 1]!);
    const end = directories.runEnd(directory, slots[depth - 1]!);
    const isOneSlot = child < 0 && end === start + 1;
    directories.lead(directory, start, end, isOneSlot ? directories.referAt(child, directories.skip(directory) + bitsOf(directory)) : explicitly(child));
  }

  /** Joins a leaf that has become small with a neighbour. */
  #tend(leaf: number): void {
    const directories = this.#directories;
    const directory = this.#lookAround();
    const { left, right } = { left: this.#left, right: this.#right };
    const isEmpty = this.#leaves.size(leaf) === 0;
    if (this.#fitsOne(left, leaf)) {
      this.#leaves.moveHead(leaf, this.#leaves.size(leaf), left);
      directories.lead(directory, this.#start, this.#end, left);
      this.#leaves.give(leaf);
    } else if (this.#fitsOne(right, leaf)) {
      this.#leaves.moveHead(right, this.#leaves.size(right), leaf);
      directories.lead(directory, this.#end, directories.runEnd(directory, this.#end), leaf);
      this.#leaves.give(right);
    } else if (isEmpty && left !== NONE) {
      directories.lead(directory, directories.runStart(directory, this.#start - 1), this.#end, explicitly(left));
      this.#leaves.give(leaf);
    } else if (isEmpty) {
      directories.lead(directory, this.#start, directories.runEnd(directory, this.#end), explicitly(right));
      this.#leaves.give(leaf);
    } else {
      return;
    }
    directories.addChildren(directory, -1);
    if (directories.children(directory) > 1) return;
    this.#replace(this.#depth - 1, directories.child(directory, 0));
    directories.give(directory);
  }

  #fitsOne(neighbour: number, leaf: number): boolean {
    return neighbour >= 0 && this.#leaves.size(neighbour) + this.#leaves.size(leaf) <= ROOMY;
  }
}
