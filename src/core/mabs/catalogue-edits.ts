import { type Family, type Prefix, compareKeys } from "../../address/index.ts";
import type { PackedPrefixes } from "../../address/packed-prefixes.ts";

const FIRST_ROOM = 64;
/** Room that nobody touches costs nothing. */
const GROWTH = 8;
/** From so many on, comparing them costs more than counting their digits does. */
const MANY = 4_096;
const DIGIT = 0xffff;
const [LOW_DIGIT, HIGH_DIGIT, FAMILY] = [0, 16, -1];
/** Beside the length. */
const IS_IPV6 = 0x100;
const IS_ADDITION = 0x200;
const LENGTH = 0xff;

/** MABs put into sets or taken out, in columns: an object for each of 200,000 would cost more than all that is done with them. */
export class CatalogueEdits {
  #hi = new Uint32Array(FIRST_ROOM);
  #lo = new Uint32Array(FIRST_ROOM);
  #set = new Uint32Array(FIRST_ROOM);
  /** Length, family, and whether it is an addition. */
  #what = new Uint16Array(FIRST_ROOM);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(prefixes: PackedPrefixes, set: number, isAddition: boolean): void {
    while (this.#size + prefixes.size > this.#hi.length) this.#grow();
    for (let row = 0; row < prefixes.size; row++) {
      this.#hi[this.#size] = prefixes.hi(row);
      this.#lo[this.#size] = prefixes.lo(row);
      this.#set[this.#size] = set;
      this.#what[this.#size++] = prefixes.length(row) | (prefixes.family(row) === 6 ? IS_IPV6 : 0) | (isAddition ? IS_ADDITION : 0);
    }
  }

  family(edit: number): Family {
    return (this.#what[edit]! & IS_IPV6) === 0 ? 4 : 6;
  }

  hi(edit: number): number {
    return this.#hi[edit]!;
  }

  lo(edit: number): number {
    return this.#lo[edit]!;
  }

  length(edit: number): number {
    return this.#what[edit]! & LENGTH;
  }

  set(edit: number): number {
    return this.#set[edit]!;
  }

  isAddition(edit: number): boolean {
    return (this.#what[edit]! & IS_ADDITION) !== 0;
  }

  prefix(edit: number): Prefix {
    return { family: this.family(edit), hi: this.hi(edit), lo: this.lo(edit), length: this.length(edit) };
  }

  /** As comparePrefixes. */
  compare(a: number, b: number): number {
    const families = (this.#what[a]! & IS_IPV6) - (this.#what[b]! & IS_IPV6);
    return families || compareKeys(this.#hi[a]!, this.#lo[a]!, this.#hi[b]!, this.#lo[b]!) || this.length(a) - this.length(b);
  }

  /** All of them in the order of their prefixes; those of one prefix as they came. */
  inOrder(): Uint32Array {
    const order = new Uint32Array(this.#size);
    for (let edit = 0; edit < order.length; edit++) order[edit] = edit;
    if (this.#size < MANY) return this.#sort(order);
    const sorted = this.#byDigit(this.#byDigit(this.#byDigit(order, LOW_DIGIT), HIGH_DIGIT), FAMILY);
    for (let first = 0, end; first < sorted.length; first = end) {
      end = first + 1;
      while (end < sorted.length && this.#hi[sorted[end]!] === this.#hi[sorted[first]!] && this.family(sorted[end]!) === this.family(sorted[first]!)) end++;
      if (end > first + 1) this.#sort(sorted.subarray(first, end));
    }
    return sorted;
  }

  #sort(order: Uint32Array): Uint32Array {
    order.set(order.toSorted((a, b) => this.compare(a, b) || a - b));
    return order;
  }

  /** In order of one digit of their first words, or of their families; otherwise as they were. */
  #byDigit(order: Uint32Array, shift: number): Uint32Array {
    const digit = (edit: number): number => (shift === FAMILY ? this.#what[edit]! & IS_IPV6 : (this.#hi[edit]! >>> shift) & DIGIT);
    const next = new Uint32Array(DIGIT + 1);
    for (let at = 0; at < order.length; at++) next[digit(at)]!++;
    for (let value = 0, before = 0; value <= DIGIT; value++) {
      const count = next[value]!;
      next[value] = before;
      before += count;
    }
    const sorted = new Uint32Array(order.length);
    for (const edit of order) sorted[next[digit(edit)]!++] = edit;
    return sorted;
  }

  #grow(): void {
    const room = GROWTH * this.#hi.length;
    this.#hi = grown(this.#hi, new Uint32Array(room));
    this.#lo = grown(this.#lo, new Uint32Array(room));
    this.#set = grown(this.#set, new Uint32Array(room));
    this.#what = grown(this.#what, new Uint16Array(room));
  }
}

function grown<T extends Uint32Array | Uint16Array>(before: T, after: T): T {
  after.set(before);
  return after;
}
