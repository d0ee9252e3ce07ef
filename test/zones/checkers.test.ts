import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { parseZoneFile } from "../../src/dns/zone-file/index.ts";
import { isWanted, requireProgram } from "../support/program.ts";

/** What other software says of the zone files: each by its Debian package. */
const CHECKERS = [
  { program: "nsd-checkzone", from: "nsd", arguments: (zone: string, file: string) => [zone, file] },
  { program: "kzonecheck", from: "knot-dnssecutils", arguments: (zone: string, file: string) => ["-o", zone, file] },
  { program: "named-checkzone", from: "bind9-utils", arguments: (zone: string, file: string) => ["-q", zone, file] },
];
const READERS = [{ program: "ldns-read-zone", from: "ldnsutils" }];

const ZONES = join(import.meta.dirname, "../../zones");
const files = readdirSync(ZONES).filter((file) => file.endsWith(".zone"));

describe.each(CHECKERS)("$program", ({ program, from, arguments: argumentsFor }) => {
  test.runIf(isWanted(program)).each(files)(`takes %s (needs ${program})`, (file) => {
    const zone = file.slice(0, -".zone".length);
    const check = (): string => execFileSync(requireProgram(program, from), argumentsFor(zone, join(ZONES, file)), { encoding: "utf8", stdio: "pipe" });
    expect(check).not.toThrow();
  });
});

describe.each(READERS)("$program", ({ program, from }) => {
  test.runIf(isWanted(program)).each(files)(`reads %s as we do (needs ${program})`, (file) => {
    const text = readFileSync(join(ZONES, file), "utf8");
    const theirs = execFileSync(requireProgram(program, from), [join(ZONES, file)], { encoding: "utf8" });
    expect(identities(parseZoneFile(theirs, { file: program }).records)).toEqual(identities(parseZoneFile(text, { file }).records));
  });
});

function identities(records: readonly ResourceRecord[]): string[] {
  return records.map(({ name, type, ttl, data }) => `${name} ${type} ${ttl} ${Buffer.from(data).toString("hex")}`).toSorted();
}
