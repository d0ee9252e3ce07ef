import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { formatPrefix, parseIp, parsePrefix } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../src/dns/records/index.ts";
import type { DiscoveryLoop, DiscoveryOptions } from "../../src/io/discovery-loop.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import type { RegistryReader } from "../../src/io/registry-reader.ts";
import { discoveryOn } from "../support/discover.ts";
import { registry, svcb } from "../support/registry.ts";

const GOOD = "drtm.example.";
const STUCK = "stuck.example.";
const SERVICE = "s1.dsoc-a.example.";
const SPACE = [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")];
const LIMITS = { refreshMinSeconds: 3_600, refreshMaxSeconds: 3_600, serviceTtlMinSeconds: 3_600, serviceTtlMaxSeconds: 3_600 };
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function dsocZone(hint: string): ResourceRecord[] {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  return [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb(SERVICE, { target: "qsa1.dsoc-a.example.", ipv4hint: [parseIp(hint)] })];
}

function zone(serial: number, ...prefixes: string[]): ResourceRecord[] {
  return registry(serial, [{ services: [SERVICE], prefixes }]);
}

/** As a primary that takes the connection and then says nothing; ends when it is closed, or told to. */
function stuckReader() {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  let looks = 0;
  const reader: RegistryReader = { source: "stuck", complaints: [], close: () => { reject(new Error("stopped")); }, read: () => { looks++; return promise; } };
  return { reader, give: () => { reject(new Error("nothing came")); }, looks: () => looks };
}

/** Two registries, one of which is never done with being read. */
async function start(more: Partial<DiscoveryOptions> = {}) {
  const server = new DnsServer([zone(1, "192.0.2.0/24"), dsocZone("127.0.1.1")]);
  const stuck = stuckReader();
  const discovery = discoveryOn(await server.listen("127.0.0.1", 0), {
    registries: [{ apex: STUCK, space: SPACE }, { apex: GOOD, space: SPACE }],
    readerOf: ({ apex }, walk) => (apex === STUCK ? stuck.reader : walk),
    limits: LIMITS,
    patienceMs: 50,
    ...more,
  });
  ends.push(() => server.close(), () => discovery.loop.close());
  const started = discovery.loop.start();
  const mabs = (): string[] => Array.from(discovery.catalogues.at(-1)?.mabs() ?? [], ({ prefix }) => formatPrefix(prefix));
  return { ...discovery, server, stuck, started, mabs };
}

function ageOf(loop: DiscoveryLoop, apex: string): number | null {
  return loop.status.registries.find((one) => one.apex === apex)!.ageSeconds;
}

describe("a registry that takes its time does not hold up", () => {
  test("the others at the start", async () => {
    const { mabs, stuck, started } = await start();
    await expect.poll(mabs).toEqual(["192.0.2.0/24"]);
    expect(stuck.looks()).toBe(1);
    stuck.give();
    await started;
  });

  test("a change of another", async () => {
    const { mabs, loop, server } = await start();
    await expect.poll(mabs).toHaveLength(1);
    server.replaceZone(zone(2, "192.0.2.0/24", "198.51.100.0/24"));
    loop.hurry(GOOD, parseIp("127.0.0.1"));
    await expect.poll(mabs).toHaveLength(2);
  });

  test("services of which all QSAs fail", async () => {
    const { mabs, catalogues, loop, server } = await start();
    await expect.poll(mabs).toHaveLength(1);
    server.replaceZone(dsocZone("127.0.1.7"));
    loop.recheckService(SERVICE);
    await expect.poll(() => catalogues.at(-1)!.services[0]!.servers.map(({ address }) => address.words[0])).toEqual([0x7f000107]);
  });
});

test("nothing is published before all have been looked at, for a while: half a catalogue says of the rest that it is in no MAB", async () => {
  const { catalogues, loop, stuck, started } = await start({ patienceMs: 3_600_000 });
  await expect.poll(() => ageOf(loop, GOOD)).not.toBeNull();
  await setTimeout(100);
  expect([catalogues, loop.status.serials]).toEqual([[], {}]);
  expect(loop.status.registries.map(({ isServed }) => isServed)).toEqual([false, false]);
  stuck.give();
  await started;
  expect(catalogues).toHaveLength(1);
  expect(loop.status.registries.map(({ isServed }) => isServed)).toEqual([false, true]);
});

test("a catalogue of the last run of which it is not known what it was made of stays until all have been looked at", async () => {
  const { catalogue } = await (async () => {
    const { catalogues, stuck, started } = await start();
    stuck.give();
    await started;
    return { catalogue: catalogues.at(-1)! };
  })();
  const { catalogues, loop, stuck, started } = await start({ recall: () => ({ inUse: { catalogue, confirmedAt: Date.now() }, discovery: undefined }) });
  await expect.poll(() => ageOf(loop, GOOD)).not.toBeNull();
  await setTimeout(100);
  expect([catalogues, loop.status.serials]).toEqual([[], {}]);
  expect(loop.status.registries.map(({ isServed }) => isServed)).toEqual([true, true]);
  expect(loop.status.ageSeconds).toBeLessThan(60);
  stuck.give();
  await started;
  expect(catalogues).toHaveLength(1);
});
