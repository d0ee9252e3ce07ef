import { describe, expect, test } from "vitest";
import { CacheDoubt } from "../../../src/dns/discovery/cache-doubt.ts";
import { walkRegistry } from "../../../src/dns/discovery/registry-walk.ts";
import type { RegistryState } from "../../../src/dns/discovery/types.ts";
import { RecordType, type ResourceRecord } from "../../../src/dns/records/index.ts";
import { APEX, EVERYWHERE, RecordTable, type SetDraft, mabs, registry } from "../../support/registry.ts";
import { GONE_MS, ResolverCache, TTL_MS } from "../../support/resolver-cache.ts";

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] };
const B: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24", "198.51.100.0/24"] };
const OTHER: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["203.0.113.0/24"] };
function reader(table: RecordTable) {
  const cache = new ResolverCache(table);
  const doubt = new CacheDoubt(APEX);
  let known: RegistryState | undefined;
  const read = async (): Promise<RegistryState> => {
    const begun = cache.now;
    known = doubt.judge(await walkRegistry(EVERYWHERE, known, { ...table.tools, query: doubt.noting(cache.query) }), begun, cache.now);
    return known;
  };
  return { cache, read };
}

test.each([
  ["an index node", [A], [B]],
  ["an index node that was not there", [], [OTHER]],
])("%s from a cache under a new SOA: looked at again until it is the new one", async (_what, before, after) => {
  const table = new RecordTable(registry(1, before));
  const { cache, read } = reader(table);
  await read();
  cache.now += TTL_MS - 1_000;
  expect((await read()).settled).toBe(false);
  table.records = registry(2, after);
  const old = await read();
  expect([mabs(old), old.serial, old.settled]).toEqual([before.flatMap(({ prefixes }) => prefixes), 2, false]);
  cache.now += GONE_MS;
  const fresh = await read();
  expect([mabs(fresh), fresh.settled]).toEqual([after.flatMap(({ prefixes }) => prefixes).toSorted(), true]);
});

test("an index node that has no whole second left in the cache is given on all the same", async () => {
  const table = new RecordTable(registry(1, [A]));
  const { cache, read } = reader(table);
  await read();
  cache.now += GONE_MS + 900;
  await read();
  table.records = registry(2, [B]);
  cache.now += TTL_MS;
  expect([mabs(await read()), (await read()).settled]).toEqual([A.prefixes, false]);
  cache.now += 1_000;
  const fresh = await read();
  expect([mabs(fresh), fresh.serial]).toEqual([B.prefixes, 2]);
});

test("what is settled stays so while the serial does", async () => {
  const { cache, read } = reader(new RecordTable(registry(1, [A])));
  expect((await read()).settled).toBe(false);
  cache.now += GONE_MS;
  expect((await read()).settled).toBe(true);
  expect((await read()).settled).toBe(true);
});

test("DS data of a zone is under no digest either, and may be in a cache likewise", async () => {
  const doubt = new CacheDoubt(APEX);
  const name = `dsoc-a.example.keys.${APEX}`;
  const query = doubt.noting(() => Promise.resolve({ rcode: "NOERROR", records: [{ name, type: RecordType.TXT, ttl: 60, data: Uint8Array.of(0) }] }));
  const state: RegistryState = { apex: APEX, serial: 1, refresh: 1, retry: 1, expire: 3_600, sets: new Map(), keys: {}, problems: [], settled: true };
  await query(name, RecordType.TXT);
  expect([0, GONE_MS - 1, GONE_MS].map((begun) => doubt.judge(state, begun, begun).settled)).toEqual([false, false, true]);
});

describe("what is not there is so, as far as caches go,", () => {
  const soa = registry(1, [])[0]!;
  const STATE: RegistryState = { apex: APEX, serial: 1, refresh: 1, retry: 1, expire: 3_600, sets: new Map(), problems: [], settled: true };

  test.each<[string, number, readonly ResourceRecord[] | undefined, number]>([
    ["as long as the SOA beside it says", 1, [{ ...soa, ttl: 40 }], 40],
    ["and no longer than the minimum of that", 1, [{ ...soa, ttl: 3_600 }], 60],
    ["or as long as the zone may ask for at most, though the SOA of the apex is nearly out of the cache", 1, undefined, 60],
  ])("%s", async (_what, ttl, sections, seconds) => {
    const over = seconds * 1000 + GONE_MS - TTL_MS;
    const doubt = new CacheDoubt(APEX);
    const query = doubt.noting((_name, type) => {
      const isSoa = type === RecordType.SOA;
      return Promise.resolve({ rcode: isSoa ? "NOERROR" : "NXDOMAIN", records: isSoa ? [{ ...soa, ttl }] : [], ...(isSoa || sections === undefined ? {} : { sections }) });
    });
    await query(APEX, RecordType.SOA);
    await query(`0.idx.${APEX}`, RecordType.TXT);
    expect([0, over - 1, over].map((begun) => doubt.judge(STATE, begun, begun).settled)).toEqual([false, false, true]);
  });
});
