import { type Family, type Prefix, compareKeys, maskBits, prefixAround, prefixLast } from "../../address/index.ts";
import type { MappingBody } from "../../wire/index.ts";
import { EntryTable, NO_ENTRY } from "./entry-table.ts";
import type { KeyBatch } from "../tables/key-batch.ts";
import { RangeIndex } from "../tables/range-index.ts";
import type { TableMemory } from "../tables/table-memory.ts";

const EVICTION_STEPS = 256;
/** So many expiring entries are visited in one go: taken out, that is 1 to 2 ms, in which datagrams wait. */
const MOST_VISITED = 256;

/** MABs inside a MAB, on either side, that are passed over to find an entry of it. */
const NEAREST_STEPS = 8;

/**
 * Answers by range: disjoint, inserted whole, removed whole. An entry that somebody was promised to hear of is never
 * evicted, only expired or withdrawn.
 */
export class Cache {
  readonly entries: EntryTable;
  /** Whether somebody counts on an entry. */
  isHeld: (entry: number) => boolean = () => false;
  readonly #ipv4: RangeIndex;
  readonly #ipv6: RangeIndex;
  #hand = 0;
  /** Where `walk` goes on. */
  #walker = 1;

  /** `seed`: a random number. */
  constructor(maxEntries: number, maxUpstreams: number, seed: number, memory?: TableMemory) {
    this.entries = new EntryTable(maxEntries, maxUpstreams, seed, memory);
    this.#ipv4 = new RangeIndex(false, memory);
    this.#ipv6 = new RangeIndex(true, memory);
  }

  get size(): number {
    return this.entries.size - this.entries.chains.voids;
  }

  /** The entry around a key, expired or not, that is not void; NO_ENTRY when there is none. */
  find(family: Family, hi: number, lo: number): number {
    const entry = this.#around(family, hi, lo);
    return entry === NO_ENTRY || this.entries.isVoid(entry) ? NO_ENTRY : entry;
  }

  /** Reads what `find` and an answer will for each key of a batch, which finds the entries that these will most likely be about, or NO_ENTRY. Returns something of what was read. */
  lookAhead(family: Family, batch: KeyBatch): number {
    return this.#index(family).lookAhead(batch) ^ this.entries.glanceAll(batch);
  }

  /** Some entry, void or not, that shares a key with a range: the lowest one; NO_ENTRY when there is none. */
  overlapping(family: Family, firstHi: number, firstLo: number, lastHi: number, lastLo: number): number {
    const index = this.#index(family);
    const around = index.floorSought(firstHi, firstLo);
    if (around !== NO_ENTRY && this.entries.reaches(around, firstHi, firstLo)) return around;
    const above = index.aboveSought(firstHi, firstLo);
    if (above === NO_ENTRY) return NO_ENTRY;
    return compareKeys(this.entries.firstHi(above), this.entries.firstLo(above), lastHi, lastLo) <= 0 ? above : NO_ENTRY;
  }

  /** The lowest entry, void or not, that begins above a key and not above the end of a range; NO_ENTRY when there is none. */
  following(family: Family, hi: number, lo: number, lastHi: number, lastLo: number): number {
    if (compareKeys(hi, lo, lastHi, lastLo) >= 0) return NO_ENTRY;
    const above = this.#index(family).above(hi, lo);
    if (above === NO_ENTRY) return NO_ENTRY;
    return compareKeys(this.entries.firstHi(above), this.entries.firstLo(above), lastHi, lastLo) <= 0 ? above : NO_ENTRY;
  }

  /** Some entry of the MAB around a key, the nearest on one side; NO_ENTRY when none is near. */
  nearest(family: Family, hi: number, lo: number, prefixLength: number): number {
    const { entries } = this;
    const index = this.#index(family);
    let below = this.#within(index.floor(hi, lo), hi, lo, prefixLength);
    let above = this.#within(index.above(hi, lo), hi, lo, prefixLength);
    for (let step = 0; step < NEAREST_STEPS && (below !== NO_ENTRY || above !== NO_ENTRY); step++) {
      if (below !== NO_ENTRY && entries.prefixLength(below) === prefixLength) return below;
      if (above !== NO_ENTRY && entries.prefixLength(above) === prefixLength) return above;
      if (below !== NO_ENTRY) below = this.#within(this.#belowMabOf(below), hi, lo, prefixLength);
      if (above !== NO_ENTRY) above = this.#within(this.#aboveMabOf(above), hi, lo, prefixLength);
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

  /**
   * Visits the entries among the next `rows` rows that expire within `leadMs`, going round. `visit` may remove the one it is given. Gives how many
   * rows are left to be looked at: where many entries are to be visited, it ends before.
   */
  walk(rows: number, nowMs: number, leadMs: number, visit: (entry: number) => void): number {
    const { entries } = this;
    const { highWater } = entries;
    let left = Math.min(rows, highWater);
    for (let visits = 0; left > 0 && visits < MOST_VISITED; ) {
      const first = this.#walker >= highWater ? 0 : this.#walker;
      const end = Math.min(first + left, highWater);
      const entry = entries.nextExpiring(first, end, nowMs + leadMs);
      const next = Math.min(entry + 1, end);
      left -= next - first;
      this.#walker = next;
      if (entry === end || !entries.isTaken(entry)) continue;
      visit(entry);
      visits++;
    }
    return left;
  }

  #around(family: Family, hi: number, lo: number): number {
    // As Int32, which calls take without a box.
    const upper = hi | 0;
    const lower = lo | 0;
    const entry = (family === 4 ? this.#ipv4 : this.#ipv6).floor(upper, lower);
    return entry === NO_ENTRY || !this.entries.reaches(entry, upper, lower) ? NO_ENTRY : entry;
  }

  #advance(): number {
    const entry = this.#hand;
    this.#hand = this.#hand + 1 >= this.entries.highWater ? 0 : this.#hand + 1;
    return entry;
  }

  /** An entry, if it lies in a prefix around a key. */
  #within(entry: number, hi: number, lo: number, prefixLength: number): number {
    if (entry === NO_ENTRY) return NO_ENTRY;
    const { entries } = this;
    const outside = ((entries.firstHi(entry) ^ hi) & maskBits(prefixLength)) | ((entries.firstLo(entry) ^ lo) & maskBits(prefixLength - 32));
    return outside === 0 ? entry : NO_ENTRY;
  }

  #belowMabOf(entry: number): number {
    const { hi, lo } = this.#mabOf(entry);
    return this.#index(this.entries.family(entry)).below(hi, lo);
  }

  #aboveMabOf(entry: number): number {
    const { hi, lo } = prefixLast(this.#mabOf(entry));
    return this.#index(this.entries.family(entry)).above(hi, lo);
  }

  #mabOf(entry: number): Prefix {
    const { entries } = this;
    return prefixAround(entries.family(entry), entries.firstHi(entry), entries.firstLo(entry), entries.prefixLength(entry));
  }

  #index(family: Family): RangeIndex {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}
