import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { formatPrefix, parseIp, parsePrefix } from "../../src/address/index.ts";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { RecordType, encodeApl, encodeSoa } from "../../src/dns/records/index.ts";
import { setId } from "../../src/dns/zone-model/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { sha256hex } from "../../src/io/hash.ts";
import type { DiscoveryOptions } from "../../src/io/discovery-loop.ts";
import { LIMITS, discoveryOn } from "../support/discover.ts";
import { type SetDraft, registry, replaced, svcb, uncached } from "../support/registry.ts";

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] };
const B: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24", "198.51.100.0/24"] };

const close: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of close.splice(0).toReversed()) await end();
});

function dsocZone(...hints: string[]): ResourceRecord[] {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const qsas = hints.map((hint, index) => svcb("s1.dsoc-a.example.", { target: `qsa${index}.dsoc-a.example.`, ipv4hint: [parseIp(hint)] }));
  return [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, ...qsas];
}

async function start(records: readonly ResourceRecord[]) {
  const server = new DnsServer([uncached(records), dsocZone("127.0.1.1")]);
  const port = await server.listen("127.0.0.1", 0);
  const discovery = discoveryOn(port);
  close.push(() => server.close(), () => discovery.loop.close());
  await discovery.loop.start();
  const prefixes = (): string[] => Array.from(discovery.catalogues.at(-1)!.mabs(), ({ prefix }) => formatPrefix(prefix));
  return { server, port, ...discovery, prefixes };
}

describe("the catalogue follows DNS", () => {
  test("a new MAB is found by the serial", async () => {
    const { server, prefixes, catalogues } = await start(registry(1, [A]));
    expect(prefixes()).toEqual(["192.0.2.0/24"]);
    server.replaceZone(registry(2, [B]));
    await expect.poll(prefixes).toEqual(["192.0.2.0/24", "198.51.100.0/24"]);
    expect(catalogues).toHaveLength(2);
  });

  test("a MAB goes when two walks agree", async () => {
    const { server, prefixes, loop } = await start(registry(1, [B]));
    server.replaceZone(uncached(registry(2, [A])));
    await expect.poll(prefixes).toEqual(["192.0.2.0/24"]);
    expect(loop.status.serials).toEqual({ "drtm.example.": 2 });
  });

  test("a broken set stays as it was and is told, others change and lose MABs; mended, it is read although the serial stays", async () => {
    const other = { services: ["s1.dsoc-b.example."], prefixes: ["203.0.113.0/24"] };
    const { server, prefixes, problems, loop } = await start(registry(1, [B, other]));
    const changed = registry(2, [A, { ...other, prefixes: ["203.0.112.0/24"] }]);
    const bucket = changed.findLast(({ type, name }) => type === RecordType.APL && name.includes(setId(other.services, sha256hex)))!;
    server.replaceZone(replaced(uncached(changed), ({ name, type }) => name === bucket.name && type === bucket.type, encodeApl([parsePrefix("10.0.0.0/8")])));
    await expect.poll(prefixes).toEqual(["192.0.2.0/24", "203.0.113.0/24"]);
    expect(loop.status.serials).toEqual({ "drtm.example.": 2 });
    const told = `${bucket.name.replace("4-0-0.", "")}: set stays as it was: ${bucket.name} does not have the digest`;
    await expect.poll(() => problems.at(-1)).toContainEqual(expect.stringContaining(told));
    server.replaceZone(uncached(changed));
    await expect.poll(prefixes).toEqual(["192.0.2.0/24", "203.0.112.0/24"]);
    expect(loop.status.problems.filter(({ name }) => name.includes(".sets."))).toEqual([]);
  });

  test("an older serial changes nothing, and is reported", async () => {
    const { server, prefixes, failures } = await start(registry(5, [B]));
    server.replaceZone(registry(4, [A]));
    await expect.poll(() => failures[0]).toContain("older than 5");
    expect(prefixes()).toHaveLength(2);
  });

  test("QSAs of a service are read again when they all fail, without waiting for the TTL", async () => {
    const { server, catalogues, loop } = await start(registry(1, [A]));
    server.replaceZone(dsocZone("127.0.1.7"));
    loop.recheckService("s1.dsoc-a.example.");
    await expect.poll(() => catalogues.at(-1)!.services[0]!.servers.map(({ address }) => address.words[0])).toEqual([0x7f000107]);
  });
});

test("looks that are asked for while one goes on are one more", async () => {
  const server = new DnsServer([registry(1, [A]), dsocZone("127.0.1.1")]);
  let looks = 0;
  const readerOf: DiscoveryOptions["readerOf"] = (_registry, walk) => ({
    source: "slow",
    complaints: [],
    close: () => undefined,
    async read(known) {
      looks++;
      await setTimeout(100);
      return walk.read(known);
    },
  });
  const limits = { ...LIMITS, refreshMinSeconds: 3_600, refreshMaxSeconds: 3_600 };
  const { loop, catalogues } = discoveryOn(await server.listen("127.0.0.1", 0), { readerOf, limits });
  close.push(() => server.close(), () => loop.close());
  await loop.start();
  for (let count = 0; count < 50; count++) loop.hurry("drtm.example.", parseIp("127.0.0.1"));
  await setTimeout(50);
  for (let count = 0; count < 50; count++) loop.hurry("drtm.example.", parseIp("127.0.0.1"));
  server.replaceZone(dsocZone("127.0.1.7"));
  loop.recheckService("s1.dsoc-a.example.");
  await expect.poll(() => catalogues.length).toBe(2);
  await expect.poll(() => looks).toBe(3);
  await setTimeout(150);
  expect(looks).toBe(3);
});

describe("when DNS fails", () => {
  test("the last good catalogue stays, the reason is told, and it goes on when DNS is back", async () => {
    const { server, port, prefixes, failures, catalogues } = await start(registry(1, [A]));
    await server.close();
    await expect.poll(() => failures.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(failures[0]).toContain("no answer for drtm.example. SOA");
    expect(prefixes()).toEqual(["192.0.2.0/24"]);
    const back = new DnsServer([registry(2, [B]), dsocZone("127.0.1.1")]);
    await back.listen("127.0.0.1", port);
    close.push(() => back.close());
    await expect.poll(prefixes, { timeout: 10_000 }).toHaveLength(2);
    expect(catalogues).toHaveLength(2);
  });

  test("from the start: no catalogue, a reason, and one later by itself", async () => {
    const probe = new DnsServer([registry(1, [A]), dsocZone("127.0.1.1")]);
    const port = await probe.listen("127.0.0.1", 0);
    await probe.close();
    const { loop, catalogues, failures } = discoveryOn(port);
    close.push(() => loop.close());
    await loop.start();
    expect([catalogues.length, failures.length]).toEqual([0, 1]);
    const server = new DnsServer([registry(1, [A]), dsocZone("127.0.1.1")]);
    await server.listen("127.0.0.1", port);
    close.push(() => server.close());
    await expect.poll(() => catalogues.length, { timeout: 10_000 }).toBe(1);
  });
});
