import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { drtm, freePort } from "../support/process.ts";

const directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
const EXAMPLE = fileURLToPath(new URL("../../docs/examples/qsr.yaml", import.meta.url));

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("help", () => {
  test("lists the commands, each with help of its own and an example", async () => {
    const { status, stdout } = await drtm("--help");
    expect(status).toBe(0);
    const commands = Array.from(stdout.matchAll(/^ {2}(\w+) {2}/gm), ([, name]) => name!);
    expect(commands).toEqual(["up", "qsr", "qsa", "qsc", "itr", "query", "ctl", "check", "zone", "sim"]);
    const helps = await Promise.all(commands.map((command) => drtm(command, "--help")));
    for (const help of helps) expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining("Example: drtm ") as string });
  });

  test.each([["help", "query"], ["query", "-h"]])("drtm %s %s works like drtm query --help", async (...args) => {
    expect(await drtm(...args)).toEqual(await drtm("query", "--help"));
  });

  test("the version is that of package.json", async () => {
    expect((await drtm("-V")).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe("wrong usage ends with status 2 and one line that helps", () => {
  test.each([
    [["querry", "192.0.2.1"], 'unknown command "querry", did you mean "query"?'],
    [["query"], "needs an address"],
    [["query", "192.0.2"], '"192.0.2" is not an IPv4 or IPv6 address'],
    [["query", "192.0.2.1", "--sever", "x"], 'unknown option --sever, did you mean "--server"?'],
    [["query", "192.0.2.1", "--server", "nowhere:x"], "is no endpoint"],
    [["query", "192.0.2.1", "--timeout", "soon"], "--timeout soon"],
    [["query", "192.0.2.1", "--timeout", "-5"], "--timeout needs a value; one that begins with a dash is given as --timeout=-VALUE (see: drtm query --help)"],
    [["query", "192.0.2.1", "-s", "--json"], "--server needs a value; one that begins"],
    [["query", "192.0.2.1", "-s"], "--server needs a value (see: drtm query --help)"],
    [["query", "192.0.2.1", "--json=yes"], "--json takes no value (see: drtm query --help)"],
    [["sim", "--seed", "-1"], "--seed needs a value; one that begins with a dash is given as --seed=-VALUE (see: drtm sim --help)"],
    [["sim", "--seed=-1"], '--seed: "-1" is not a whole number from 0'],
    [["sim", "--scenario", "partition-heals", "--faults", "none"], "--faults does not go with --scenario: a story has a world and a length of its own"],
    [["ctl"], "needs an action"],
    [["ctl", "stats"], 'unknown action "stats", did you mean "status"?'],
    [["ctl", "map", "set", "192.0.2.0/24"], "usage: drtm ctl map set RANGE --etr ADDRESS\n"],
    [["ctl", "map", "unset", "192.0.2.0/24", "--etr", "::"], "usage: drtm ctl map unset RANGE\n"],
    [["ctl", "site", "left", "fra1"], "usage: drtm ctl site down NAME, or drtm ctl site up NAME\n"],
    [["ctl", "status", "of"], "usage: drtm ctl status [--all]\n"],
    [["ctl", "qsas", "--all"], "usage: drtm ctl qsas\n"],
    [["help", "querry"], 'unknown command "querry", did you mean "query"?'],
    [["qsr"], "needs --config FILE"],
    [["qsr", "--config", "/nonexistent/qsr.yaml"], "/nonexistent/qsr.yaml does not exist: create it"],
    [["qsa", "--config", EXAMPLE], 'this file configures a qsr: run "drtm qsr" with it'],
    [["qsa", EXAMPLE], `drtm qsa takes no "${EXAMPLE}": name the file with --config`],
    [["check"], "needs a file"],
    [["check", "/"], "/ is a directory: name a file"],
    [["up", "--listen", "localhost:4344"], '--listen: "localhost" is not an IPv4 or IPv6 address'],
    [["up", "--dns", "127.0.0.1:99999"], "--dns: "],
    [["ctl", "status", "--socket", `/tmp/${"x".repeat(110)}`], "is longer than 107 octets"],
    [["up", "--zones", "/nonexistent"], "/nonexistent has no zone files"],
  ])("%j", async (args, message) => {
    const { status, stdout, stderr } = await drtm(...args);
    expect(stderr).toContain(message);
    expect({ status, stdout, lines: stderr.trim().split("\n").length }).toEqual({ status: 2, stdout: "", lines: 1 });
  });
});

describe("check", () => {
  test("a right file", async () => {
    expect(await drtm("check", EXAMPLE)).toMatchObject({ status: 0, stdout: `${EXAMPLE}: ok, qsr on 127.0.0.1:4344, [::1]:4344, 1 registry\n` });
  });

  test("a control socket whose path, from the file's directory, is too long", async () => {
    const file = join(directory, "long.yaml");
    writeFileSync(file, `role: qsr\ndns: { registries: [{ apex: a.example }] }\ncontrol:\n  socket: ${"x".repeat(100)}\n`);
    const { status, stderr } = await drtm("check", file);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`${file}:4: "control.socket": ${directory}/xxx`) as string });
  });

  test.each([
    ["a secret that is no base64", 'primaries: [{ address: 192.0.2.1, key: k }] }], keys: [{ name: k, secret: "x" }] }', "the secret of TSIG key k is not base64"],
    ["a key that is not there", "primaries: [{ address: 192.0.2.1, key: k }] }] }", 'has the key k, which is not among dns.keys'],
    ["a CA file without certificates", "primaries: [{ address: 192.0.2.1, tls: { ca: ca.yaml } }] }] }", "ca.yaml has no certificate"],
    ["a trust anchor that is none", 'primaries: [{ address: 192.0.2.1 }], trustAnchors: ["1 13 2 ab"] }] }', "the trust anchor with key tag 1 has a digest of 1 octets"],
  ])("a registry with %s", async (_what, rest, message) => {
    const file = join(directory, "ca.yaml");
    writeFileSync(file, `role: qsr\ndns: { registries: [{ apex: a.example, ${rest}\n`);
    const { status, stderr } = await drtm("check", file);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`${file}: `) as string });
    expect(stderr).toContain(message);
  });

  test.each<[string, string, (path: string) => void, string]>([
    ["missing", "gone.txt", () => undefined, 'qsa.yaml:2: "mapping.0": %s does not exist'],
    ["a directory", "folder.txt", (path) => { mkdirSync(path); }, 'qsa.yaml:2: "mapping.0": %s is a directory: name a file'],
    ["broken", "broken.txt", (path) => { writeFileSync(path, "mab 192.0.2.0/24\n"); }, "%s:1: not a MAB"],
    ["without a MAB", "empty.txt", (path) => { writeFileSync(path, "# nothing yet\n"); }, "%s: no MAB, so nothing to answer for"],
  ])("a mapping file that is %s: drtm check and drtm qsa say so alike", async (_what, name, make, message) => {
    const [file, path] = [join(directory, "qsa.yaml"), join(directory, name)];
    make(path);
    writeFileSync(file, `role: qsa\nmapping: [${name}]\n`);
    const [checked, started] = await Promise.all([drtm("check", file), drtm("qsa", "--config", file)]);
    expect(checked).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(message.replace("%s", path)) as string });
    expect(started).toEqual({ ...checked, stderr: `drtm: ${checked.stderr}` });
  });

  test("changes that cannot be read again: drtm check and drtm qsa say so alike, and leave them as they are", async () => {
    const [file, path] = [join(directory, "kept.yaml"), join(directory, "kept.changes")];
    writeFileSync(join(directory, "kept.txt"), "mab 192.0.2.0/24 lineage 1 position 1\n");
    writeFileSync(path, "192.0.2.0/24 1.2 192.0.2.1 203.0.113.7\nhello\n192.0.2");
    writeFileSync(file, "role: qsa\nmapping: [kept.txt]\nchanges: kept.changes\n");
    const [checked, started] = await Promise.all([drtm("check", file), drtm("qsa", "--config", file)]);
    expect(checked).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(`${path}:2: "hello" is no change`) as string });
    expect(started).toEqual({ ...checked, stderr: `drtm: ${checked.stderr}` });
    expect(readFileSync(path, "utf8")).toContain("hello\n192.0.2");
  });

  test("an unknown key", async () => {
    const file = join(directory, "typo.yaml");
    writeFileSync(file, "role: qsr\ndns:\n  registrys: []\n");
    const { status, stderr } = await drtm("check", file);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}:3: unknown key "dns.registrys", did you mean "registries"?`);
  });
});

describe("nobody there", () => {
  test("query: status 1", async () => {
    const server = `127.0.0.1:${await freePort()}`;
    const { status, stderr } = await drtm("query", "192.0.2.1", "--server", server, "--timeout", "300");
    expect(status).toBe(1);
    expect(stderr).toContain(`${server} cannot be asked: nothing listens there`);
  });

  test("query: status 1 where no packet can be sent", async () => {
    const { status, stderr } = await drtm("query", "192.0.2.1", "--server", "[fe80::1]:4344");
    expect(status).toBe(1);
    expect(stderr).toContain("[fe80::1]:4344 cannot be asked: this machine");
  });

  test("query --json: an object for each address all the same, with the reason", async () => {
    const server = `127.0.0.1:${await freePort()}`;
    const { status, stdout, stderr } = await drtm("query", "192.0.2.1", "::ffff:192.0.2.7", "--json", "--server", server);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    const answers = stdout.trim().split("\n").map((line) => JSON.parse(line) as object);
    const error = expect.stringContaining(`${server} cannot be asked: nothing listens there`) as string;
    expect(answers).toMatchObject([{ address: "192.0.2.1", result: "error", error }, { address: "192.0.2.7", result: "error", error }]);
  });

  test("query: a bare IPv6 address is a server with the usual port", async () => {
    const { stderr } = await drtm("query", "192.0.2.1", "--server", "fe80::1");
    expect(stderr).toContain("[fe80::1]:4344 cannot be asked");
  });

  test("ctl: status 1", async () => {
    const { status, stderr } = await drtm("ctl", "status", "--socket", join(directory, "none.sock"));
    expect(status).toBe(1);
    expect(stderr).toContain("no drtm runs here");
  });
});
