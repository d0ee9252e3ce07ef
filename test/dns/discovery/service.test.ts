import { expect, test } from "vitest";
import { formatEndpoint, parseIp } from "../../../src/address/index.ts";
import { readService } from "../../../src/dns/discovery/service.ts";
import { RecordType, type ResourceRecord, encodeSvcb } from "../../../src/dns/records/index.ts";
import { RecordTable, svcb } from "../../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const PUBLIC = { allowLoopback: false, allowPrivate: false };

async function read(records: readonly ResourceRecord[], policy = PUBLIC): Promise<{ servers: string[]; problems: string[] }> {
  const { servers, problems } = await readService(SERVICE, policy, new RecordTable(records).query);
  return { servers: servers.map(({ name, address, port }) => `${name} ${formatEndpoint(address, port)}`), problems: problems.map(({ name, problem }) => `${name}: ${problem}`) };
}

function qsa(target: string, ...hints: string[]): ResourceRecord {
  const addresses = hints.map(parseIp);
  const ipv4hint = addresses.filter(({ family }) => family === 4);
  const ipv6hint = addresses.filter(({ family }) => family === 6);
  return svcb(SERVICE, { target, ...(ipv4hint.length > 0 ? { ipv4hint } : {}), ...(ipv6hint.length > 0 ? { ipv6hint } : {}) });
}

test("every address of a QSA is a server", async () => {
  expect(await read([qsa("fra1.example.", "198.51.100.1", "2001:db8::1")])).toEqual({
    servers: ["fra1.example. 198.51.100.1:4344", "fra1.example. [2001:db8::1]:4344"],
    problems: [],
  });
});

test("the same address twice is one server, in the lower tier", async () => {
  const records = [svcb(SERVICE, { target: "a.example.", priority: 20, ipv4hint: [parseIp("198.51.100.1")] }), svcb(SERVICE, { target: "b.example.", priority: 10, ipv4hint: [parseIp("198.51.100.1")] })];
  expect((await read(records)).servers).toEqual(["b.example. 198.51.100.1:4344"]);
});

const broken: ResourceRecord = { name: `_drtm.${SERVICE}`, type: RecordType.SVCB, ttl: 60, data: Uint8Array.of(0, 10, 1) };
const alias: ResourceRecord = { name: `_drtm.${SERVICE}`, type: RecordType.SVCB, ttl: 60, data: Uint8Array.of(0, 0, 1, 97, 0) };

test.each<[string, ResourceRecord, string]>([
  ["broken data", broken, "SVCB: "],
  ["AliasMode", alias, "is an alias (SvcPriority 0)"],
  ["no protocol", { ...svcb(SERVICE, { target: "x.example." }), data: encodeSvcb({ priority: 10, target: "x.example.", ipv4hint: [parseIp("198.51.100.9")] }) }, "has no alpn: write alpn=drtm1"],
  ["another protocol", svcb(SERVICE, { target: "x.example.", alpn: ["h3"], ipv4hint: [parseIp("198.51.100.9")] }), "speaks h3 and not drtm1"],
  ["port 0", svcb(SERVICE, { target: "x.example.", port: 0, ipv4hint: [parseIp("198.51.100.9")] }), "has port 0"],
  ["no address", svcb(SERVICE, { target: "x.example." }), "has no address"],
  ["loopback", qsa("x.example.", "127.0.0.1"), "has the loopback address 127.0.0.1"],
  ["IPv6 loopback", qsa("x.example.", "::1"), "has the loopback address ::1"],
  ["private", qsa("x.example.", "10.1.2.3"), "has the private address 10.1.2.3"],
  ["unique local", qsa("x.example.", "fd00::1"), "has the private address fd00::1"],
  ["multicast", qsa("x.example.", "224.0.0.1"), "has the unusable address 224.0.0.1"],
  ["unspecified", qsa("x.example.", "0.0.0.0"), "has the unusable address 0.0.0.0"],
  ["mapped", qsa("x.example.", "::ffff:198.51.100.1"), "has the unusable address ::ffff:198.51.100.1"],
])("%s spoils its own record only, and is reported", async (_what, record, problem) => {
  const { servers, problems } = await read([qsa("fra1.example.", "198.51.100.1"), record]);
  expect(servers).toEqual(["fra1.example. 198.51.100.1:4344"]);
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test("of a service with thousands of broken records, the first are told, and how many more there are", async () => {
  const { servers, problems } = await read([...Array.from({ length: 3_000 }, (_, index) => qsa(`x${index}.example.`, "127.0.0.1")), qsa("fra1.example.", "198.51.100.1")]);
  expect(servers).toEqual(["fra1.example. 198.51.100.1:4344"]);
  expect(problems).toHaveLength(21);
  expect(problems[20]).toBe("_drtm.s1.dsoc-a.example. SVCB: 2980 more problems in its records");
});

test("loopback and private addresses, where they are allowed", async () => {
  const records = [qsa("a.example.", "127.0.0.1"), qsa("b.example.", "10.1.2.3")];
  expect((await read(records, { allowLoopback: true, allowPrivate: true })).servers).toHaveLength(2);
});

test("control characters of a record reach neither problems nor regions", async () => {
  const hint = { ipv4hint: [parseIp("198.51.100.9")] };
  const hostile = "\u001b[31mX\u009b2J\u202e\r\n";
  const records = [
    svcb(SERVICE, { target: "a.example.", alpn: ["\u001b]0;PWNED\u0007"], ...hint }),
    svcb(SERVICE, { target: "b.example.", ...hint, others: [{ key: 65281, value: Uint8Array.of(27, 57) }] }),
    svcb(SERVICE, { target: "c.example.", ...hint, region: hostile }),
  ];
  const { servers, problems } = await readService(SERVICE, PUBLIC, new RecordTable(records).query);
  expect(servers.map(({ region }) => region)).toEqual([String.raw`\x1b[31mX\x9b2J\u{202e}\x0d\x0a`]);
  expect(problems.map(({ problem }) => problem)).toEqual([
    String.raw`a.example. speaks \x1b]0;PWNED\x07 and not drtm1: left out`,
    String.raw`has the weight (key65281) "\x1b9": write a number from 0 to 65535`,
  ]);
});

test("a service without records is reported", async () => {
  expect(await read([])).toEqual({ servers: [], problems: [expect.stringContaining("nobody answers for the MABs of this service")] });
});

function hintsOf(tier: number): ReturnType<typeof parseIp>[] {
  return Array.from({ length: 200 }, (_, index) => parseIp(`198.51.${tier}.${index}`));
}

test("of a service with thousands of addresses the first 256 count, those of lower tiers before others: room is shared by all services", async () => {
  const records = [3, 2, 1].map((tier) => svcb(SERVICE, { target: `t${tier}.example.`, priority: tier, ipv4hint: hintsOf(tier) }));
  const { servers, problems } = await readService(SERVICE, PUBLIC, new RecordTable(records).query);
  expect([1, 2, 3].map((tier) => servers.filter((server) => server.tier === tier).length)).toEqual([200, 56, 0]);
  expect(problems).toEqual([{ name: `_drtm.${SERVICE} SVCB`, problem: "344 addresses left out: at most 256 of one service are used, those of lower tiers first" }]);
});
