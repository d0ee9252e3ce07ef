import { type TableMemory, plainMemory } from "../../core/tables/table-memory.ts";
import type { Native } from "./native.ts";

/** linux/mman.h */
const MADV_HUGEPAGE = 14;
const MADV_POPULATE_WRITE = 23;
const HUGE_PAGE = 2 ** 21;
/** Rows that are some cache lines long begin with one. */
const CACHE_LINE = 64;
/** Of what is smaller a server that has little to do would take more memory than it writes to. */
const LEAST_OCTETS = 2 ** 25;
/** What is preallocated may be smaller: all of it is wanted. */
const LEAST_PREALLOCATED = 4 * HUGE_PAGE;

export interface HugeMemoryOptions {
  /** All of it is taken at once, in another thread, not page by page as it is touched. */
  readonly preallocate: boolean;
}

/**
 * Memory for large tables, in huge pages where the kernel gives these to who asks: a table is touched page by page as it grows, and a page
 * of 4 KiB takes some 10 us on a virtual machine, one of 2 MiB some milliseconds where its host gives memory out in small pages, and a
 * fraction of that elsewhere. Hash tables, which would soon have touched all huge pages, are in such only where memory is preallocated.
 * Without `native` it is memory as any other.
 */
export function hugeMemory(native: Native | string, { preallocate }: HugeMemoryOptions = { preallocate: false }): TableMemory {
  if (typeof native === "string") return plainMemory;
  const huge = (words: number): Uint32Array => hugeWords(native, words, preallocate);
  return { rows: huge, slots: preallocate ? huge : plainMemory.slots };
}

function hugeWords(native: Native, words: number, preallocate: boolean): Uint32Array {
  const octets = 4 * words + CACHE_LINE;
  if (octets < (preallocate ? LEAST_PREALLOCATED : LEAST_OCTETS)) return plainMemory.rows(words);
  const buffer = new ArrayBuffer(octets);
  const address = native.addressOf(buffer);
  const first = Math.ceil(address / HUGE_PAGE) * HUGE_PAGE;
  const end = Math.floor((address + octets) / HUGE_PAGE) * HUGE_PAGE;
  // Where it is refused, pages are small.
  if (end > first) native.madvise(first, end - first, MADV_HUGEPAGE);
  if (preallocate) populate(native, first, end);
  return new Uint32Array(buffer, (CACHE_LINE - (address % CACHE_LINE)) % CACHE_LINE, words);
}

/** Page by page, so that who wants other memory meanwhile waits for no more than one; where the kernel cannot (before Linux 5.14), or has no more, pages are taken as they are touched. */
function populate(native: Native, from: number, end: number): void {
  if (from >= end) return;
  native.madviseAsync(from, HUGE_PAGE, MADV_POPULATE_WRITE, (result) => {
    if (result === 0) populate(native, from + HUGE_PAGE, end);
  });
}
