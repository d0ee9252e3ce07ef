import { type Family, compareKeys, maskBits } from "../../address/index.ts";
import type { MappingBody } from "../../wire/index.ts";
import { EntryTable, NO_ENTRY } from "./entry-table.ts";
import { RangeIndex } from "../tables/range-index.ts";

const EVICTION_STEPS = 256;

/** Entries looked at to find one of a MAB. */
const NEAREST_STEPS = 8;

/**
 * Answers by range: disjoint, inserted whole, removed whole. An entry that somebody was promised to hear of is never
 * evicted, only expired or withdrawn.
 */
export class Cache {
  readonly entries: EntryTable;
  /** Whether somebody counts on an entry. */
  isHeld: (entry: number) => boolean = () => false;
  readonly #ipv4 = new RangeIndex();
  readonly #ipv6 = new RangeIndex();
  #hand = 0;
  #walker = 0;

  constructor(maxEntries: number, maxUpstreams: number) {
    this.entries = new EntryTable(maxEntries, maxUpstreams);
  }

  get size(): number {
    return this.entries.size;
  }

  /** The entry around a key, expired or not; NO_ENTRY when there is none. */
  find(family: Family, hi: number, lo: number): number {
    const entry = this.#index(family).floor(hi, lo);
    if (entry === NO_ENTRY) return NO_ENTRY;
    return compareKeys(hi, lo, this.entries.lastHi(entry), this.entries.lastLo(entry)) <= 0 ? entry : NO_ENTRY;
  }

  /** Some entry that shares a key with a range: the lowest one; NO_ENTRY when there is none. */
  overlapping(family: Family, firstHi: number, firstLo: number, lastHi: number, lastLo: number): number {
    const around = this.find(family, firstHi, firstLo);
    if (around !== NO_ENTRY) return around;
    const above = this.#index(family).above(firstHi, firstLo);
    if (above === NO_ENTRY) return NO_ENTRY;
    return compareKeys(this.entries.firstHi(above), this.entries.firstLo(above), lastHi, lastLo) <= 0 ? above : NO_ENTRY;
  }

  /** The lowest entry that begins above a key and not above the end of a range; NO_ENTRY when there is none. */
  following(family: Family, hi: number, lo: number, lastHi: number, lastLo: number): number {
    const above = this.#index(family).above(hi, lo);
    if (above === NO_ENTRY) return NO_ENTRY;
    return compareKeys(this.entries.firstHi(above), this.entries.firstLo(above), lastHi, lastLo) <= 0 ? above : NO_ENTRY;
  }

  /** Some entry close to a key that lies in the same MAB; NO_ENTRY when none is near. */
  nearest(family: Family, hi: number, lo: number, prefixLength: number): number {
    const { entries } = this;
    const index = this.#index(family);
    let below = index.floor(hi, lo);
    let above = index.above(hi, lo);
    for (let step = 0; step < NEAREST_STEPS && (below !== NO_ENTRY || above !== NO_ENTRY); step++) {
      if (below !== NO_ENTRY && this.#isIn(below, family, hi, lo, prefixLength)) return below;
      if (above !== NO_ENTRY && this.#isIn(above, family, hi, lo, prefixLength)) return above;
      if (above !== NO_ENTRY) above = index.above(entries.firstHi(above), entries.firstLo(above));
      if (below !== NO_ENTRY) below = index.below(entries.firstHi(below), entries.firstLo(below));
    }
    return NO_ENTRY;
  }

  /** Files an answer for a range that no entry overlaps; NO_ENTRY when every row is taken. */
  insert(result: number, body: MappingBody, expiryMs: number, upstream: number): number {
    const entry = this.entries.add(result, body, expiryMs, upstream);
    if (entry !== NO_ENTRY) this.#index(this.entries.family(entry)).insert(body.firstHi, body.firstLo, entry);
    return entry;
  }

  /** Takes an entry out. Nobody may count on it any more. */
  remove(entry: number): void {
    this.#index(this.entries.family(entry)).remove(this.entries.firstHi(entry), this.entries.firstLo(entry));
    this.entries.release(entry);
  }

  /** The next to make room for another: CLOCK over the entries that nobody counts on. NO_ENTRY when none is found soon. */
  evictable(): number {
    for (let step = 0; step < EVICTION_STEPS; step++) {
      const entry = this.#advance();
      if (!this.entries.isTaken(entry) || this.isHeld(entry)) continue;
      if (!this.entries.takeTouched(entry)) return entry;
    }
    return NO_ENTRY;
  }

  /** Visits the entries among the next `rows` rows, going round. `visit` may remove the one it is given. */
  walk(rows: number, visit: (entry: number) => void): void {
    for (let step = Math.min(rows, this.entries.highWater); step > 0; step--) {
      this.#walker = this.#walker + 1 >= this.entries.highWater ? 0 : this.#walker + 1;
      if (this.entries.isTaken(this.#walker)) visit(this.#walker);
    }
  }

  #advance(): number {
    const entry = this.#hand;
    this.#hand = this.#hand + 1 >= this.entries.highWater ? 0 : this.#hand + 1;
    return entry;
  }

  #isIn(entry: number, family: Family, hi: number, lo: number, prefixLength: number): boolean {
    const { entries } = this;
    const around = (((entries.firstHi(entry) ^ hi) & maskBits(prefixLength)) | ((entries.firstLo(entry) ^ lo) & maskBits(prefixLength - 32))) === 0;
    return around && entries.family(entry) === family && entries.prefixLength(entry) === prefixLength;
  }

  #index(family: Family): RangeIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}
