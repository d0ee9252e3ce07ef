import { type Family, type Prefix, compareKeys } from "../../address/index.ts";
import type { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { prefixOrder } from "../../address/prefix-order.ts";

const FIRST_ROOM = 64;
/** Room that nobody touches costs nothing. */
const GROWTH = 8;
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
    const count = prefixes.size;
    const first = this.#size;
    this.#size += count;
    while (this.#size > this.#hi.length) this.#grow();
    const [hi, lo, what] = [this.#hi, this.#lo, this.#what];
    for (let row = 0; row < count; row++) {
      hi[first + row] = prefixes.hi(row);
      lo[first + row] = prefixes.lo(row);
      what[first + row] = prefixes.length(row) | (prefixes.family(row) === 6 ? IS_IPV6 : 0) | (isAddition ? IS_ADDITION : 0);
    }
    this.#set.fill(set, first, this.#size);
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
    return prefixOrder(this, (a, b) => this.compare(a, b));
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
