import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { RecordType, encodeSoa } from "../../src/dns/records/index.ts";
import { formatZoneFile } from "../../src/dns/zone-file/index.ts";
import type { MapReport, QsaReport, StatusReport, WhyReport } from "../../src/roles/reports.ts";
import { Drtm, type Finished, drtm, freePort } from "../support/process.ts";
import { registry, svcb } from "../support/registry.ts";
import { copySampleZones } from "../support/sample-zones.ts";

const directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
const socket = join(directory, "drtm.sock");
const zones = join(directory, "zones");
let world: Drtm;
let server: string;
let dns: string;
let qsaPort: number;
let free: string;

beforeAll(async () => {
  server = `127.0.0.1:${await freePort()}`;
  dns = `127.0.0.1:${await freePort()}`;
  qsaPort = await freePort();
  free = `127.0.0.1:${await freePort()}`;
  copySampleZones(zones, qsaPort);
  world = new Drtm(["up", "--zones", zones, "--listen", server, "--dns", dns, "--socket", socket]);
  await world.says("Ctrl-C stops it.");
});

afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true });
});

function query(...args: string[]): Promise<Finished> {
  return drtm("query", "--server", server, ...args);
}

async function answers(...addresses: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await query("--json", ...addresses);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function ctlQsas(): Promise<QsaReport[]> {
  const { stdout } = await drtm("ctl", "qsas", "--socket", socket, "--json");
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as QsaReport);
}

async function ctl<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await drtm("ctl", ...args, "--socket", socket, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

describe("drtm up", () => {
  test("shows what it found, without a warning", () => {
    expect(world.stdout).toMatch(/Found in DNS: 2,\d\d\d MABs in \d sets, \d services, \d\d QSAs/);
    expect(world.stdout).toContain(`npx drtm query 192.0.2.7 2001:db8::1 --trace --server ${server}`);
    expect(world.stdout).toContain(`npx drtm ctl site down fra1 --socket ${socket}`);
    expect(world.stdout).toContain("npx drtm ctl map set 192.0.2.0-192.0.2.99 --etr ");
    expect(world.stderr).toBe("");
  });

  test("has measured every QSA, and the nearest of every service is first", async () => {
    const qsas = await ctlQsas();
    expect(qsas.filter(({ state }) => state !== "up")).toEqual([]);
    for (const service of new Set(qsas.map((qsa) => qsa.service))) {
      const tierOne = qsas.filter((qsa) => qsa.service === service && qsa.tier === 10);
      const least = Math.min(...tierOne.map(({ rttMs }) => rttMs!));
      expect(qsas.find((qsa) => qsa.service === service)).toMatchObject({ rank: 1, rttMs: least });
    }
  });

  test("answers IPv4 and IPv6, gaps, and what is in no MAB; then from cache", async () => {
    expect(await answers("192.0.2.7", "2001:db8::1", "192.0.2.250", "203.0.113.1")).toMatchObject([
      { result: "mapping", mab: "192.0.2.0/24", range: "192.0.2.0-192.0.2.99", etr: "203.0.113.1", fromCache: false },
      { result: "mapping", mab: "2001:db8::/32", fromCache: false },
      { result: "negative", mab: "192.0.2.0/24", range: "192.0.2.200-192.0.2.255", etr: null },
      { result: "not-in-any-mab", mab: null, etr: null },
    ]);
    expect(await answers("192.0.2.99")).toMatchObject([{ etr: "203.0.113.1", fromCache: true }]);
  });

  test("a line stays short: the longest IPv6 micronets leave out time and origin, which --trace shows", async () => {
    const long = await query("2001:1310:7108:8000::1", "192.0.2.7");
    const [first, second] = long.stdout.trim().split("\n");
    expect(first).toMatch(/^2001:1310:7108:8000::1 .*micronet 2001:1310:7108:8000::-2001:1310:7109:dfff::/);
    expect(first!.length).toBeLessThanOrEqual(100);
    expect(second).toMatch(/^192\.0\.2\.7 {2}ETR .* ms, from (cache|a QSA)$/);
    expect((await query("::ffff:192.0.2.7", "--trace")).stdout).toMatch(/^192\.0\.2\.7 {2}ETR 203/);
  });

  test("exit status: 0 with a mapping, 1 without", async () => {
    const statuses = await Promise.all(["192.0.2.7", "192.0.2.250", "203.0.113.1"].map((address) => query(address)));
    expect(statuses.map(({ status }) => status)).toEqual([0, 1, 1]);
  });

  test("a site that is taken down is gone, and a change made meanwhile is seen; it comes back", async () => {
    await answers("192.0.2.7");
    expect(await ctl("site", "down", "fra1")).toMatchObject({ name: "fra1", up: false, noticedAfterMs: expect.any(Number) as number });
    expect(await ctl("map", "set", "192.0.2.0-192.0.2.99", "--etr", "203.0.113.7")).toMatchObject({ mab: "192.0.2.0/24" });
    const [answer] = await answers("192.0.2.7");
    expect(answer).toMatchObject({ etr: "203.0.113.7" });
    // From cache where the QSR has fetched it again, from another site, before it was asked.
    expect(answer!["qsa"] ?? "cache").toMatch(/^(cache|127\.0\.1\.[2-8]:\d+)$/);
    expect(await ctl("site", "up", "fra1")).toMatchObject({ up: true, noticedAfterMs: expect.any(Number) as number });
    const qsas = await ctlQsas();
    expect(qsas.find(({ name }) => name === "fra1.dsoc-a.example.")).toMatchObject({ rank: expect.any(Number) as number });
  });

  test("a change splits a micronet, and every part is answered right", async () => {
    await answers("192.0.2.50");
    await ctl("map", "set", "192.0.2.10-192.0.2.19", "--etr", "203.0.113.9");
    expect(await answers("192.0.2.5", "192.0.2.15", "192.0.2.50")).toMatchObject([
      { range: "192.0.2.0-192.0.2.9" },
      { range: "192.0.2.10-192.0.2.19", etr: "203.0.113.9" },
      { range: "192.0.2.20-192.0.2.99" },
    ]);
    await ctl("map", "unset", "192.0.2.10-192.0.2.19");
    expect(await answers("192.0.2.15")).toMatchObject([{ result: "negative", range: "192.0.2.10-192.0.2.19" }]);
  });

  test("a change tells its ranges in order, and which sites are down and have it later", async () => {
    await ctl("site", "down", "lon1");
    const { changes, qsas, down } = await ctl<MapReport>("map", "set", "192.0.2.155", "--etr", "203.0.113.9");
    expect(changes.map(({ range }) => range)).toEqual(["192.0.2.150-192.0.2.154", "192.0.2.155", "192.0.2.156/30"]);
    expect({ down, others: qsas.length }).toEqual({ down: ["lon1"], others: 7 });
    await Promise.all(qsas.map((site) => ctl("site", "down", site)));
    const { stdout } = await drtm("ctl", "map", "unset", "192.0.2.155", "--socket", socket);
    expect(stdout).toContain("MAB 192.0.2.0/24 at no site now: all are down (fra1, lon1, ");
    await Promise.all(["lon1", ...qsas].map((site) => ctl("site", "up", site)));
  });

  test("why explains, in words", async () => {
    const { stdout } = await drtm("ctl", "why", "192.0.2.7", "--socket", socket);
    expect(stdout).toMatch(/^192\.0\.2\.7: /);
    expect(stdout).toContain("MAB 192.0.2.0/24");
    expect((await ctl<WhyReport>("why", "::ffff:192.0.2.160")).verdict).toMatch(/^\w{3}1 \(127\.0\.1\.\d:\d+\) is asked: /);
  });

  test("refuses what it cannot do, and says why", async () => {
    const refusals = await Promise.all([
      drtm("ctl", "site", "down", "mars1", "--socket", socket),
      drtm("ctl", "map", "set", "9.9.9.9", "--etr", "203.0.113.7", "--socket", socket),
      drtm("ctl", "map", "set", "192.0.2.0-192.0.3.255", "--etr", "203.0.113.7", "--socket", socket),
      drtm("ctl", "why", "192.0.2", "--socket", socket),
      ...["224.0.0.5", "255.255.255.255", "0.0.0.1", "ff02::1", "fe80::1"].map((etr) => drtm("ctl", "map", "set", "192.0.2.7", "--etr", etr, "--socket", socket)),
    ]);
    expect(refusals.filter(({ status }) => status !== 2)).toEqual([]);
    expect(refusals.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining("there is no site mars1; there are fra1"),
      expect.stringContaining("9.9.9.9 begins in no MAB"),
      expect.stringContaining("reaches beyond 192.0.2.0/24"),
      expect.stringContaining('"192.0.2" is not an IPv4'),
      ...["multicast", "the broadcast address", "no address of a host", "multicast", "link-local"].map((what) => expect.stringContaining(` is ${what}`) as unknown),
    ]);
  });

  test("status wraps its counters", async () => {
    const { stdout } = await drtm("ctl", "status", "--socket", socket);
    expect(stdout).toMatch(/^counters .*,\n {12}\w+ \d/m);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("survives random bytes at every UDP port, and counts them", async () => {
    const sender = createSocket("udp4");
    const before = await ctl<StatusReport>("status");
    const ports = [Number(server.split(":")[1]), Number(dns.split(":")[1])];
    let seed = 1;
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from({ length: (round * 7) % 1500 }, () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16);
      if (round % 3 === 0) bytes[0] = 0xd1;
      for (const port of ports) sender.send(bytes, port, "127.0.0.1");
      sender.send(bytes, qsaPort, "127.0.1.2");
    }
    await expect.poll(async () => (await ctl<StatusReport>("status")).counters["malformedDatagrams"]).toBeGreaterThan((before.counters["malformedDatagrams"] ?? 0) + 200);
    sender.close();
    expect(await answers("192.0.2.50")).toMatchObject([{ result: "mapping" }]);
  });

  test.each<[string, () => [dns: string, listen: string], () => string]>([
    ["DNS", () => [dns, server], () => `cannot serve DNS on ${dns}/tcp: another process has this port; stop it, or choose another port (--dns names another)`],
    ["QSAs", () => [free, server], () => `/udp: another process has this port; stop it, or choose another port (fra1 of the zones: another "drtm up" probably runs)`],
  ])("a second one on the same ports says which is taken (%s) and where it comes from, and leaves the first alone", async (_what, ports, message) => {
    const [dnsAt, listenAt] = ports();
    const other = join(directory, "other.sock");
    const same = await drtm("up", "--zones", zones, "--listen", listenAt, "--dns", dnsAt, "--socket", other);
    expect(same).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(message()) as string });
    expect(existsSync(other)).toBe(false);
    expect(await answers("192.0.2.50")).toMatchObject([{ result: "mapping" }]);
  });
});

describe("drtm up on a world of one's own", () => {
  let own: string;
  let at: string[];

  beforeAll(async () => {
    own = join(directory, "own");
    const port = await freePort();
    mkdirSync(join(own, "mapping"), { recursive: true });
    const soa = { mname: "ns.a.example.", rname: "h.a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
    const dsoc = [{ name: "a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb("s1.a.example.", { target: "here1.a.example.", port, ipv4hint: [parseIp("127.0.0.1")] })];
    const zone = registry(1, [{ services: ["s1.a.example."], prefixes: ["10.1.0.0/16"] }]);
    writeFileSync(join(own, "drtm.example.zone"), formatZoneFile(zone, { apex: "drtm.example." }));
    writeFileSync(join(own, "a.example.zone"), formatZoneFile(dsoc, { apex: "a.example." }));
    writeFileSync(join(own, "mapping", "a.txt"), "mab 10.1.0.0/16 lineage 1 position 1\n10.1.4.0/22 203.0.113.1\n");
    at = ["--zones", own, "--listen", `127.0.0.1:${await freePort()}`, "--dns", `127.0.0.1:${await freePort()}`, "--socket", join(directory, "own.sock")];
  });

  test("suggests commands about what is in it", async () => {
    const mine = new Drtm(["up", ...at]);
    await mine.says("Ctrl-C stops it.");
    const { stdout, status } = await mine.stop();
    expect(status).toBe(0);
    expect(stdout).toContain("npx drtm query 10.1.4.7 --trace");
    expect(stdout).toContain("npx drtm ctl site down here1 ");
    expect(stdout).toContain("npx drtm ctl map set 10.1.4.0/22 --etr ");
  });

  test("Ctrl-C while it starts leaves nothing behind", async () => {
    const mine = new Drtm(["up", ...at]);
    await expect.poll(() => existsSync(join(directory, "own.sock")), { interval: 1, timeout: 10_000 }).toBe(true);
    expect(await mine.stop()).toMatchObject({ status: 0, stderr: "" });
    expect(mine.stdout.endsWith("stopped\n")).toBe(true);
    expect(existsSync(join(directory, "own.sock"))).toBe(false);
  });

  test.each(["SIGHUP", "SIGTERM"] as const)("%s ends it cleanly", async (signal) => {
    const mine = new Drtm(["up", ...at]);
    await mine.says("Ctrl-C stops it.");
    process.kill(mine.pid, signal);
    expect(await mine.finished()).toMatchObject({ status: 0, stdout: expect.stringMatching(/\nstopped\n$/) as string, stderr: "" });
    expect(existsSync(join(directory, "own.sock"))).toBe(false);
  });
});

test("Ctrl-C stops it cleanly", async () => {
  const { status, stdout, stderr } = await world.stop();
  const unexpected = stderr.split("\n").filter((line) => line !== "" && !/no QSA of s[12]\.dsoc-a\.example\. answers/.test(line));
  expect({ status, unexpected }).toEqual({ status: 0, unexpected: [] });
  expect(stdout.trim().endsWith("stopped")).toBe(true);
});
