import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RecordType, decodeSoa, decodeSvcb, decodeTxt } from "../../src/dns/records/index.ts";
import { parseZoneFile } from "../../src/dns/zone-file/index.ts";
import { leftIn, previousIn, writeZones } from "../../src/zone-tools/build/directory.ts";
import { type ZonePlan, planZones } from "../../src/zone-tools/build/plan.ts";
import { nextSerial } from "../../src/zone-tools/build/serial.ts";
import { loadDescription } from "../../src/zone-tools/description/load.ts";

const DESCRIPTION = `registry:
  apex: drtm.example
  nameServers: [{ name: ns.drtm.example, addresses: [192.0.2.53] }]
  sets:
    - services: [s1.dsoc-a.example]
      mabs: [198.51.100.0/24]
      mabFiles: [mabs.txt]
  keys:
    - { zone: dsoc-a.example, dsFile: dsset }
dsocs:
  - apex: dsoc-a.example
    nameServers: [{ name: ns.elsewhere.example }]
    qsas:
      - { name: fra1, addresses: [192.0.2.1, "2001:db8::1"], region: eu-fra, city: Frankfurt }
      - { name: nyc1, addresses: [192.0.2.2], weight: 50, port: 4345 }
    services:
      - name: s1
        tiers: [{ tier: 10, qsas: [fra1] }, { tier: 20, qsas: [nyc1] }]
`;
const DIGEST = "0123456789abcdef".repeat(4);

let directory: string;
let out: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-build-"));
  out = join(directory, "out");
  write("world.yaml", DESCRIPTION);
  write("mabs.txt", "# ours\n203.0.113.0/24  # a customer\n2001:db8::/32\n");
  write("dsset", `dsoc-a.example. IN DS 60485 13 2 ${DIGEST.slice(0, 50).toUpperCase()} ${DIGEST.slice(50).toUpperCase()}\n`);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("a description", () => {
  test("becomes the zones of registry and DSOC", () => {
    const [registry, dsoc] = build();
    const zone = parseZoneFile(registry!.text, { file: registry!.fileName });
    const texts = (name: string): string[] => zone.records.filter((record) => record.name === name && record.type === RecordType.TXT).flatMap(({ data }) => decodeTxt(data));
    expect(texts("version.drtm.example.")).toEqual(["drtm1"]);
    expect(texts("dsoc-a.example.keys.drtm.example.")).toEqual([`60485 13 2 ${DIGEST}`]);
    expect(registry!.text).toContain("APL   1:198.51.100.0/24 1:203.0.113.0/24\n");
    expect(registry!.text).toContain("; 0.0.0.0/0: others; a customer.\n");
    expect(decodeSoa(zone.records[0]!.data)).toEqual({ mname: "ns.drtm.example.", rname: "hostmaster.drtm.example.", serial: 1, refresh: 300, retry: 60, expire: 604_800, minimum: 60 });
    const bindings = parseZoneFile(dsoc!.text, { file: dsoc!.fileName }).records.filter(({ type }) => type === RecordType.SVCB).map(({ data }) => decodeSvcb(data));
    expect(bindings).toMatchObject([
      { priority: 10, target: "fra1.dsoc-a.example.", port: 4344, region: "eu-fra", weight: 100, alpn: ["drtm1"] },
      { priority: 20, target: "nyc1.dsoc-a.example.", port: 4345, weight: 50 },
    ]);
    expect(bindings.map(({ ipv4hint = [], ipv6hint = [] }) => [ipv4hint.length, ipv6hint.length])).toEqual([[1, 1], [1, 0]]);
  });

  test("built again, gives the same bytes, and touches no file", () => {
    build();
    const before = readdirSync(out).map((file) => [file, statSync(join(out, file)).mtimeMs, readFileSync(join(out, file), "utf8")]);
    expect(build().map(({ state }) => state)).toEqual(["unchanged", "unchanged"]);
    expect(readdirSync(out).map((file) => [file, statSync(join(out, file)).mtimeMs, readFileSync(join(out, file), "utf8")])).toEqual(before);
  });

  test("with one MAB more changes its bucket and the digests above it, and raises one serial", () => {
    build();
    write("mabs.txt", "203.0.113.0/24\n2001:db8::/32\n192.0.2.0/24\n");
    const [registry, dsoc] = build();
    expect(registry).toMatchObject({ state: "changed", serialBefore: 1, serial: 2 });
    expect(registry!.changes.map(({ change, type }) => `${change} ${type}`)).toEqual(["changed TXT", "changed TXT", "changed APL"]);
    expect(dsoc).toMatchObject({ state: "unchanged", serial: 1 });
  });

  test("with other comments only is written again under its serial", () => {
    build();
    write("mabs.txt", "203.0.113.0/24  # another customer\n2001:db8::/32\n");
    expect(build()[0]).toMatchObject({ state: "comments", serial: 1, changes: [] });
    expect(readFileSync(join(out, "drtm.example.zone"), "utf8")).toContain("another customer");
  });

  test("does not depend on the order of its MABs", () => {
    const [before] = build();
    write("mabs.txt", "2001:db8::/32\n# ours\n203.0.113.0/24  # a customer\n");
    expect(build()[0]).toMatchObject({ state: "unchanged", text: before!.text });
  });

  test("takes names in capitals, and IPv4 addresses in IPv6 form, for what they are", () => {
    const [before] = build().slice(1);
    write("world.yaml", DESCRIPTION.replace("name: nyc1, addresses: [192.0.2.2]", 'name: NYC1, addresses: ["::ffff:192.0.2.2"]').replace("qsas: [nyc1]", "qsas: [Nyc1]"));
    expect(build()[1]).toMatchObject({ state: "unchanged", text: before!.text });
  });

  test("puts no line of a title or a comment among the records", () => {
    write("world.yaml", DESCRIPTION.replace("  apex: drtm.example\n", '  apex: drtm.example\n  title: "ours\\nevil TXT \\e[2J"\n'));
    write("mabs.txt", "203.0.113.0/24  # a \u001b[2J\rcustomer\n");
    const { text } = build()[0]!;
    expect(text.split("\n")[0]).toBe(String.raw`; ours\x0aevil TXT \x1b[2J.`);
    expect(text).toContain(String.raw`a \x1b[2J\x0dcustomer`);
  });

  test("of 20,000 MABs in one list takes no longer than to read it", () => {
    const mabs = Array.from({ length: 20_000 }, (_, index) => `11.${index >> 8}.${index & 255}.0/24`);
    write("world.yaml", DESCRIPTION.replace("[198.51.100.0/24]", `[${mabs.join(", ")}, 11.0.7.0/24]`));
    const start = process.cpuUsage();
    expect(faults()).toEqual([expect.stringContaining('"registry.sets.0.mabs.20000" is wrong: it is an earlier one (item 8): list it once')]);
    const { user, system } = process.cpuUsage(start);
    // Some 0.5 s. Each compared with all before it: a minute.
    expect(user + system).toBeLessThan(15_000_000);
  });

  test("leaves no temporary file, and the old one where it cannot write", () => {
    build();
    expect(readdirSync(out).toSorted()).toEqual(["drtm.example.zone", "dsoc-a.example.zone"]);
    mkdirSync(join(directory, "blocked", "drtm.example.zone", "inside"), { recursive: true });
    expect(() => {
      writeZones(join(directory, "blocked"), planZones(loadDescription(join(directory, "world.yaml")), () => undefined, 0));
    }).toThrow(/drtm\.example\.zone cannot be written: .*the file that was there is as it was/);
    expect(readdirSync(join(directory, "blocked"))).toEqual(["drtm.example.zone"]);
  });

  test("is not stopped by directories in place of zone files, and says so where one is in the way", () => {
    mkdirSync(join(out, "other.zone"), { recursive: true });
    expect(leftIn(out, build(), "world.yaml")).toEqual([]);
    rmSync(join(out, "drtm.example.zone"));
    mkdirSync(join(out, "drtm.example.zone"));
    expect(build).toThrow(`${join(out, "drtm.example.zone")} is a directory: name a file`);
  });

  test("does not go on from a zone file that is broken, or of another zone", () => {
    build();
    writeFileSync(join(out, "drtm.example.zone"), "$TTL 60\n@ SOA ns hostmaster 7\n");
    expect(build).toThrow(/drtm\.example\.zone:2: the refresh is missing: the serial must go on from this file, so repair it/);
    writeFileSync(join(out, "drtm.example.zone"), "$TTL 60\n@ SOA ns hostmaster 7 1 1 1 1\n".replace("@", "other.example."));
    expect(build).toThrow("drtm.example.zone holds the zone other.example. and not drtm.example.: move it away");
  });
});

test.each<[Parameters<typeof nextSerial>, number]>([
  [["increment", undefined, 1_800_000_000], 1],
  [["increment", 7, 1_800_000_000], 8],
  [["increment", 0xffffffff, 0], 0],
  [["unix-time", undefined, 1_800_000_000.9], 1_800_000_000],
  [["unix-time", 1_700_000_000, 1_800_000_000], 1_800_000_000],
  [["unix-time", 1_800_000_000, 1_800_000_000], 1_800_000_001],
  [["unix-time", 2_026_112_400, 1_800_000_000], 2_026_112_401],
])("the serial after %j is %d", (given, serial) => {
  expect(nextSerial(...given)).toBe(serial);
});

describe("what is wrong in a description is told with file, line and remedy", () => {
  test.each<[string, string, string, string]>([
    ["an unknown key", "    services:\n", "    servces:\n", '16: unknown key "dsocs.0.servces", did you mean "services"?'],
    ["an unknown QSA", "qsas: [nyc1]", "qsas: [nyc2]", "18: nyc2 is no QSA of dsoc-a.example., did you mean \"nyc1\"?"],
    ["a QSA in two tiers", "qsas: [nyc1]", "qsas: [fra1]", "18: fra1 is in an earlier tier of s1: list it once"],
    ["an unknown service", "[s1.dsoc-a.example]", "[s2.dsoc-a.example]", '5: s2.dsoc-a.example. is no service of dsoc-a.example., did you mean "s1.dsoc-a.example."?'],
    ["a name server without address", "addresses: [192.0.2.53]", "", "3: ns.drtm.example. is in the zone and has no address: list its \"addresses\""],
    ["an address of a name server elsewhere", "name: ns.elsewhere.example", "name: ns.elsewhere.example, addresses: [192.0.2.1]", "12: ns.elsewhere.example. is not in dsoc-a.example., whose zone cannot hold its addresses: leave them out"],
    ["port 0", "port: 4345", "port: 0", '15: "dsocs.0.qsas.1.port" is wrong (0): write a whole number from 1 to 65535'],
    ["host bits in a MAB", "198.51.100.0/24", "198.51.100.1/24", '6: "registry.sets.0.mabs.0" is wrong: "198.51.100.1/24" has bits set after its first 24'],
    ["a missing file", "[mabs.txt]", "[gone.txt]", "7: %/gone.txt does not exist: create it, or correct its name"],
    ["a cut digest", "dsFile: dsset", 'ds: ["1 13 2 abcd"]', "9: a digest of type 2 has 64 hex digits, and this one 4: is it cut off?"],
    ["no DS data", ", dsFile: dsset", "", '9: no DS data: list it in "ds", or name a file in "dsFile"'],
    ["a set again", "  keys:\n", "    - { services: [s1.dsoc-a.example], mabs: [192.0.2.0/24] }\n  keys:\n", "8: the services of set 1 again: put its MABs there"],
    ["a set without MABs", "      mabs: [198.51.100.0/24]\n      mabFiles: [mabs.txt]\n", "", '5: a set without MABs: list them in "mabs", or name files in "mabFiles"'],
    ["nothing", DESCRIPTION, "serial: increment\n", '1: neither "registry" nor "dsocs": describe a registry, DSOCs, or both'],
    ["an alias of what it is in", DESCRIPTION, "registry: &r\n  sets: *r\n", '2: not valid YAML: an alias of something that it is in: write out what is meant'],
    ["an alias of an item that it is in", DESCRIPTION, "registry:\n  sets:\n    - &s { services: [a.example], mabs: [*s] }\n", '3: not valid YAML: an alias of something that it is in: write out what is meant'],
    ["several documents", DESCRIPTION, `${DESCRIPTION}---\n${DESCRIPTION}`, "19: not valid YAML: several documents in one file: keep one, and move the others to files of their own"],
    ["a name of several labels", "name: nyc1", "name: nyc1.us", '15: "dsocs.0.qsas.1.name" is wrong: "nyc1.us" is no label: write letters, digits, - and _, without dots'],
    ["too long a text", "region: eu-fra", `region: ${"ü".repeat(128)}`, `14: "dsocs.0.qsas.0.region" is wrong: it has 256 octets: a record has room for 255`],
    ["an empty text", "region: eu-fra", 'region: ""', '14: "dsocs.0.qsas.0.region" is wrong: it is empty: write a text, or leave the key out'],
    ["an address twice, in IPv6 form", 'addresses: [192.0.2.2]', 'addresses: [192.0.2.2, "::ffff:192.0.2.2"]', '15: "dsocs.0.qsas.1.addresses.1" is wrong: it is an earlier one (item 1): list it once'],
    ["no mapping of keys", DESCRIPTION, "- registry\n", '1: no description of zones: it has the keys "registry" and "dsocs" (docs/zones.md)'],
  ])("%s", (_what, from, to, message) => {
    expect(DESCRIPTION).toContain(from);
    write("world.yaml", DESCRIPTION.replace(from, to));
    expect(faults()).toContain(`${join(directory, "world.yaml")}:${message.replace("%", directory)}`);
  });

  test.each<[string, string, string]>([
    ["mabs.txt", "192.0.2.0/24\n192.0.2.7/24\n", '2: "192.0.2.7/24" has bits set after its first 24: write a prefix a line, such as 192.0.2.0/24, and comments after #'],
    ["mabs.txt", "192.0.2.0/24\n198.51.100.0/24\n", "2: 198.51.100.0/24 is in this set already (%/world.yaml): list it once"],
    ["mabs.txt", "192.0.2.0/24\n\n192.0.2.0/24\n", "3: 192.0.2.0/24 is in this set already (%/mabs.txt:1): list it once"],
    ["mabs.txt", "192.0.2.0\u001b[2J\n", String.raw`1: "192.0.2.0\x1b[2J" is not a prefix: it has no /length: write a prefix a line, such as 192.0.2.0/24, and comments after #`],
    ["dsset", `a\u009b31m.example. IN DS 1 13 2 ${DIGEST}\n`, String.raw`1: a DS record of a\x9b31m.example., and not of dsoc-a.example.: name the file of that zone`],
    ["dsset", "; none\n", "1: no DS data: has the zone a key?"],
    ["dsset", `dsoc-b.example. IN DS 1 13 2 ${DIGEST}\n`, "1: a DS record of dsoc-b.example., and not of dsoc-a.example.: name the file of that zone"],
  ])("in %s: %j", (file, text, message) => {
    write(file, text);
    expect(faults()).toEqual([`${join(directory, file)}:${message.replace("%", directory)}`]);
  });
});

function write(file: string, text: string): void {
  writeFileSync(join(directory, file), text);
}

function build(): ZonePlan[] {
  const plans = planZones(loadDescription(join(directory, "world.yaml")), previousIn(out), 1_800_000_000);
  writeZones(out, plans);
  return plans;
}

function faults(): readonly string[] {
  try {
    loadDescription(join(directory, "world.yaml"));
  } catch (error) {
    return (error as { faults: readonly string[] }).faults;
  }
  return [];
}
