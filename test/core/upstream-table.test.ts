import { describe, expect, test } from "vitest";
import type { ServerEntry, ServiceEntry } from "../../src/core/mabs/catalogue-content.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import type { Upstream } from "../../src/core/querier/upstream.ts";
import { UpstreamTable } from "../../src/core/querier/upstream-table.ts";
import { seeded } from "../support/virtual-network.ts";

const SERVERS = 60;

function newTable(maxUpstreams: number, nextU32 = seeded(1)): UpstreamTable {
  return new UpstreamTable(maxUpstreams, new PeerTable(256, nextU32), { 4: 0, 6: undefined }, nextU32);
}

function serverEntry(number: number): ServerEntry {
  return { name: `qsa${number}.example.`, address: { family: 4, words: [number + 1, 0, 0, 0] }, port: 4344, tier: 1, region: "", weight: 1 };
}

function serviceOf(name: string, ...servers: readonly number[]): ServiceEntry {
  return { name, servers: servers.map(serverEntry) };
}

function adopt(table: UpstreamTable, services: readonly ServiceEntry[]): void {
  for (const upstream of table.adopt(services)) table.forget(upstream);
}

/** Servers and services by what names them, as a catalogue lists them. */
function listing(services: readonly ServiceEntry[]): string[] {
  return services.flatMap(({ name, servers }) => servers.map(({ address }) => `${address.words[0]} of ${name}`)).toSorted();
}

function metBy(table: UpstreamTable): string[] {
  return Array.from(table.listed(), (upstream) => table.rankingsOf(upstream).map(({ name }) => `${upstream.address.words[0]} of ${name}`)).flat().toSorted();
}

describe("services that change", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("at any time, some of which have not been met, leave each server known once as long as some service names it (seed %i)", (seed) => {
    const draw = seeded(seed);
    const below = (most: number): number => draw() % most;
    const table = newTable(SERVERS, draw);
    let services: readonly ServiceEntry[] = [];
    const known = new Map<number, Upstream>();
    for (let change = 0; change < 200; change++) {
      const newService = (): ServiceEntry => serviceOf(`s${below(12)}-${change}`, ...new Set(Array.from({ length: 1 + below(6) }, () => below(SERVERS))));
      // Each stays as it is, is gone or is another; some come.
      services = [...services.flatMap((service) => (below(4) > 0 ? [service] : below(2) > 0 ? [newService()] : [])), ...Array.from({ length: below(3) }, newService)].slice(0, 12);
      const named = new Set(services.flatMap(({ servers }) => servers.map(({ address }) => address.words[0])));
      const left = table.adopt(services);
      for (const upstream of left) {
        expect(named.has(upstream.address.words[0])).toBe(false);
        expect(table.at(upstream.index)).toBe(upstream);
        known.delete(upstream.address.words[0]);
        table.forget(upstream);
      }
      for (const word of known.keys()) expect(named.has(word)).toBe(true);
      // One is needed at once.
      const asked = services.slice(below(services.length + 1)).slice(0, 1);
      expect(asked.map((service) => table.ranking(services.indexOf(service)).size)).toEqual(asked.map(({ servers }) => servers.length));
      table.meet(below(20));
      for (const upstream of table.listed()) {
        const word = upstream.address.words[0];
        expect(known.get(word) ?? upstream).toBe(upstream);
        known.set(word, upstream);
        for (const ranking of table.rankingsOf(upstream)) expect(ranking.placeOf(upstream)).toBeGreaterThanOrEqual(0);
      }
      if (!table.hasMetAll && below(3) > 0) continue;
      table.meet(Infinity);
      expect(metBy(table)).toEqual(listing(services));
      expect(table.rankings.map(({ name }) => name)).toEqual(services.map(({ name }) => name));
      for (const upstream of table.listed()) known.set(upstream.address.words[0], upstream);
    }
  });

  test("one that is as it was has its ranking still, and another one is ranked anew", () => {
    const table = newTable(8);
    const [a, b] = [serviceOf("a", 1, 2), serviceOf("b", 2, 3)];
    adopt(table, [a, b]);
    const before = [table.ranking(0), table.ranking(1)];
    adopt(table, [serviceOf("a", 1, 2), b]);
    expect(table.ranking(0)).not.toBe(before[0]);
    expect(table.ranking(1)).toBe(before[1]);
  });

  test("one with servers for which there was no room is met again", () => {
    const table = newTable(3);
    const whole = serviceOf("b", 3, 4);
    adopt(table, [serviceOf("a", 1, 2), whole]);
    table.meet(Infinity);
    expect([table.size, table.omitted, table.ranking(1).size]).toEqual([3, 1, 1]);
    adopt(table, [serviceOf("a", 1), whole]);
    table.meet(Infinity);
    expect([table.size, table.omitted, table.ranking(1).size]).toEqual([3, 0, 2]);
  });

  test("until all are met, a server is in what it was in before, too", () => {
    const table = newTable(8);
    adopt(table, [serviceOf("a", 1, 2), serviceOf("b", 2)]);
    table.meet(Infinity);
    adopt(table, [serviceOf("c", 2), serviceOf("d", 1)]);
    const second = table.find(serverEntry(2).address, 4344)!;
    expect(table.rankingsOf(second).map(({ name }) => name)).toEqual(["a", "b"]);
    table.meet(1);
    expect(table.rankingsOf(second).map(({ name }) => name)).toEqual(["a", "b", "c"]);
    table.meet(1);
    expect(table.rankingsOf(second).map(({ name }) => name)).toEqual(["c"]);
  });
});
