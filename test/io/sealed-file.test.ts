import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DamagedFileError, readSealed, writeSealed } from "../../src/io/sealed-file.ts";

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
    expect(() => readSealed(path, "test 2")).toThrow('is of the kind "test 1", and not "test 2"');
  });

  test("takes the place of the one before in one step", async () => {
    await writeSealed(path, "test 1", { header: 2, parts: [] });
    expect(readSealed(path, "test 1")).toEqual({ header: 2, parts: [] });
  });
});
