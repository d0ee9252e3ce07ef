import { type TableMemory, plainMemory } from "../../core/tables/table-memory.ts";
import type { Native } from "./native.ts";

/** linux/mman.h */
const MADV_HUGEPAGE = 14;
const HUGE_PAGE = 2 ** 21;
/** Rows that are some cache lines long begin with one. */
const CACHE_LINE = 64;
/** Of what is smaller a server that has little to do would take more memory than it writes to. */
const LEAST_OCTETS = 2 ** 25;

/**
 * Memory for large tables, in huge pages where the kernel gives these to who asks: a table is touched page by page as it grows, and a page
 * of 4 KiB takes some 10 us on a virtual machine, one of 2 MiB not much more. Without `native` it is memory as any other.
 */
export function hugeMemory(native: Native | string): TableMemory {
  if (typeof native === "string") return plainMemory;
  return (words) => {
    const octets = 4 * words + CACHE_LINE;
    if (octets < LEAST_OCTETS) return plainMemory(words);
    const buffer = new ArrayBuffer(octets);
    const address = native.addressOf(buffer);
    const first = Math.ceil(address / HUGE_PAGE) * HUGE_PAGE;
    const end = Math.floor((address + octets) / HUGE_PAGE) * HUGE_PAGE;
    // Where it is refused, pages are small.
    if (end > first) native.madvise(first, end - first, MADV_HUGEPAGE);
    return new Uint32Array(buffer, (CACHE_LINE - (address % CACHE_LINE)) % CACHE_LINE, words);
  };
}
