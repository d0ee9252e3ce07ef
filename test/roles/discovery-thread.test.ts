import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatPrefix, parseIp } from "../../src/address/index.ts";
import { qsrSchema } from "../../src/config/schema.ts";
import type { Catalogue } from "../../src/core/mabs/catalogue.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../src/dns/records/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { makeLog } from "../../src/io/log.ts";
import { DiscoveryThread } from "../../src/roles/discovery/discovery-thread.ts";
import { startDiscovery } from "../../src/roles/threads.ts";
import { discoverOnce } from "../support/discover.ts";
import { type SetDraft, registry, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const FAILING = new URL("../support/failing-discovery.ts", import.meta.url);
const FATAL_SERVICE = "fatal.example.";
const log = makeLog({ level: "fatal" as "error", format: "json" });

let directory = "";
let dns: DnsServer;
let port = 0;
const threads: DiscoveryThread[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-thread-"));
  dns = new DnsServer([registry(1, [set("192.0.2.0/24")]), dsocZone("127.0.1.1")]);
  port = await dns.listen("127.0.0.1", 0);
});

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
  await dns.close();
  rmSync(directory, { recursive: true });
});

function set(...prefixes: string[]): SetDraft {
  return { services: [SERVICE], prefixes };
}

function dsocZone(hint: string): ResourceRecord[] {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  return [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb(SERVICE, { target: "qsa1.dsoc-a.example.", ipv4hint: [parseIp(hint)] })];
}

async function open(more: object = {}) {
  const config = qsrSchema.parse({
    role: "qsr",
    dns: { servers: [`127.0.0.1:${port}`], registries: [{ apex: "drtm.example" }], refreshMinSeconds: 0.1, refreshMaxSeconds: 1, queryDeadlineSeconds: 0.5, ...more },
    qsas: { allowLoopback: true },
  });
  const thread = new DiscoveryThread({ dns: config.dns, qsas: config.qsas, directory: join(directory, "state") }, log, () => startDiscovery(FAILING));
  threads.push(thread);
  await thread.ready;
  const catalogues: Catalogue[] = [];
  const begin = (): Promise<void> => thread.start(undefined, (catalogue) => void catalogues.push(catalogue));
  const mabs = (): string[] => Array.from(catalogues.at(-1)?.mabs() ?? [], ({ prefix }) => formatPrefix(prefix));
  const problems = (): string => thread.status.problems.map(({ name, problem }) => `${name}: ${problem}`).join("\n");
  return { thread, catalogues, begin, mabs, problems };
}

async function started() {
  const opened = await open();
  await opened.begin();
  return opened;
}

describe("a catalogue that comes from the discovery thread", () => {
  test("is the one that discovery makes, in memory that both threads have", async () => {
    const { thread, catalogues } = await started();
    const [catalogue] = catalogues;
    expect(catalogue!.equals((await discoverOnce(port)).catalogue)).toBe(true);
    for (const { buffer } of [catalogue!.columns.prefixes.hi, catalogue!.columns.groupOf, catalogue!.columns.ipv4.prefix]) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(thread.status).toMatchObject({ serials: { "drtm.example.": 1 }, sources: { "drtm.example.": "query walk" }, problems: [] });
  });

  test("after a change says where it differs, and has the services of the one before", async () => {
    const { catalogues, mabs } = await started();
    dns.replaceZone(registry(2, [set("192.0.2.0/24", "2001:db8::/32")]));
    await expect.poll(mabs).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
    const [before, after] = catalogues as [Catalogue, Catalogue];
    expect(after.changedSince(before)!.map(formatPrefix)).toEqual(["2001:db8::/32"]);
    expect(after.services).toBe(before.services);
    expect(after.groups).toBe(before.groups);
  });

  test("after changes while the query thread was busy is the newest, and none in between is left out", async () => {
    const { catalogues, mabs } = await started();
    const busy = new Int32Array(new SharedArrayBuffer(4));
    for (const [index, prefix] of ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"].entries()) {
      dns.replaceZone(registry(index + 2, [set("192.0.2.0/24", prefix)]));
      // The name server is in this thread too: it answers in between.
      for (const until = Date.now() + 400; Date.now() < until; await new Promise((done) => { setImmediate(done); })) Atomics.wait(busy, 0, 0, 20);
    }
    await expect.poll(mabs).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
    for (const [index, catalogue] of catalogues.slice(1).entries()) expect(catalogue.changedSince(catalogues[index]!)).toBeDefined();
  });

  test("has other QSAs of a service once that has been read again, without waiting for its TTL", async () => {
    const { thread, catalogues } = await started();
    dns.replaceZone(dsocZone("127.0.1.7"));
    thread.recheckService(SERVICE);
    await expect.poll(() => catalogues.at(-1)!.services[0]!.servers.map(({ address }) => address.words[0])).toEqual([0x7f000107]);
    expect(catalogues).toHaveLength(2);
  });
});

describe("a discovery thread that fails", () => {
  test("is started again and follows DNS; meanwhile the catalogue stays, and the status says why", async () => {
    const { thread, catalogues, mabs, problems } = await started();
    thread.recheckService(FATAL_SERVICE);
    await expect.poll(problems).toContain("discovery: its thread has failed, and is started again: failed on purpose");
    expect(thread.status.serials).toEqual({ "drtm.example.": 1 });
    dns.replaceZone(registry(2, [set("198.51.100.0/24")]));
    await expect.poll(mabs).toEqual(["198.51.100.0/24"]);
    expect(problems()).not.toContain("failed");
    // Of a catalogue made by another thread it cannot be told where it differs.
    expect(catalogues.at(-1)!.changedSince(catalogues[0]!)).toBeUndefined();
  });

  test("goes on from what is on disk, so that what is as before is not handed over again", async () => {
    const { thread, catalogues, mabs, problems } = await started();
    await expect.poll(() => thread.isKept).toBe(true);
    thread.recheckService(FATAL_SERVICE);
    await expect.poll(problems).toContain("failed on purpose");
    await expect.poll(problems).toBe("");
    expect(catalogues).toHaveLength(1);
    dns.replaceZone(registry(2, [set("192.0.2.0/24", "198.51.100.0/24")]));
    await expect.poll(mabs).toHaveLength(2);
    expect(catalogues.at(-1)!.changedSince(catalogues[0]!)!.map(formatPrefix)).toEqual(["198.51.100.0/24"]);
  });

  test("can be closed before it is started again", async () => {
    const { thread, problems } = await started();
    thread.recheckService(FATAL_SERVICE);
    await expect.poll(problems).toContain("failed on purpose");
    await thread.close();
    expect(problems()).toContain("failed on purpose");
  });

  test("because it cannot work as configured says so before anything is read", async () => {
    const taken = createSocket("udp4");
    taken.bind(0, "127.0.0.1");
    await once(taken, "listening");
    const listen = [`127.0.0.1:${taken.address().port}`];
    // TCP is bound first, and a connection of another process may happen to have that port.
    await expect(open({ notify: { listen } })).rejects.toMatchObject({ code: "DRTM_LISTEN", message: expect.stringMatching(`^cannot hear NOTIFY on ${listen[0]}/(udp|tcp): `) });
    taken.close();
  });
});

test("a discovery thread ends at once, whatever it is waiting for", async () => {
  const silent = createSocket("udp4");
  silent.bind(0, "127.0.0.1");
  await once(silent, "listening");
  const { thread, begin } = await open({ servers: [`127.0.0.1:${silent.address().port}`], queryDeadlineSeconds: 60 });
  void begin();
  await once(silent, "message");
  const begun = performance.now();
  await thread.close();
  expect(performance.now() - begun).toBeLessThan(5_000);
  silent.close();
});
