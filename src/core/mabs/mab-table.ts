import { type Family, type Prefix, comparePrefixes } from "../../address/index.ts";
import { PrefixList } from "../tables/prefix-list.ts";
import { NO_PREFIX, type Segment, SegmentTable } from "../tables/segment-table.ts";
import { makeSegments } from "../tables/segment-writer.ts";

/** MABs of both families, for longest-match look-up. A MAB is named by its index in `prefixes`. */
export class MabTable {
  readonly prefixes: readonly Prefix[];
  /** By row of the sorted list. */
  readonly #numbers: Int32Array;
  readonly #ipv4: SegmentTable;
  readonly #ipv6: SegmentTable;

  /** `prefixes` without duplicates, in any order. */
  constructor(prefixes: readonly Prefix[]) {
    this.prefixes = prefixes;
    this.#numbers = Int32Array.from(prefixes.keys()).toSorted((a, b) => comparePrefixes(prefixes[a]!, prefixes[b]!));
    const list = PrefixList.of(Array.from(this.#numbers, (number) => prefixes[number]!));
    this.#ipv4 = new SegmentTable(makeSegments(4, list), list.start(4));
    this.#ipv6 = new SegmentTable(makeSegments(6, list), list.start(6));
  }

  /** Fills `out` with the MAB around a key and the keys around it that have the same longest match. */
  find(family: Family, hi: number, lo: number, out: Segment): void {
    (family === 4 ? this.#ipv4 : this.#ipv6).find(hi, lo, out);
    if (out.prefix !== NO_PREFIX) out.prefix = this.#numbers[out.prefix]!;
  }

  /** The MAB with the longest match, or NO_PREFIX. */
  match(family: Family, hi: number, lo: number): number {
    const row = (family === 4 ? this.#ipv4 : this.#ipv6).match(hi, lo);
    return row === NO_PREFIX ? NO_PREFIX : this.#numbers[row]!;
  }
}
