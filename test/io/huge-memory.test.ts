import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plainMemory } from "../../src/core/tables/table-memory.ts";
import { hugeMemory } from "../../src/io/batch/huge-memory.ts";
import { type Native, loadNative } from "../../src/io/batch/native.ts";

const WORDS = 2 ** 24 + 5;
const MIB = 2 ** 20;
const loaded = loadNative();

/** MiB of the mapping around an address that are in huge pages: proc(5), smaps. */
function inHugePages(address: number): number {
  const mappings = readFileSync("/proc/self/smaps", "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const around = mappings.find((mapping) => {
    const [from, to] = mapping.slice(0, mapping.indexOf(" ")).split("-").map((half) => Number.parseInt(half, 16));
    return from! <= address && address < to!;
  });
  return Number(/^AnonHugePages:\s+(\d+) kB/m.exec(around!)![1]) / 1024;
}

/** Whether the kernel gives huge pages to who asks. */
function areGiven(): boolean {
  try {
    return !readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8").includes("[never]");
  } catch {
    return false;
  }
}

describe.runIf(typeof loaded !== "string")("memory for large tables", () => {
  const native = loaded as Native;

  test("is as much as was asked for, all zero, and begins with a cache line", () => {
    const words = hugeMemory(native).rows(WORDS);
    expect([words.length, words[0], words[WORDS - 1]]).toEqual([WORDS, 0, 0]);
    expect((native.addressOf(words.buffer as ArrayBuffer) + words.byteOffset) % 64).toBe(0);
  });

  test.runIf(areGiven())("is in huge pages once it is written to", () => {
    const words = hugeMemory(native).rows(WORDS);
    for (let at = 0; at < WORDS; at += 1024) words[at] = 1;
    expect(inHugePages(native.addressOf(words.buffer as ArrayBuffer) + 32 * MIB)).toBeGreaterThan(32);
  });

  test.runIf(areGiven())("is taken without being touched where it is preallocated, for hash tables too", async () => {
    const memory = hugeMemory(native, { preallocate: true });
    for (const words of [memory.rows(WORDS), memory.slots(WORDS)]) {
      await expect.poll(() => inHugePages(native.addressOf(words.buffer as ArrayBuffer) + 32 * MIB), { timeout: 30_000 }).toBeGreaterThan(56);
      expect(words.every((word) => word === 0)).toBe(true);
    }
  });

  test("is not in huge pages for hash tables otherwise", () => {
    const asked: number[] = [];
    const noting: Native = { ...native, madvise: (_address, octets) => asked.push(octets) };
    expect(hugeMemory(noting).slots(WORDS)).toHaveLength(WORDS);
    expect(asked).toEqual([]);
  });

  test("is there where the kernel refuses, and what is small is not asked for", () => {
    const asked: number[] = [];
    const refusing: Native = {
      ...native,
      madvise: (_address, octets) => {
        asked.push(octets);
        return -1;
      },
    };
    expect([hugeMemory(refusing).rows(WORDS).length, hugeMemory(refusing).rows(1000).length]).toEqual([WORDS, 1000]);
    expect(asked).toHaveLength(1);
  });
});

test("without system calls it is memory as any other", () => {
  expect(hugeMemory("not here")).toBe(plainMemory);
});
