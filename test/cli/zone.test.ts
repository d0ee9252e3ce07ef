import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseZoneFile } from "../../src/dns/zone-file/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { drtm, freePort } from "../support/process.ts";
import { ZoneWorld } from "../support/zone-world.ts";

let world: ZoneWorld;
let changed: ZoneWorld;
let dns: DnsServer;
let server: string;

beforeAll(async () => {
  world = new ZoneWorld();
  changed = new ZoneWorld((text) => text.replace("mabs: [192.0.2.0/24]", "mabs: [192.0.2.0/24, 192.0.3.0/24]").replace("weight: 50", "weight: 60"));
  dns = new DnsServer(world.files.map((file) => parseZoneFile(readFileSync(file, "utf8"), { file }).records));
  server = `127.0.0.1:${await dns.listen("127.0.0.1", 0)}`;
});

afterAll(async () => {
  await dns.close();
  world.remove();
  changed.remove();
});

describe("build", () => {
  test("says what would change, and changes it only without --dry-run", async () => {
    const place = new ZoneWorld();
    writeFileSync(place.path("world.yaml"), readFileSync(changed.path("world.yaml")));
    const before = readFileSync(place.registry, "utf8");
    const run = (...options: string[]): ReturnType<typeof drtm> => drtm("zone", "build", place.path("world.yaml"), "--out", place.directory, ...options);
    const dry = await run("--dry-run");
    expect(dry).toMatchObject({ status: 0, stderr: "" });
    expect(dry.stdout).toContain(`${place.registry}: would change, serial 1 to 2, 3 RRsets\n  ~ a.idx.drtm.example. TXT\n`);
    expect(dry.stdout).toContain(`${place.dsocB}: unchanged, serial 1\n`);
    expect(readFileSync(place.registry, "utf8")).toBe(before);
    expect((await run()).stdout).toContain(`${place.dsocA}: changed, serial 1 to 2, 1 RRset\n  ~ _drtm.s1.dsoc-a.example. SVCB\n`);
    const again = (await run("--json")).stdout.trim().split("\n").map((line) => JSON.parse(line) as object);
    expect(again).toMatchObject([{ apex: "drtm.example.", file: "drtm.example.zone", state: "unchanged", serialBefore: 2, serial: 2, changes: [] }, {}, {}]);
    rmSync(place.dsocB);
    expect((await run()).stdout).toContain(`${place.dsocB}: made, serial 1, 4 RRsets\n`);
    place.remove();
  });

  test("names the file of a zone that is described no more, and no other", async () => {
    const place = new ZoneWorld();
    const file = place.path("world.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/ {2}- apex: dsoc-b[^]*$/, ""));
    writeFileSync(place.path("other.example.zone"), "; another's\n");
    const { status, stderr } = await drtm("zone", "build", file, "--out", place.directory);
    expect({ status, stderr }).toEqual({ status: 0, stderr: `${place.dsocB}: a zone that world.yaml no longer has: remove it here and at the name servers, or describe it again\n` });
    expect(readFileSync(place.dsocB, "utf8")).toContain("SVCB");
    place.remove();
  });

  test.each([
    ["", "drtm zone build needs --out DIRECTORY"],
    ["%/mabs.txt/zones", "drtm.example.zone cannot be written: ENOTDIR: not a directory"],
    // There mkdir says ENOENT of what is new.
    ["/proc/drtm-test", "/proc/drtm-test/drtm.example.zone cannot be written: ENOENT: no such file or directory"],
  ])("--out %j is told, with status 2", async (out, message) => {
    writeFileSync(world.path("mabs.txt"), "");
    const { status, stderr } = await drtm("zone", "build", world.path("world.yaml"), "--out", out.replace("%", world.directory));
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) as string });
  });

  test("a faulty description is status 2, each fault with file and line", async () => {
    const file = world.path("faulty.yaml");
    writeFileSync(file, "registry:\n  apex: drtm.example\n  nameserver: []\n");
    const { status, stderr } = await drtm("zone", "build", file, "--out", world.directory);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}:3: unknown key "registry.nameserver", did you mean "nameServers"?`);
  });
});

describe("check", () => {
  test("right files: status 0", async () => {
    expect(await drtm("zone", "check", ...world.files)).toEqual({ status: 0, stdout: "3 zones, 4 MABs, 3 QSA addresses: no errors, 0 notes\n", stderr: "" });
  });

  test("wrong ones: status 1, one line each; --json has the same", async () => {
    const spoilt = new ZoneWorld();
    spoilt.spoil(spoilt.dsocA, "port=4344", "port=0");
    const line = spoilt.lineOf(spoilt.dsocA, "port=0");
    const text = await drtm("zone", "check", spoilt.dsocA);
    const json = await drtm("zone", "check", spoilt.dsocA, "--json");
    expect(text).toMatchObject({ status: 1, stderr: "" });
    expect(text.stdout).toBe(`${spoilt.dsocA}:${line}: error: _drtm.s1.dsoc-a.example. SVCB has fra1.dsoc-a.example. with port 0: write the port that it listens on, such as port=4344\n1 zone, 0 MABs, 1 QSA address: 1 error, 0 notes\n`);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({ severity: "error", source: spoilt.dsocA, line, name: "_drtm.s1.dsoc-a.example. SVCB", problem: "has fra1.dsoc-a.example. with port 0", remedy: "write the port that it listens on, such as port=4344" });
    spoilt.remove();
  });

  test("a directory is checked as its zone files are, and one without any is told", async () => {
    expect(await drtm("zone", "check", world.directory)).toEqual(await drtm("zone", "check", ...world.files));
    expect(await drtm("zone", "check", "docs")).toMatchObject({ status: 2, stderr: expect.stringContaining("docs has no zone files (*.zone)") as string });
  });

  test("a server, its DSOCs read along", async () => {
    const right = "3 zones, 4 MABs, 3 QSA addresses: no errors, ";
    expect(await drtm("zone", "check", "--server", server, "--apex", "drtm.example", "--by", "queries")).toEqual({ status: 0, stdout: `${right}0 notes\n`, stderr: "" });
    const { status, stdout } = await drtm("zone", "check", "--server", server, "--apex", "drtm.example");
    expect({ status, lines: stdout.split("\n") }).toEqual({ status: 0, lines: [expect.stringMatching(/note: drtm.example. is read by queries, and so are 2 more, so that only what readers ask for is checked: .*REFUSED/), `${right}1 note`, ""] });
  });

  test("a server without the zone, or with one that is no registry: status 1", async () => {
    const silent = await drtm("zone", "check", "--server", server, "--apex", "nowhere.example");
    expect(silent).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("no answer for nowhere.example. SOA") as string });
    const dsoc = await drtm("zone", "check", "--server", server, "--apex", "dsoc-a.example");
    expect(dsoc).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(`dsoc-a.example. at ${server} is no registry`) as string });
  });

  test("--probe names a QSA that does not answer", async () => {
    const port = await freePort();
    const spoilt = new ZoneWorld();
    spoilt.spoil(spoilt.dsocB, "port=4344 ipv4hint=203.0.113.1", `port=${port} ipv4hint=127.0.0.1`);
    const { status, stdout } = await drtm("zone", "check", spoilt.dsocB, "--probe", "--allow-loopback", "--timeout", "300");
    expect(status).toBe(1);
    expect(stdout).toContain(`has tyo2.dsoc-b.example. of s1.dsoc-b.example., and it does not answer: 127.0.0.1:${port} cannot be asked: nothing listens there: start it, open the port, or take it out\n`);
    expect(stdout).toMatch(new RegExp(`127.0.0.1:${port}  silent\n`));
    spoilt.remove();
  });
});

describe("diff", () => {
  test("the same: status 0, from files and from a server", async () => {
    const same = { status: 0, stdout: "the same\n", stderr: "" };
    expect(await drtm("zone", "diff", world.directory, world.directory)).toEqual(same);
    expect(await drtm("zone", "diff", world.directory, server)).toEqual(same);
    expect(await drtm("zone", "diff", server, server, "--apex", "drtm.example")).toEqual(same);
  });

  test("different: status 1, in terms of MABs and QSAs", async () => {
    const { status, stdout } = await drtm("zone", "diff", server, changed.directory);
    expect({ status, lines: stdout.split("\n") }).toEqual({
      status: 1,
      lines: ["+ MAB 192.0.3.0/24  s1.dsoc-a.example., s1.dsoc-b.example.", "~ QSA nyc1.dsoc-a.example. of s1.dsoc-a.example.  weight 50 to 60", "MABs: 1 added; QSAs: 1 changed", ""],
    });
    const json = await drtm("zone", "diff", world.registry, changed.registry, "--json");
    expect(JSON.parse(json.stdout)).toEqual({ kind: "mab", change: "added", mab: "192.0.3.0/24", before: [], after: ["s1.dsoc-a.example.", "s1.dsoc-b.example."] });
    expect(json.stderr).toContain("s1.dsoc-b.example.: its zone is not on both sides, so its QSAs are not compared");
  });
});

describe("help", () => {
  test.each(["build", "check", "diff"])("of %s is its own, with an example", async (action) => {
    const help = await drtm("zone", action, "--help");
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining(`Example: drtm zone ${action} `) as string });
    expect(await drtm("help", "zone", action)).toEqual(help);
  });

  test.each([
    [["zone"], "needs an action: build, check or diff"],
    [["zone", "biuld"], 'unknown action "biuld", did you mean "build"?'],
    [["zone", "build"], "takes one description"],
    [["zone", "build", "x.yaml"], "needs --out DIRECTORY"],
    [["zone", "build", "/nonexistent.yaml", "--out", "/tmp"], "/nonexistent.yaml does not exist: create it"],
    [["zone", "build", "zones/world.yaml", "--out", "README.md"], "--out README.md is a file: name the directory"],
    [["zone", "check"], "needs zone files, or --server and --apex"],
    [["zone", "check", "--server", "127.0.0.1", "--apex", "a", "--by", "walk"], "--by walk: give transfer or queries"],
    [["zone", "check", "--server", "127.0.0.1", "--apex", "a", "--by", "queries", "--tls"], "--by queries goes without --tsig and --tls"],
    [["zone", "check", "--server", "127.0.0.1", "--apex", "a", "--tsig", "README.md"], "README.md has no TSIG key: write what"],
    [["zone", "check", "--server", "127.0.0.1", "--apex", "a", "--tls-ca", "README.md"], "README.md has no certificate"],
    [["zone", "check", "a.zone", "--tls-name", "a"], "--tls-name is about servers, and none is named"],
    [["zone", "diff", "zones", "zones", "--by", "queries"], "--by is about servers, and none is named"],
    [["zone", "check", "/nonexistent.zone"], "/nonexistent.zone does not exist"],
    [["zone", "check", "--server", "127.0.0.1"], "--server needs --apex NAME"],
    [["zone", "check", "a.zone", "--apex", "a"], "--apex belongs to --server"],
    [["zone", "check", "a.zone", "--server", "127.0.0.1"], "either zone files or --server"],
    [["zone", "check", "a.zone", "--soon", "later"], "--soon later: give days"],
    [["zone", "diff", "a.zone"], "compares two: A and B"],
    [["zone", "diff", "127.0.0.1", "127.0.0.2"], "127.0.0.1 is a server: name the registry's apex with --apex"],
    [["zone", "diff", "/nonexistent.zone", "127.0.0.2"], "/nonexistent.zone does not exist"],
  ])("%j: status 2 and one line", async (args, message) => {
    const { status, stdout, stderr } = await drtm(...args);
    expect(stderr).toContain(message);
    expect({ status, stdout, lines: stderr.trim().split("\n").length }).toEqual({ status: 2, stdout: "", lines: 1 });
  });
});
