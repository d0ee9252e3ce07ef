import { appendFileSync, fdatasyncSync, fsyncSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatIp, formatPrefix, parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { ChangeLog, ChangeLogError } from "../../src/io/change-log.ts";
import { MappingBody } from "../../src/wire/index.ts";
import { MAPPING } from "../support/world.ts";

vi.mock("node:fs", { spy: true });

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-changes-"));
  path = join(directory, "changes.txt");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Makes changes as a QSA does: on disk first. */
function change(store: MappingStore, log: ChangeLog, range: string, etr: string | null): void {
  const parsed = etr === null ? null : parseIp(etr);
  log.append(store.plan(parseRange(range), parsed));
  store.change(parseRange(range), parsed);
}

function look(store: MappingStore, address: string): { etr: string; version: number; position: number } {
  const body = new MappingBody();
  store.lookUp(4, parseIp(address).words[0], 0, body);
  return { etr: body.etrFamily === 4 ? formatIp(parseIp([24, 16, 8, 0].map((bits) => (body.etr0 >>> bits) & 255).join("."))) : "none", version: body.versionLo, position: body.positionLo };
}

describe("changes kept on disk", () => {
  test("bring a store back to where it was", () => {
    const before = new MappingStore(MAPPING);
    const log = ChangeLog.open(path, before);
    change(before, log, "192.0.2.0-192.0.2.99", "203.0.113.7");
    change(before, log, "192.0.2.10-192.0.2.19", null);
    change(before, log, "2001:db8::/64", "2001:db8:ffff::9");
    log.close();
    const after = new MappingStore(MAPPING);
    ChangeLog.open(path, after).close();
    for (const address of ["192.0.2.5", "192.0.2.15", "192.0.2.150"]) expect(look(after, address)).toEqual(look(before, address));
    expect(look(after, "192.0.2.5")).toEqual({ etr: "203.0.113.7", version: 12, position: 12 });
  });

  test("half a line at the end was not made, and does not spoil what follows", () => {
    writeFileSync(path, "192.0.2.0/24 1.11 192.0.2.0-192.0.2.99 203.0.113.7\n192.0.2.0/24 1.12 192.0");
    const store = new MappingStore(MAPPING);
    const log = ChangeLog.open(path, store);
    change(store, log, "192.0.2.150", "203.0.113.8");
    log.close();
    expect(readFileSync(path, "utf8")).toBe("192.0.2.0/24 1.11 192.0.2.0-192.0.2.99 203.0.113.7\n192.0.2.0/24 1.12 192.0.2.150 203.0.113.8\n");
  });

  test("what newer mapping files hold already, or a higher lineage has ended, is passed over", () => {
    writeFileSync(path, "192.0.2.0/24 1.10 192.0.2.0-192.0.2.99 203.0.113.7\n192.0.2.0/24 0.99 192.0.2.0-192.0.2.99 203.0.113.7\n198.51.100.0/24 1.1 198.51.100.1 203.0.113.7\n");
    const store = new MappingStore(MAPPING);
    ChangeLog.open(path, store).close();
    expect(look(store, "192.0.2.5")).toEqual({ etr: "203.0.113.1", version: 3, position: 10 });
  });

  test.each([
    ["192.0.2.0/24 1.15 192.0.2.1 203.0.113.7\n", "changes.txt:1: 192.0.2.0/24 is at 1.10 in the mapping files, and the next change kept is 1.15: changes are missing"],
    ["\nhello\n", 'changes.txt:2: "hello" is no change: write MAB LINEAGE.NUMBER RANGE ETR'],
    ["\u001b[2J\n", String.raw`changes.txt:1: "\x1b[2J" is no change`],
    ["192.0.2.0/24 1.11 192.0.2.300 203.0.113.7\n", "has an octet above 255"],
  ])("%j is refused with its line", (text, message) => {
    appendFileSync(path, text);
    const open = (): unknown => ChangeLog.open(path, new MappingStore(MAPPING));
    expect(open).toThrow(ChangeLogError);
    expect(open).toThrow(message);
  });

  test("a change that cannot be kept is not to be made", () => {
    const log = ChangeLog.open(join(directory, "nowhere", "changes.txt"), new MappingStore(MAPPING));
    expect(() => log.append(new MappingStore(MAPPING).plan(parseRange("192.0.2.1"), null))).toThrow("the change was not made, since it cannot be kept in");
  });

  test.each([
    ["the disk fails", () => vi.mocked(fdatasyncSync).mockImplementationOnce(failing)],
    ["the disk is full", () => vi.mocked(writeSync).mockImplementationOnce(writesOnlyHalf).mockImplementationOnce(failing)],
  ])("a change that could not be kept is not made by the next start either: %s", (_name, breakDisk) => {
    const before = new MappingStore(MAPPING);
    const log = ChangeLog.open(path, before);
    change(before, log, "192.0.2.150", "203.0.113.8");
    breakDisk();
    expect(() => {
      change(before, log, "192.0.2.0-192.0.2.99", "203.0.113.7");
    }).toThrow(ChangeLogError);
    expect(readFileSync(path, "utf8")).toBe("192.0.2.0/24 1.11 192.0.2.150 203.0.113.8\n");
    change(before, log, "192.0.2.0-192.0.2.99", "203.0.113.9");
    log.close();
    const after = new MappingStore(MAPPING);
    ChangeLog.open(path, after).close();
    expect(look(after, "192.0.2.5")).toEqual({ etr: "203.0.113.9", version: 12, position: 12 });
  });

  test("a new file's name is on disk before its first change is made, and where that fails the change is not made", () => {
    const store = new MappingStore(MAPPING);
    const log = ChangeLog.open(path, store);
    const sync = vi.mocked(fsyncSync).mockClear().mockImplementationOnce(failing);
    expect(() => {
      change(store, log, "192.0.2.150", "203.0.113.8");
    }).toThrow(ChangeLogError);
    expect(readFileSync(path, "utf8")).toBe("");
    change(store, log, "192.0.2.150", "203.0.113.9");
    change(store, log, "192.0.2.151", "203.0.113.9");
    expect(sync).toHaveBeenCalledTimes(2);
    log.close();
    expect(look(store, "192.0.2.150").etr).toBe("203.0.113.9");
  });

  test("another QSA with the same file is noticed, and so is that the file has gone", () => {
    const [mine, theirs] = [new MappingStore(MAPPING), new MappingStore(MAPPING)];
    const [log, other] = [ChangeLog.open(path, mine), ChangeLog.open(path, theirs)];
    change(mine, log, "192.0.2.1", "203.0.113.7");
    expect(() => change(theirs, other, "192.0.2.2", "203.0.113.8")).toThrow("something else has written to it (another QSA with the same file?)");
    rmSync(path);
    expect(() => change(mine, log, "192.0.2.3", "203.0.113.9")).toThrow("it has been removed while this QSA runs");
    log.close();
    other.close();
  });

  test("a file that holds no changes is left as it is", () => {
    const text = "mab 192.0.2.0/24 lineage 1 position 1\n192.0.2.0-192.0.2.99 203.0.113.1";
    writeFileSync(path, text);
    expect(() => ChangeLog.open(path, new MappingStore(MAPPING))).toThrow(ChangeLogError);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that changes cannot be kept can be told before there are any", () => {
    expect(ChangeLog.open(path, new MappingStore(MAPPING)).obstacle).toBeUndefined();
    expect(ChangeLog.open(join(directory, "nowhere", "changes.txt"), new MappingStore(MAPPING)).obstacle).toContain("changes of mapping will be refused");
  });

  test("a change whose range has come to another MAB is refused, not made there", () => {
    const outer = { prefix: parsePrefix("198.51.100.0/24"), lineage: 1, position: 1, micronets: [] };
    const inner = { prefix: parsePrefix("198.51.100.0/28"), lineage: 1, position: 1, micronets: [] };
    writeFileSync(path, "198.51.100.0/24 1.2 198.51.100.1 203.0.113.7\n");
    expect(() => ChangeLog.open(path, new MappingStore([outer, inner]))).toThrow("198.51.100.1 was in 198.51.100.0/24 when it was changed (1.2), and is in another MAB");
  });

  test("40,000 changes come back soon, however many MABs there are", () => {
    const mabs = Array.from({ length: 40_000 }, (_, index) => ({ prefix: parsePrefix(`10.${index >> 8}.${index & 255}.0/24`), lineage: 1, position: 1, micronets: [] }));
    writeFileSync(path, mabs.map(({ prefix }) => `${formatPrefix(prefix)} 1.2 ${formatPrefix(prefix)} 203.0.113.7\n`).join(""));
    const store = new MappingStore(mabs);
    const started = performance.now();
    ChangeLog.open(path, store).close();
    expect(store.micronets).toBe(40_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

function writesOnlyHalf(file: number, line: unknown): number {
  appendFileSync(file, (line as Uint8Array).subarray(0, 20));
  return 20;
}

function failing(): never {
  throw new Error("EIO: i/o error, fdatasync");
}
