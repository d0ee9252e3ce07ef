import { mkdtempSync, readFileSync, rmSync, type writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseIp, parseRange } from "../../src/address/index.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { ChangeLog } from "../../src/io/change-log.ts";
import { MAPPING } from "../support/world.ts";

/** Octets that the disk still takes. */
let room = Infinity;

vi.mock(import("node:fs"), async (original) => {
  const fs = await original();
  const write = (file: number, octets: Buffer, offset = 0): number => {
    const fits = Math.min(octets.length - offset, room);
    if (fits <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    room -= fits;
    return fs.writeSync(file, octets, offset, fits);
  };
  return { ...fs, writeSync: write as typeof writeSync };
});

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-full-"));
});

afterEach(() => {
  room = Infinity;
  rmSync(directory, { recursive: true });
});

test("a full disk takes half a change: it is not made, and the next one is whole", () => {
  const path = join(directory, "changes.txt");
  const store = new MappingStore(MAPPING);
  const log = ChangeLog.open(path, store);
  const planned = store.plan(parseRange("192.0.2.150"), parseIp("203.0.113.8"));
  room = 20;
  expect(() => log.append(planned)).toThrow("the change was not made, since it cannot be kept in");
  expect(readFileSync(path, "utf8")).toBe("");
  room = Infinity;
  log.append(planned);
  log.close();
  expect(readFileSync(path, "utf8")).toBe("192.0.2.0/24 1.11 192.0.2.150 203.0.113.8\n");
});
