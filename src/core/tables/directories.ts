import type { KeyBatch } from "./key-batch.ts";
import { type TableMemory, plainMemory } from "./table-memory.ts";
import { compareKeys, maskBits } from "../../address/index.ts";

/** Slots of a directory at most: 2^12. So many are copied in some microseconds. */
export const MOST_BITS = 12;

/** A directory's words: how long the prefix is that its keys have in common, this, how many children it has; then its slots. */
const SKIP = 0;
const PREFIX_HI = 1;
const PREFIX_LO = 2;
const CHILDREN = 3;
const SLOTS = 4;

/** Memory is handed out in units of so many words, from chunks, each twice as large as the one before. */
const UNIT_SHIFT = 2;
const UNIT = 1 << UNIT_SHIFT;
const FIRST_CHUNK_BITS = 4;

/** A reference: that it is to a directory (and so below zero), whether its prefix must be looked at, bits of its slots, place. */
const DIRECTORY = 1 << 31;
const EXPLICIT = 1 << 30;
const BITS_SHIFT = 26;
const PLACE = (1 << BITS_SHIFT) - 1;

/** Not a child. */
export const OUTSIDE = -1;

/** Bits of slots that a reference has. */
export function bitsOf(ref: number): number {
  return (ref >>> BITS_SHIFT) & 0x0f;
}

/** Whether the directory's prefix does not simply follow from where the reference stands. */
export function isExplicit(ref: number): boolean {
  return (ref & EXPLICIT) !== 0;
}

/** The same child, whose prefix is to be looked at if it is a directory. */
export function explicitly(ref: number): number {
  return ref < 0 ? ref | EXPLICIT : ref;
}

/** How many bits two keys have in common from the first on. */
export function commonBits(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return aHi === bHi ? 32 + Math.clz32(aLo ^ bLo) : Math.clz32(aHi ^ bHi);
}

/** `bits` bits of a key after the first `skip`; of IPv4 ones within the upper half. */
export function window(hi: number, lo: number, skip: number, bits: number): number {
  const upper = skip < 32 ? (hi << skip) | ((lo >>> 1) >>> (31 - skip)) : lo << skip;
  return upper >>> (32 - bits);
}

/**
 * Directories of a radix tree: each has slots for all values of some bits of keys that have the bits before in common. A slot leads to a
 * child: a directory or, not below zero, what the caller has. Neighbouring slots may lead to the same child.
 */
export class Directories {
  readonly #chunks: Int32Array[] = [];
  readonly #returned: number[][] = [];
  #next = 1 << FIRST_CHUNK_BITS;
  #taken = 0;
  readonly #memory: TableMemory;

  constructor(memory = plainMemory) {
    this.#memory = memory;
  }

  /** How many there are. */
  get taken(): number {
    return this.#taken;
  }

  /** A directory for keys that have the first `skip` bits of a key; all its slots lead to one child. */
  take(hi: number, lo: number, skip: number, bits: number, child: number): number {
    const ref = DIRECTORY | EXPLICIT | (bits << BITS_SHIFT) | this.#place(bits);
    const words = this.#words(ref);
    const at = this.#at(ref);
    words[at + SKIP] = skip;
    words[at + PREFIX_HI] = hi & maskBits(skip);
    words[at + PREFIX_LO] = lo & maskBits(skip - 32);
    words[at + CHILDREN] = 1;
    words.fill(child, at + SLOTS, at + SLOTS + (1 << bits));
    this.#taken++;
    return skip === 0 ? ref & ~EXPLICIT : ref;
  }

  give(ref: number): void {
    (this.#returned[bitsOf(ref)] ??= []).push(ref & PLACE);
    this.#taken--;
  }

  /** A reference for slots that lie `skip` bits deep: whether the prefix need be looked at follows from that. */
  referAt(ref: number, skip: number): number {
    return this.skip(ref) === skip ? ref & ~EXPLICIT : ref | EXPLICIT;
  }

  skip(ref: number): number {
    return this.#words(ref)[this.#at(ref) + SKIP]!;
  }

  prefixHi(ref: number): number {
    return this.#words(ref)[this.#at(ref) + PREFIX_HI]! >>> 0;
  }

  prefixLo(ref: number): number {
    return this.#words(ref)[this.#at(ref) + PREFIX_LO]! >>> 0;
  }

  children(ref: number): number {
    return this.#words(ref)[this.#at(ref) + CHILDREN]!;
  }

  addChildren(ref: number, more: number): void {
    this.#words(ref)[this.#at(ref) + CHILDREN]! += more;
  }

  /** Below zero for a key before all that have the prefix, above zero for one after these, otherwise zero. */
  side(ref: number, hi: number, lo: number): number {
    const words = this.#words(ref);
    const at = this.#at(ref);
    const skip = words[at + SKIP]!;
    const prefixHi = words[at + PREFIX_HI]!;
    const prefixLo = words[at + PREFIX_LO]!;
    const differs = ((hi ^ prefixHi) & maskBits(skip)) | ((lo ^ prefixLo) & maskBits(skip - 32));
    return differs === 0 ? 0 : compareKeys(hi, lo, prefixHi >>> 0, prefixLo >>> 0);
  }

  /** Goes from one child to that of a key which is no directory; OUTSIDE when a directory has another prefix than the key. */
  leafFor(from: number, hi: number, lo: number): number {
    let ref = from | 0;
    let skip = 0;
    while (ref < 0) {
      if ((ref & EXPLICIT) !== 0) {
        skip = this.skip(ref);
        if (!this.#hasPrefix(ref, skip, hi, lo)) return OUTSIDE;
      }
      const place = ref & PLACE;
      const zeros = Math.clz32(place);
      const bits = (ref >>> BITS_SHIFT) & 0x0f;
      const upper = skip < 32 ? (hi << skip) | ((lo >>> 1) >>> (31 - skip)) : lo << skip;
      ref = this.#chunks[31 - FIRST_CHUNK_BITS - zeros]![(((place & (0x7fff_ffff >>> zeros)) << UNIT_SHIFT) + SLOTS + (upper >>> (32 - bits))) | 0]!;
      skip = (skip + bits) | 0;
    }
    return ref;
  }

  /**
   * Goes with all keys of a batch to what is no directory, one level after the other, so that they wait together for what they need of each. Prefixes
   * are not looked at: a key that has another one than a directory is led astray.
   */
  leadAll(from: number, { hi, lo, found, skips, count }: KeyBatch): void {
    found.fill(from, 0, count);
    skips.fill(0, 0, count);
    for (let left = count; left > 0; ) {
      left = 0;
      for (let key = 0; key < count; key++) {
        const ref = found[key]!;
        if (ref >= 0) continue;
        const skip = (ref & EXPLICIT) === 0 ? skips[key]! : this.skip(ref);
        const bits = (ref >>> BITS_SHIFT) & 0x0f;
        found[key] = this.child(ref, window(hi[key]!, lo[key]!, skip, bits));
        skips[key] = skip + bits;
        left++;
      }
    }
  }

  child(ref: number, slot: number): number {
    return this.#words(ref)[this.#at(ref) + SLOTS + slot]!;
  }

  /** Has slots from one up to another lead to a child. */
  lead(ref: number, from: number, end: number, child: number): void {
    const at = this.#at(ref) + SLOTS;
    this.#words(ref).fill(child, at + from, at + end);
  }

  /** The first slot that leads where this one does. */
  runStart(ref: number, slot: number): number {
    const words = this.#words(ref);
    const at = this.#at(ref) + SLOTS;
    let start = slot;
    while (start > 0 && words[at + start - 1] === words[at + slot]) start--;
    return start;
  }

  /** The slot after the last that leads where this one does. */
  runEnd(ref: number, slot: number): number {
    const words = this.#words(ref);
    const at = this.#at(ref) + SLOTS;
    const count = 1 << bitsOf(ref);
    let end = slot + 1;
    while (end < count && words[at + end] === words[at + slot]) end++;
    return end;
  }

  /**
   * Another directory in place of one, with slots for longer prefixes or for more of them: `skip` at most as long as before, `bits` at
   * least as many as its keys then need. Who has no slot before or after goes to the first child or the last.
   */
  remake(ref: number, skip: number, bits: number): number {
    const before = this.skip(ref);
    const larger = this.take(this.prefixHi(ref), this.prefixLo(ref), skip, bits, 0);
    this.addChildren(larger, this.children(ref) - 1);
    const slots = 1 << bitsOf(ref);
    // Slots there for each one here.
    const each = 1 << (skip + bits - before - bitsOf(ref));
    const start = skip < before ? window(this.prefixHi(ref), this.prefixLo(ref), skip, bits) : 0;
    for (let slot = 0; slot < slots; slot++) {
      const child = this.child(ref, slot);
      this.lead(larger, start + slot * each, start + (slot + 1) * each, each === 1 ? child : explicitly(child));
    }
    this.#stretch(larger, start, start + slots * each);
    this.give(ref);
    return larger;
  }

  /** Has the slots before `from` and from `end` on lead to the children there. */
  #stretch(ref: number, from: number, end: number): void {
    const slots = 1 << bitsOf(ref);
    if (from > 0) this.lead(ref, 0, this.runEnd(ref, from), explicitly(this.child(ref, from)));
    if (end < slots) this.lead(ref, this.runStart(ref, end - 1), slots, explicitly(this.child(ref, end - 1)));
  }

  /** Whether a key, whose halves may be Int32 too, has the prefix of a directory, of `skip` bits. */
  #hasPrefix(ref: number, skip: number, hi: number, lo: number): boolean {
    const words = this.#words(ref);
    const at = this.#at(ref);
    const upper = (hi ^ words[at + PREFIX_HI]!) | 0;
    if (skip <= 32) return skip === 0 || upper >>> (32 - skip) === 0;
    return upper === 0 && (lo ^ words[at + PREFIX_LO]!) >>> (64 - skip) === 0;
  }

  #words(ref: number): Int32Array {
    return this.#chunks[chunkOf(ref & PLACE)]!;
  }

  #at(ref: number): number {
    const place = ref & PLACE;
    return (place - (1 << (31 - Math.clz32(place)))) * UNIT;
  }

  #place(bits: number): number {
    const returned = this.#returned[bits]?.pop();
    if (returned !== undefined) return returned;
    const units = Math.ceil((SLOTS + (1 << bits)) / UNIT);
    while (chunkOf(this.#next + units - 1) !== chunkOf(this.#next)) this.#next = firstOf(chunkOf(this.#next) + 1);
    const place = this.#next;
    this.#next += units;
    const chunk = chunkOf(place);
    this.#chunks[chunk] ??= signed(this.#memory.rows(firstOf(chunk) * UNIT));
    return place;
  }
}

function signed({ buffer, byteOffset, length }: Uint32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

function chunkOf(place: number): number {
  return 31 - FIRST_CHUNK_BITS - Math.clz32(place);
}

/** The first unit of a chunk; it has as many. */
function firstOf(chunk: number): number {
  return 1 << (chunk + FIRST_CHUNK_BITS);
}
