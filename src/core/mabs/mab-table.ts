import { type Family, type Prefix, comparePrefixes } from "../../address/index.ts";
import { type Segment, SegmentTable } from "../tables/segment-table.ts";

/** All MABs of both families, for longest-match look-up. A MAB is named by its index in `prefixes`. */
export class MabTable {
  readonly prefixes: readonly Prefix[];
  readonly #ipv4: SegmentTable;
  readonly #ipv6: SegmentTable;

  /** `prefixes` without duplicates, in any order. */
  constructor(prefixes: readonly Prefix[]) {
    this.prefixes = prefixes;
    this.#ipv4 = tableOf(4, prefixes);
    this.#ipv6 = tableOf(6, prefixes);
  }

  /** Fills `out` with the MAB around a key and the keys around it that have the same longest match. */
  find(family: Family, hi: number, lo: number, out: Segment): void {
    (family === 4 ? this.#ipv4 : this.#ipv6).find(hi, lo, out);
  }

  /** The MAB with the longest match, or NO_PREFIX. */
  match(family: Family, hi: number, lo: number): number {
    return (family === 4 ? this.#ipv4 : this.#ipv6).match(hi, lo);
  }
}

function tableOf(family: Family, prefixes: readonly Prefix[]): SegmentTable {
  const ids = prefixes.flatMap((prefix, id) => (prefix.family === family ? [id] : []));
  ids.sort((a, b) => comparePrefixes(prefixes[a]!, prefixes[b]!));
  return new SegmentTable(family, ids.map((id) => prefixes[id]!), ids);
}
