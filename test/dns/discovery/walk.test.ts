import { describe, expect, test } from "vitest";
import { type Prefix, formatPrefix, parsePrefix } from "../../../src/address/index.ts";
import { PackedPrefixes } from "../../../src/address/packed-prefixes.ts";
import { CatalogueBook } from "../../../src/dns/discovery/catalogue-book.ts";
import { WalkError } from "../../../src/dns/discovery/errors.ts";
import { walkRegistry } from "../../../src/dns/discovery/registry-walk.ts";
import type { BucketState, RegistryState } from "../../../src/dns/discovery/types.ts";
import { RecordType, encodeTxt } from "../../../src/dns/records/index.ts";
import { APEX, EVERYWHERE, RecordTable, type SetDraft, mabs, registry, replaced } from "../../support/registry.ts";

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24", "2001:db8::/32"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };
const BOTH: SetDraft = { services: ["s1.dsoc-a.example.", "s1.dsoc-b.example."], prefixes: ["203.0.113.0/24"] };

/** Many /24s, so that their set has many buckets. */
function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
}

describe("a walk", () => {
  test("finds every MAB and service", async () => {
    const state = await walkRegistry(EVERYWHERE, undefined, new RecordTable(registry(1, [A, B, BOTH])).tools);
    expect(mabs(state)).toEqual(["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32", "203.0.113.0/24"]);
    expect(state).toMatchObject({ serial: 1, problems: [] });
    expect([...state.sets.values()].map(({ services }) => services).toSorted()).toEqual([BOTH.services, A.services, B.services].toSorted());
  });

  test("the second time, asks only for what has changed", async () => {
    const table = new RecordTable(registry(1, [A, { ...B, prefixes: many(2000) }]));
    const first = await walkRegistry(EVERYWHERE, undefined, table.tools);
    const cost = table.asked.splice(0).length;
    table.records = registry(2, [A, { ...B, prefixes: many(2000).slice(1) }]);
    const second = await walkRegistry(EVERYWHERE, first, table.tools);
    expect(mabs(second)).toHaveLength(2001);
    expect(table.asked.filter((question) => question.endsWith(` ${RecordType.APL}`))).toHaveLength(1);
    expect(table.asked.length).toBeLessThan(cost);
  });

  test("a change in the middle of it is noticed, and the walk begun again", async () => {
    const table = new RecordTable(registry(1, [A, B]));
    let changes = 0;
    table.before = (_name, type) => {
      if (type === RecordType.APL && changes++ === 0) table.records = registry(2, [B, BOTH]);
    };
    expect(mabs(await walkRegistry(EVERYWHERE, undefined, table.tools))).toEqual(["198.51.100.0/24", "203.0.113.0/24"]);
  });

  test("a zone that is changed all the time ends it", async () => {
    const table = new RecordTable(registry(1, [A]));
    let serial = 1;
    table.before = (_name, type) => {
      if (type === RecordType.SOA) table.records = registry(serial++, [A]);
    };
    await expect(walkRegistry(EVERYWHERE, undefined, table.tools)).rejects.toThrow(/could not be read whole in 4 tries: its serial went from 7 to 8/);
  });

  test("a serial that goes back is refused, and one that wraps is not", async () => {
    const table = new RecordTable(registry(0xfffffff0, [A]));
    const first = await walkRegistry(EVERYWHERE, undefined, table.tools);
    table.records = registry(5, [A, B]);
    const second = await walkRegistry(EVERYWHERE, first, table.tools);
    expect(second.serial).toBe(5);
    table.records = registry(4, [A]);
    await expect(walkRegistry(EVERYWHERE, second, table.tools)).rejects.toThrow("has serial 4, older than 5");
  });

  test("a zone that is no registry is refused", async () => {
    const records = registry(1, [A]);
    const other = replaced(records, ({ name }) => name.startsWith("version."), encodeTxt(["drtm9"]));
    await expect(walkRegistry(EVERYWHERE, undefined, new RecordTable(other).tools)).rejects.toThrow('says ["drtm9"] and not "drtm1"');
    await expect(walkRegistry(EVERYWHERE, undefined, new RecordTable([]).tools)).rejects.toThrow(WalkError);
  });

});

describe("the catalogue", () => {
  const services = ["s1.dsoc-a.example.", "s1.dsoc-b.example."].map((name) => ({ name, servers: [], ttl: 60, problems: [] }));

  test("a MAB in two sets has the services of both", async () => {
    const state = await walkRegistry(EVERYWHERE, undefined, new RecordTable(registry(1, [A, { ...B, prefixes: ["192.0.2.0/24"] }])).tools);
    const { catalogue } = new CatalogueBook([EVERYWHERE]).update([state], services);
    expect(Array.from(catalogue.mabs(), ({ prefix, group }) => [formatPrefix(prefix), group.services])).toEqual([
      ["192.0.2.0/24", [0, 1]],
      ["2001:db8::/32", [0]],
    ]);
  });

  test("what a registry may not speak for is left out, and reported", async () => {
    const options = { ...EVERYWHERE, space: [parsePrefix("192.0.0.0/8")] };
    const state = await walkRegistry(options, undefined, new RecordTable(registry(1, [A, B])).tools);
    const { catalogue, problems } = new CatalogueBook([options]).update([state], services);
    expect(Array.from(catalogue.mabs(), ({ prefix }) => formatPrefix(prefix))).toEqual(["192.0.2.0/24"]);
    expect(problems.map(({ problem }) => problem).toSorted()).toEqual([
      "198.51.100.0/24 left out: not in the space this registry may speak for",
      "2001:db8::/32 left out: not in the space this registry may speak for",
    ]);
  });

  test("a MAB that a set lists in two buckets stays when it is gone from one of them", () => {
    const [twice, other] = ["10.0.0.0/8", "11.0.0.0/8"].map(parsePrefix) as [Prefix, Prefix];
    const inBoth = { digest: "b", prefixes: PackedPrefixes.of([twice]) };
    const withBuckets = (serial: number, buckets: readonly (readonly [string, BucketState])[]): RegistryState => {
      const set = { id: "0123456789", digest: String(serial), services: [services[0]!.name], buckets: new Map(buckets) };
      return { apex: APEX, serial, refresh: 1, retry: 1, expire: 1, sets: new Map([[set.id, set]]), problems: [], settled: true };
    };
    const book = new CatalogueBook([EVERYWHERE]);
    book.update([withBuckets(1, [["4-0-0", { digest: "a", prefixes: PackedPrefixes.of([twice, other]) }], ["4-1-0", inBoth]])], services);
    const { catalogue } = book.update([withBuckets(2, [["4-0-0", { digest: "c", prefixes: PackedPrefixes.of([other]) }], ["4-1-0", inBoth]])], services);
    expect(Array.from(catalogue.mabs(), ({ prefix }) => formatPrefix(prefix))).toEqual(["10.0.0.0/8", "11.0.0.0/8"]);
  });
});
