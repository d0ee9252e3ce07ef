import { appendFileSync, fdatasyncSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatIp, parseIp, parseRange } from "../../src/address/index.ts";
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
    ["the disk is full", () => vi.mocked(writeSync).mockImplementationOnce(writesOnlyHalf)],
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
});

function writesOnlyHalf(file: number, line: unknown): number {
  appendFileSync(file, String(line).slice(0, 20));
  return 20;
}

function failing(): never {
  throw new Error("EIO: i/o error, fdatasync");
}
