import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { parseZoneFile } from "../../src/dns/zone-file/index.ts";

/** What other software says of the zone files: each by its Debian package. */
const CHECKERS = [
  { program: "nsd-checkzone", from: "nsd", arguments: (zone: string, file: string) => [zone, file] },
  { program: "kzonecheck", from: "knot", arguments: (zone: string, file: string) => ["-o", zone, file] },
  { program: "named-checkzone", from: "bind9-utils", arguments: (zone: string, file: string) => ["-q", zone, file] },
];
const READERS = [{ program: "ldns-read-zone", from: "ldnsutils" }];

const ZONES = join(import.meta.dirname, "../../zones");
const files = readdirSync(ZONES).filter((file) => file.endsWith(".zone"));

describe.each(CHECKERS)("$program", (checker) => {
  const path = find(checker);
  test.runIf(path !== undefined).each(files)("takes %s", (file) => {
    const zone = file.slice(0, -".zone".length);
    expect(() => execFileSync(path!, checker.arguments(zone, join(ZONES, file)), { encoding: "utf8", stdio: "pipe" })).not.toThrow();
  });
});

describe.each(READERS)("$program", (reader) => {
  const path = find(reader);
  test.runIf(path !== undefined).each(files)("reads %s as we do", (file) => {
    const text = readFileSync(join(ZONES, file), "utf8");
    const theirs = execFileSync(path!, [join(ZONES, file)], { encoding: "utf8" });
    expect(identities(parseZoneFile(theirs, { file: reader.program }).records)).toEqual(identities(parseZoneFile(text, { file }).records));
  });
});

/** Where a program is; a missing one is announced, and with CI set an error. */
function find({ program, from }: { program: string; from: string }): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  const path = folders.map((folder) => join(folder, program)).find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  const notice = `${program} is missing (apt install ${from}): zone files are not checked with it`;
  if (process.env["CI"]) throw new Error(notice);
  process.stderr.write(`left out: ${notice}\n`);
  return undefined;
}

function identities(records: readonly ResourceRecord[]): string[] {
  return records.map(({ name, type, ttl, data }) => `${name} ${type} ${ttl} ${Buffer.from(data).toString("hex")}`).toSorted();
}
