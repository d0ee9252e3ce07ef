import { plainMemory } from "./table-memory.ts";

/** The two 32-bit numbers by which a row is found. */
export interface RowKeys {
  first(row: number): number;
  second(row: number): number;
}

/** No row. */
export const NO_ROW = -1;
/** More rows have no room beside their tags. */
export const MOST_ROWS = 0xff_ffff;

/** Slots for each row: with fewer, runs of taken slots become long. */
const SLOTS_A_ROW = 1.45;
const ROW = 0xff_ffff;

/**
 * Finds rows of a table by a pair of numbers that these rows have, each pair at most once: an open hash with linear probing, 4 octets
 * a slot. A slot has its row's number plus one, and 8 bits of the hash, so that other rows are hardly ever looked at.
 */
export class RowIndex {
  readonly #keys: RowKeys;
  readonly #slots: Uint32Array;
  /** Slots for each of the 2^32 hashes. */
  readonly #scale: number;

  /** `capacity`: rows at one time, at most MOST_ROWS. */
  constructor(capacity: number, keys: RowKeys, memory = plainMemory) {
    this.#keys = keys;
    this.#slots = memory.slots(Math.ceil(capacity * SLOTS_A_ROW) + 1);
    this.#scale = this.#slots.length / 2 ** 32;
  }

  /** The row with this pair; NO_ROW when there is none. */
  find(first: number, second: number): number {
    const hash = hashOf(first, second);
    for (let slot = this.#home(hash); ; slot = this.#after(slot)) {
      const value = this.#slots[slot]!;
      if (value === 0) return NO_ROW;
      if (((value >>> 24) ^ hash) & 0xff) continue;
      const row = (value & ROW) - 1;
      if (this.#keys.first(row) === first && this.#keys.second(row) === second) return row;
    }
  }

  /** The row that stands where one with this pair would, if it stands in its own place; NO_ROW when none does. */
  likely(first: number, second: number): number {
    return (this.#slots[this.#home(hashOf(first, second))]! & ROW) - 1;
  }

  /** Adds a row, whose pair no other row has. */
  insert(row: number): void {
    const hash = hashOf(this.#keys.first(row), this.#keys.second(row));
    let slot = this.#home(hash);
    while (this.#slots[slot] !== 0) slot = this.#after(slot);
    this.#slots[slot] = (hash << 24) | (row + 1);
  }

  /** Takes a row out that is in it; call it while the row still has its pair. */
  remove(row: number): void {
    const hash = hashOf(this.#keys.first(row), this.#keys.second(row));
    const value = ((hash << 24) | (row + 1)) >>> 0;
    let slot = this.#home(hash);
    while (this.#slots[slot] !== value) slot = this.#after(slot);
    this.#closeGap(slot);
  }

  /** Moves back what stands behind a gap only because its place was taken. */
  #closeGap(empty: number): void {
    let gap = empty;
    for (let slot = this.#after(gap); this.#slots[slot] !== 0; slot = this.#after(slot)) {
      const row = (this.#slots[slot]! & ROW) - 1;
      const home = this.#home(hashOf(this.#keys.first(row), this.#keys.second(row)));
      if (this.#distance(home, slot) < this.#distance(gap, slot)) continue;
      this.#slots[gap] = this.#slots[slot]!;
      gap = slot;
    }
    this.#slots[gap] = 0;
  }

  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#slots.length;
  }

  #home(hash: number): number {
    return ((hash >>> 0) * this.#scale) | 0;
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }
}

/** Its upper bits choose the slot, its lower ones are the tag. */
function hashOf(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
  return hash ^ (hash >>> 13);
}
