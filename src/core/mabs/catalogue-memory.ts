import type { ColumnMemory } from "../tables/column-memory.ts";
import type { Catalogue } from "./catalogue.ts";

/** So much room to grow is given with each buffer. */
const HEADROOM = 1.25;
/** A buffer is used for something smaller, but not for something so much smaller. */
const WASTE = 2;

/**
 * Memory for the columns of catalogues that follow upon each other. Threads that share such memory do not know that it is garbage until each of
 * them has collected its own, which may be never; so what no catalogue in use has is used for the next one.
 */
export class CatalogueMemory {
  readonly #given = new Set<SharedArrayBuffer>();
  readonly #free = new Set<SharedArrayBuffer>();

  readonly take: ColumnMemory = (octets) => {
    const buffer = this.#fitting(octets) ?? new SharedArrayBuffer(Math.ceil(octets * HEADROOM));
    this.#free.delete(buffer);
    this.#given.add(buffer);
    return buffer;
  };

  /** Takes back what it has given but for the columns of these: the only catalogues that anybody uses, in any thread. */
  reclaim(inUse: Iterable<Catalogue>): void {
    const used = new Set(Array.from(inUse, buffersOf).flat());
    this.#free.clear();
    for (const buffer of this.#given) {
      if (used.has(buffer)) continue;
      this.#given.delete(buffer);
      this.#free.add(buffer);
    }
  }

  /** The smallest that is large enough. */
  #fitting(octets: number): SharedArrayBuffer | undefined {
    let best: SharedArrayBuffer | undefined;
    for (const buffer of this.#free) {
      const fits = buffer.byteLength >= octets && buffer.byteLength <= octets * HEADROOM * WASTE;
      if (fits && (best === undefined || buffer.byteLength < best.byteLength)) best = buffer;
    }
    return best;
  }
}

function buffersOf({ columns: { prefixes, groupOf, ipv4, ipv6 } }: Catalogue): ArrayBufferLike[] {
  const segments = [ipv4, ipv6].flatMap(({ firstHi, firstLo, prefix, directory }) => [firstHi, firstLo, prefix, directory]);
  return [prefixes.hi, prefixes.lo, prefixes.lengths, groupOf, ...segments].map(({ buffer }) => buffer);
}
