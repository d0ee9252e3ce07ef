import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DamagedFileError, markOf, readSealed, writeSealed } from "../../src/io/sealed-file.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-sealed-"));
  path = join(directory, "it.drtm");
  await writeSealed(path, "test 1", { header: { name: "ü" }, parts: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)] });
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("a sealed file", () => {
  test("gives back what was written; nothing else is left beside it", () => {
    expect(readSealed(path, "test 1")).toEqual({ header: { name: "ü" }, parts: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)] });
    expect(readdirSync(directory)).toEqual(["it.drtm"]);
    expect(readSealed(join(directory, "other.drtm"), "test 1")).toBeUndefined();
  });

  test("of which any octet is another is set aside", () => {
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const spoilt = Buffer.from(whole);
      spoilt[at]! ^= 0x40;
      writeFileSync(path, spoilt);
      expect(() => readSealed(path, "test 1")).toThrow(DamagedFileError);
      expect(existsSync(path)).toBe(false);
      expect(readFileSync(`${path}.damaged`)).toEqual(spoilt);
    }
  });

  test("that was cut off at any place is set aside", () => {
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(() => readSealed(path, "test 1")).toThrow(/set aside as/);
    }
  });

  test("of another kind or version is set aside, and the message says so", () => {
    expect(() => readSealed(path, "test 2")).toThrow("is of version 1, and this drtm reads version 2: an older one has written it: set aside as");
  });

  test("of a newer drtm, or of another kind, is set aside, and the message says so", async () => {
    expect(() => readSealed(path, "test 0")).toThrow("is of version 1, and this drtm reads version 0: a newer one has written it");
    await writeSealed(path, "test 1", { header: 1, parts: [] });
    expect(() => readSealed(path, "other 1")).toThrow('is of the kind "test 1", and not "other 1"');
  });

  test("that is damaged where nothing can be renamed is not used, and the message says both", () => {
    truncateSync(path, 50);
    mkdirSync(join(`${path}.damaged`, "x"), { recursive: true });
    expect(() => readSealed(path, "test 1")).toThrow(/does not have the checksum that it ends with: it could not be set aside \(E.*\), and not used/);
  });

  test("may have two writers at one time: it is whole, and one of theirs", async () => {
    const write = (name: number): Promise<unknown> => writeSealed(path, "test 1", { header: name, parts: [new Uint8Array(1_000_000).fill(name)] });
    await Promise.all([1, 2, 3, 4].map(write));
    const { header, parts } = readSealed(path, "test 1")!;
    expect(parts[0]).toEqual(new Uint8Array(1_000_000).fill(header as number));
    expect(readdirSync(directory)).toEqual(["it.drtm"]);
  });

  test("is told from what another has written in its place", async () => {
    const mark = await writeSealed(path, "test 1", { header: 1, parts: [] });
    expect(await markOf(path)).toEqual(mark);
    await writeSealed(path, "test 1", { header: 1, parts: [] });
    expect(await markOf(path)).not.toEqual(mark);
    expect(await markOf(`${path}.not`)).toBeUndefined();
  });

  test("has removed what a process that died left beside it, but not what one may be writing", async () => {
    const [old, young] = [`${path}.0123.new`, `${path}.4567.new`];
    for (const file of [old, young]) writeFileSync(file, "half");
    utimesSync(old, new Date(), new Date(Date.now() - 2 * 3_600_000));
    await writeSealed(path, "test 1", { header: 1, parts: [] });
    expect(readdirSync(directory)).toEqual(["it.drtm", "it.drtm.4567.new"]);
  });

  test("takes the place of the one before in one step", async () => {
    await writeSealed(path, "test 1", { header: 2, parts: [] });
    expect(readSealed(path, "test 1")).toEqual({ header: 2, parts: [] });
  });
});
