import { type Family, compareKeys } from "../../address/index.ts";
import type { MappingBody } from "../../wire/index.ts";
import { remainingMs } from "../clock.ts";
import { EntryTable, NO_ENTRY } from "./entry-table.ts";
import { RangeIndex } from "../tables/range-index.ts";

const EVICTION_STEPS = 64;

/**
 * Answers by range: disjoint, inserted whole, removed whole. An entry that was promised to a querier (its ledger is not
 * empty) is never evicted, only expired or withdrawn.
 */
export class Cache {
  readonly entries: EntryTable;
  readonly #ipv4 = new RangeIndex();
  readonly #ipv6 = new RangeIndex();
  #hand = 0;

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

  /** Files an answer for a range that no entry overlaps; NO_ENTRY when nothing can make room for it. */
  insert(result: number, body: MappingBody, expiryMs: number, upstream: number): number {
    let entry = this.entries.add(result, body, expiryMs, upstream);
    if (entry === NO_ENTRY && this.#evict()) entry = this.entries.add(result, body, expiryMs, upstream);
    if (entry !== NO_ENTRY) this.#index(this.entries.family(entry)).insert(body.firstHi, body.firstLo, entry);
    return entry;
  }

  /** Takes an entry out. Its ledger must have been emptied. */
  remove(entry: number): void {
    this.#index(this.entries.family(entry)).remove(this.entries.firstHi(entry), this.entries.firstLo(entry));
    this.entries.release(entry);
  }

  /** The next expired entry among at most `steps` rows looked at, going round; NO_ENTRY when there is none. */
  nextExpired(nowMs: number, steps: number): number {
    for (let step = 0; step < Math.min(steps, this.entries.highWater); step++) {
      const entry = this.#advance();
      if (this.entries.isTaken(entry) && remainingMs(this.entries.expiry(entry), nowMs) <= 0) return entry;
    }
    return NO_ENTRY;
  }

  /** CLOCK over the entries that nobody was promised. */
  #evict(): boolean {
    for (let step = 0; step < EVICTION_STEPS; step++) {
      const entry = this.#advance();
      if (!this.entries.isTaken(entry) || this.entries.ledger(entry) !== 0) continue;
      if (this.entries.takeTouched(entry)) continue;
      this.remove(entry);
      return true;
    }
    return false;
  }

  #advance(): number {
    const entry = this.#hand;
    this.#hand = this.#hand + 1 >= this.entries.highWater ? 0 : this.#hand + 1;
    return entry;
  }

  #index(family: Family): RangeIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}
