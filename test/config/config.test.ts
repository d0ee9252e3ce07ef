import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { formatIp } from "../../src/address/index.ts";
import { parseEndpoint } from "../../src/config/fields.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { nearest } from "../../src/config/nearest.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const examples = readdirSync(EXAMPLES).filter((file) => file.endsWith(".yaml")).map((file) => [file, readFileSync(new URL(file, EXAMPLES), "utf8")] as const);

const MINIMAL = "role: qsr\ndns:\n  registries: [{ apex: drtm.example }]\n";

function faults(text: string): readonly string[] {
  try {
    parseConfig(text, "f.yaml");
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** Nine levels, each nine times the one before. */
function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array<string>(9).fill(`*l${level}`).join(", ")}]\n`);
  return `l0: &l0 [x]\n${levels.join("")}${MINIMAL}`;
}

/** Every key of a YAML text with its line, comments aside. */
function keysOf(text: string): { key: string; line: number }[] {
  return text.split("\n").flatMap((line, index) => {
    const key = /^\s*(?:- )?([A-Za-z]+):/.exec(line)?.[1];
    return key === undefined ? [] : [{ key, line: index + 1 }];
  });
}

describe.each(examples)("docs/examples/%s", (file, text) => {
  test("is right, and as its comments say the same as the defaults, where there are some", () => {
    expect(parseConfig(text, file).role).toBe(file.replace(".yaml", ""));
  });

  test.each(keysOf(text))("with $key (line $line) misspelt is refused, and the right key is named", ({ key, line }) => {
    const lines = text.split("\n");
    lines[line - 1] = lines[line - 1]!.replace(`${key}:`, `${key}x:`);
    const message = key === "role" ? 'role must be "qsr" or "qsa" or "qsc"' : `", did you mean "${key}"?`;
    expect(faults(lines.join("\n"))).toContainEqual(expect.stringContaining(message));
    expect(faults(lines.join("\n")).some((fault) => fault.startsWith(`f.yaml:${key === "role" ? 1 : line}: `))).toBe(true);
  });
});

const ANCHORED = "role: qsr\ndns:\n  registries: [{ apex: drtm.example, trustAnchors: [\"1 13 2 00\"] }]\n";

describe("services that must be signed", () => {
  test.each([
    ["by DS data of a registry with trust anchors", ANCHORED, "signed: always", ""],
    ["on the word of a resolver on this machine", MINIMAL, "signed: always, trustedResolver: 127.0.0.53", ""],
    ["by IPv6 too", MINIMAL, 'signed: always, trustedResolver: "[::1]:5353"', ""],
    ["by nobody", MINIMAL, "signed: always", "no service could ever be used: without trustAnchors of a registry there is no DS data, and no trustedResolver is named"],
    ["on the word of a resolver elsewhere", MINIMAL, "signed: always, trustedResolver: 192.0.2.53", "it is not on this machine"],
    ["on the word of a resolver whom nobody asks", ANCHORED, "trustedResolver: 127.0.0.1", 'its word counts only with signed "always"'],
  ])("%s", (_what, base, services, fault) => {
    const found = faults(`${base}  services: { ${services} }\n`);
    expect(found).toHaveLength(fault === "" ? 0 : 1);
    expect(found.join()).toContain(fault);
  });
});

describe("a configuration", () => {
  test.each([
    ["a value", `${MINIMAL}listen: ["\\e[31m\\x9b1m"]\n`, String.raw`\x1b[31m\x9b1m`],
    ["a key", `${MINIMAL}"\\e[2J\\u202e": 1\n`, String.raw`f.yaml:4: unknown key "\x1b[2J\u{202e}"`],
    ["a key with a line break", `${MINIMAL}"a\\nb": 1\n`, String.raw`unknown key "a\x0ab"`],
    ["a long key", `${MINIMAL}${"k".repeat(900)}: 1\n`, `unknown key "${"k".repeat(40)}..."`],
    ["a value of another type", `${MINIMAL}cache: "\\x9b31m"\n`, String.raw`"cache" is wrong ("\x9b31m")`],
    ["broken YAML", "role: \"\\\u001b[31m\"\n", String.raw`\x1b`],
  ])("control characters do not reach the terminal: %s", (_what, text, message) => {
    const found = faults(text).join("\n");
    expect(found).toContain(message);
    expect(found.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test.each([
    ["a number", "{ name: k.example, secret: 12345678901234567000 }", '"dns.keys.0.secret" is wrong: write a text, in "quotes"'],
    ["a list", "{ name: k.example, secret: [c2VjcmV0] }", '"dns.keys.0.secret" is wrong: write a text'],
    ["a colon without a blank", "{ name: k.example, secret:c2VjcmV0 }", '"dns.keys.0" has an unknown key: its keys are name, secret'],
  ])("a secret is in no message: %s", (_what, key, message) => {
    const found = faults(`${MINIMAL}  keys: [${key}]\n`).join("\n");
    expect(found).toContain(message);
    expect(found).not.toMatch(/1234567|c2Vjc/);
  });

  test("needs no more than a role and a registry", () => {
    const config = parseConfig(MINIMAL, "f.yaml");
    expect(config.listen.map(({ address, port }) => `${formatIp(address)} ${port}`)).toEqual(["127.0.0.1 4344"]);
  });

  test("is frozen all through", () => {
    expect(Object.isFrozen(parseConfig(MINIMAL, "f.yaml").cache)).toBe(true);
  });

  test.each([
    ["role: qsr\n", 'f.yaml:1: "dns" is missing'],
    [`${MINIMAL}listen: ["127.0.0.1"]\n`, 'f.yaml:4: "listen.0" is wrong: "127.0.0.1" is no endpoint'],
    [`${MINIMAL}listen: ["127.0.0.1:99999"]\n`, "is no endpoint"],
    [`${MINIMAL}cache:\n  maxEntries: many\n`, 'f.yaml:5: "cache.maxEntries" is wrong ("many"): write a whole number from 1024 to 16777215'],
    [`${MINIMAL}cache:\n  maxEntries: 5\n`, 'f.yaml:5: "cache.maxEntries" is wrong (5): write a whole number from 1024'],
    [`${MINIMAL}cache:\n  cachingTimeMaxSeconds: 30s\n`, '("30s"): write a number from 1 to 3600, without a unit'],
    [`${MINIMAL}cache:\n`, '"cache" has no value: write its keys below it, indented, or leave the key out'],
    [`${MINIMAL}cache:\n  maxEnt: 5000\n`, 'f.yaml:5: unknown key "cache.maxEnt", did you mean "maxEntries"?'],
    ["role: qsr\ndns:\n  refreshMaxSeconds: 5\n  registries: [{ apex: a.example }]\n", '10 is more than "refreshMaxSeconds", which is 5'],
    ["role: qsr\ndns:\n  serviceTtlMaxSeconds: 5\n  registries: [{ apex: a.example }]\n", '30 is more than "serviceTtlMaxSeconds", which is 5'],
    ["role: qsr\ndns:\n  registries: [{ apex: a.example }, { apex: A.example. }]\n", '"dns.registries.1" is wrong: it is the registry of an earlier one (item 1)'],
    ["role: qsr\ndns:\n  registries: a.example\n", "write a list of 1 or more items with keys"],
    [`${MINIMAL}listen: ["127.0.0.1:4344", "[::]:4344", "0.0.0.0:4344"]\n`, '"listen.2" is wrong: it takes the address and port of an earlier one (item 1)'],
    [`${MINIMAL}listen: 127.0.0.1:4344\n`, '"listen" is wrong ("127.0.0.1:4344"): write a list of 1 to 16 items'],
    [`${MINIMAL}listen: ["127.0.0.1:0"]\n`, "its port is not 1 to 65535"],
    [`${MINIMAL}log: { level: loud }\n`, 'write one of trace, debug, info, warn, error'],
    [`${MINIMAL}engineThreads: 5\n`, '"engineThreads" is wrong (5): write a whole number from 1 to 4'],
    ["role: qsa\nmapping: [a.txt]\nengineThreads: 2\n", 'f.yaml:3: "engineThreads" is wrong (2): a QSA has one engine thread'],
    ["role: qsa\nmapping: [a.txt, a.txt]\n", '"mapping.1" is wrong: it is an earlier one (item 1)'],
    [`${MINIMAL}clients:\n  allow: [10.0.0.1/8]\n`, '"10.0.0.1/8" has bits set after its first 8'],
    ["role: qsr\ndns:\n  registries: [{ apex: 'drtm..example' }]\n", "is no domain name"],
    [`role: qsr\ndns:\n  registries: [{ apex: ${"a.".repeat(127)}b }]\n`, "is no domain name"],
    ["role: qsc\nupstreams: ['192.0.2.1:1', '192.0.2.1:1']\n", '"upstreams.1" is wrong: it is an earlier one (item 1): list it once'],
    ["role: qsc\nupstreams: ['127.0.0.1:4344']\n", '"upstreams.0" is wrong: it is this server, by "listen": name another'],
    [`${MINIMAL}---\n${MINIMAL}`, "f.yaml:4: not valid YAML: several documents in one file: keep one, and move the others to files of their own"],
    ["role: qsr\n\tx: 1", "f.yaml:2: not valid YAML"],
    ["role: qsr\ndns: *nope\n", "f.yaml: not valid YAML: Unresolved alias (the anchor must be set before the alias): nope"],
    [aliasBomb(), "f.yaml: not valid YAML: too many aliases of aliases: write out what is meant"],
    [`${MINIMAL}log: ${"[".repeat(20_000)}`, "f.yaml:4: not valid YAML: nested too deeply"],
    [`${MINIMAL}log:\n  ${"- ".repeat(20_000)}x\n`, "f.yaml:5: not valid YAML: nested too deeply"],
    [`${MINIMAL}? [1, 2]\n: x\n`, "f.yaml:4: not valid YAML: a key that is no text"],
    [`${MINIMAL}log: !loud {}\n`, "f.yaml:4: not valid YAML: Unresolved tag: !loud"],
    [`x: &x [*x]\n${MINIMAL}`, "f.yaml:1: not valid YAML: an alias of something that it is in: write out what is meant"],
    ["role: itr\n", 'role must be "qsr" or "qsa" or "qsc"'],
    ["", 'role must be "qsr" or "qsa" or "qsc"'],
  ])("%j is refused", (text, message) => {
    expect(faults(text).join("\n")).toContain(message);
  });

  test("with complex keys draws no warning from Node", () => {
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
    faults(`${MINIMAL}? [1, 2]\n: x\n`);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test("that is no UTF-8 is refused", () => {
    const directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
    const file = join(directory, "qsr.yaml");
    writeFileSync(file, Buffer.concat([Buffer.from(MINIMAL), Buffer.of(35, 255, 254)]));
    expect(() => loadConfig(file)).toThrow(`${file}: is not UTF-8 text`);
    rmSync(directory, { recursive: true });
  });

  test("has all its faults told at once, in the order of the lines", () => {
    const lines = faults("role: qsr\nlisten: [x]\ncolour: red\nlog: { level: loud }\ndns: {}\n").map((fault) => Number(fault.split(":")[1]));
    expect(lines).toEqual([2, 3, 4, 5]);
  });

  test("has every fault told once, also one that is wrong in two ways", () => {
    expect(faults(`${MINIMAL}cache: { maxEntries: 1.0e+30 }\n`)).toHaveLength(1);
  });

  test("has every fault told", () => {
    expect(faults(`${MINIMAL}listen: [x]\nlog: { level: loud }\ncolour: red\n`)).toHaveLength(3);
  });
});

test("a file of CA certificates is looked for beside the configuration, and missed where it is not there", () => {
  const directory = mkdtempSync(join(tmpdir(), "drtm-ca-"));
  const file = join(directory, "f.yaml");
  writeFileSync(file, "role: qsr\ndns:\n  registries:\n    - apex: drtm.example\n      primaries: [{ address: 192.0.2.1, tls: { name: ns.example, ca: ca.pem } }]\n");
  try {
    expect(() => loadConfig(file)).toThrow(`${file}:5: "dns.registries.0.primaries.0.tls.ca": ${join(directory, "ca.pem")} does not exist: create it, or correct its name`);
    writeFileSync(join(directory, "ca.pem"), "");
    expect(loadConfig(file)).toMatchObject({ dns: { registries: [{ primaries: [{ tls: { name: "ns.example", ca: join(directory, "ca.pem") } }] }] } });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("endpoints", () => {
  expect(parseEndpoint("[2001:db8::1]:53").port).toBe(53);
  expect(parseEndpoint("192.0.2.1", 4344).port).toBe(4344);
  expect(parseEndpoint("::1", 4344)).toMatchObject({ port: 4344, address: { family: 6 } });
  expect(() => parseEndpoint("2001:db8::1:53")).toThrow("is no endpoint");
  expect(() => parseEndpoint("127.0.0.1:0")).toThrow("its port is not 1 to 65535");
});

test("the nearest word is a near one, or none", () => {
  expect(nearest("querry", ["query", "up"])).toBe("query");
  expect(nearest("zzz", ["query", "up"])).toBeUndefined();
  expect(nearest("maxEnt", ["maxPeers", "maxEntries"])).toBe("maxEntries");
});
