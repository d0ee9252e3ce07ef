import { describe, expect, test } from "vitest";
import type { RegistryState } from "../../src/dns/discovery/types.ts";
import { RecordType } from "../../src/dns/records/index.ts";
import { indexNode, setId } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { WalkReader } from "../../src/io/registry-reader.ts";
import { APEX, EVERYWHERE, RecordTable, type SetDraft, mabs, registry } from "../support/registry.ts";
import { ResolverCache, GONE_MS } from "../support/resolver-cache.ts";
import { SignedDns } from "../support/signed-dns.ts";

const MOVING = "192.0.2.0/24";
const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["2001:db8::/32"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };
const withMoving = (set: SetDraft): SetDraft => ({ ...set, prefixes: [...set.prefixes, MOVING] });

/** A reader behind a resolver with a cache, that has seen serial 1 and knows that no cache was behind. */
async function settled(...sets: SetDraft[]) {
  const table = new RecordTable(registry(1, sets));
  const cache = new ResolverCache(table);
  const reader = new WalkReader(EVERYWHERE, { query: cache.query, sha256hex }, new SignedDns().validation, () => cache.now);
  let state: RegistryState | undefined;
  const read = async (): Promise<RegistryState> => (state = await reader.read(state));
  await read();
  cache.now += GONE_MS;
  expect((await read()).settled).toBe(true);
  cache.now += GONE_MS;
  return { table, cache, read };
}

/** As long as nothing but time goes by. */
function placesOf(state: RegistryState, mab: string): string[] {
  return [...state.sets.values()].filter((set) => mabs({ ...state, sets: new Map([[set.id, set]]) }).includes(mab)).map(({ id }) => id);
}

describe("behind a cache that has one index node from before a change, and another from after it", () => {
  test("a MAB that moves from one set to another is in one of them all the time", async () => {
    const { table, cache, read } = await settled(withMoving(A), B);
    const [inA, inB] = [A, B].map(({ services }) => setId(services, sha256hex)) as [string, string];
    await cache.warm(indexNode(inB[0]!, APEX), RecordType.TXT);
    table.records = registry(2, [{ ...A, prefixes: [...A.prefixes, "203.0.113.0/24"] }, withMoving(B)]);
    const early = await read();
    expect(placesOf(early, MOVING)).toEqual([inA]);
    // What is new is not waited with.
    expect(mabs(early)).toContain("203.0.113.0/24");
    expect(early.problems).toEqual([{ name: APEX, problem: expect.stringMatching(/^1 MAB of serial 1 is not in serial 2 as seen so far, 192\.0\.2\.0\/24: it stays until no cache can hold/) }]);
    cache.now += GONE_MS;
    const late = await read();
    expect(placesOf(late, MOVING)).toEqual([inB]);
    expect(late.problems).toEqual([]);
    cache.now += GONE_MS;
    expect((await read()).settled).toBe(true);
  });

  test("a MAB that is gone goes when no cache can have it elsewhere any more", async () => {
    const { table, cache, read } = await settled(withMoving(A), B);
    table.records = registry(2, [A, B]);
    expect(mabs(await read())).toContain(MOVING);
    cache.now += GONE_MS / 2;
    expect(mabs(await read())).toContain(MOVING);
    cache.now += GONE_MS / 2;
    const late = await read();
    expect([mabs(late), late.settled]).toEqual([[...B.prefixes, ...A.prefixes], true]);
  });

  test("a set that is gone goes then too, and one that comes again is as it then is", async () => {
    const { table, cache, read } = await settled(A, B);
    table.records = registry(2, [A]);
    expect(mabs(await read())).toEqual([...B.prefixes, ...A.prefixes]);
    table.records = registry(3, [A, withMoving(B)]);
    cache.now += GONE_MS;
    expect(mabs(await read())).toEqual([MOVING, ...B.prefixes, ...A.prefixes]);
    table.records = registry(4, [A]);
    cache.now += GONE_MS;
    await read();
    cache.now += GONE_MS;
    expect(mabs(await read())).toEqual(A.prefixes);
  });
});
