import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { QsaReport, StatusReport } from "../../src/roles/reports.ts";
import { Drtm, type Finished, drtm, freePort } from "../support/process.ts";
import { copySampleZones } from "../support/sample-zones.ts";

const directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
const socket = join(directory, "drtm.sock");
const zones = join(directory, "zones");
let world: Drtm;
let server: string;
let dns: string;
let qsaPort: number;

beforeAll(async () => {
  server = `127.0.0.1:${await freePort()}`;
  dns = `127.0.0.1:${await freePort()}`;
  qsaPort = await freePort();
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

async function ctl<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await drtm("ctl", ...args, "--socket", socket, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

describe("drtm up", () => {
  test("shows what it found, without a warning", () => {
    expect(world.stdout).toMatch(/Found in DNS: 2,\d\d\d MABs in \d sets, \d services, \d\d QSAs/);
    expect(world.stdout).toContain(`npx drtm ctl site down fra1 --socket ${socket}`);
    expect(world.stderr).toBe("");
  });

  test("has measured every QSA, and the nearest of every service is first", async () => {
    const qsas = await ctl<QsaReport[]>("qsas");
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
    expect(await answers("192.0.2.7")).toMatchObject([{ etr: "203.0.113.7", qsa: `127.0.1.2:${qsaPort}` }]);
    expect(await ctl("site", "up", "fra1")).toMatchObject({ up: true, noticedAfterMs: expect.any(Number) as number });
    expect((await ctl<QsaReport[]>("qsas"))[0]).toMatchObject({ name: "fra1.dsoc-a.example.", rank: 1, state: "up" });
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

  test("why explains, in words", async () => {
    const { stdout } = await drtm("ctl", "why", "192.0.2.7", "--socket", socket);
    expect(stdout).toMatch(/^192\.0\.2\.7: /);
    expect(stdout).toContain("MAB 192.0.2.0/24");
  });

  test("refuses what it cannot do, and says why", async () => {
    const refusals = await Promise.all([
      drtm("ctl", "site", "down", "mars1", "--socket", socket),
      drtm("ctl", "map", "set", "9.9.9.9", "--etr", "203.0.113.7", "--socket", socket),
      drtm("ctl", "map", "set", "192.0.2.0-192.0.3.255", "--etr", "203.0.113.7", "--socket", socket),
      drtm("ctl", "why", "192.0.2", "--socket", socket),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([2, 2, 2, 2]);
    expect(refusals.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining("there is no site mars1; there are fra1"),
      expect.stringContaining("9.9.9.9 begins in no MAB"),
      expect.stringContaining("reaches beyond 192.0.2.0/24"),
      expect.stringContaining('"192.0.2" is not an IPv4'),
    ]);
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

  test("a second one on the same ports says which is taken, and leaves the first alone", async () => {
    const other = join(directory, "other.sock");
    const same = await drtm("up", "--zones", zones, "--listen", server, "--dns", dns, "--socket", other);
    expect(same).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(`cannot serve DNS on ${dns}/tcp: another process has this port`) as string });
    expect(await answers("192.0.2.50")).toMatchObject([{ result: "mapping" }]);
  });
});

test("Ctrl-C stops it cleanly", async () => {
  const { status, stdout, stderr } = await world.stop();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.trim().endsWith("stopped")).toBe(true);
});
