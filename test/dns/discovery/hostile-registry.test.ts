import { describe, expect, test } from "vitest";
import { parsePrefix } from "../../../src/address/index.ts";
import { Budget } from "../../../src/dns/discovery/budget.ts";
import { readZoneKeys } from "../../../src/dns/discovery/zone-keys.ts";
import { readTrustAnchors } from "../../../src/dns/dnssec/index.ts";
import { walkRegistry } from "../../../src/dns/discovery/registry-walk.ts";
import { RecordType, type ResourceRecord, encodeApl, encodeHostName, encodeTxt } from "../../../src/dns/records/index.ts";
import { setDigest, setId } from "../../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../../src/io/hash.ts";
import { APEX, EVERYWHERE, RecordTable, registry } from "../../support/registry.ts";

const zeros = "0".repeat(16);
const empty = registry(1, []);

/** A set with digests that are right, whatever its list says. */
function withSet(services: readonly string[], entries: readonly string[]): ResourceRecord[] {
  const id = setId(services, sha256hex);
  return [
    { name: `${id[0]}.idx.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt([`${id} ${setDigest(services, entries, sha256hex)}`]) },
    ...services.map((service) => ({ name: `${id}.sets.${APEX}`, type: RecordType.PTR, ttl: 60, data: encodeHostName(service) })),
    { name: `ix.${id}.sets.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt(entries) },
  ];
}

function ghosts(eachNode: number): ResourceRecord[] {
  return [..."0123456789abcdef"].flatMap((digit) =>
    Array.from({ length: eachNode }, (_, index) => ({ name: `${digit}.idx.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt([`${digit}${String(index).padStart(9, "0")} ${zeros}`]) })),
  );
}

/** Counts what is asked after the walk has ended too. */
async function refusal(table: RecordTable): Promise<{ message: string; asked: number }> {
  const message = await walkRegistry(EVERYWHERE, undefined, table.tools).then(() => "", (error: Error) => error.message);
  const asked = table.asked.length;
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect(table.asked).toHaveLength(asked);
  return { message, asked };
}

describe("a hostile registry", () => {
  test("of 22,400 sets is refused before one is asked for", async () => {
    const { message, asked } = await refusal(new RecordTable([...empty, ...ghosts(1400)]));
    expect(message).toBe("drtm.example. has more than 4,096 sets: refused; divide it into several registries");
    expect(asked).toBeLessThan(20);
  });

  test("of 80,000 buckets is refused, and nothing is asked afterwards", async () => {
    const entries = Array.from({ length: 2000 }, (_, index) => `4-16-${index.toString(16)} ${zeros}`);
    const sets = Array.from({ length: 40 }, (_, index) => withSet([`s${index}.x.`], entries)).flat();
    const { message, asked } = await refusal(new RecordTable([...empty, ...sets]));
    expect(message).toContain("has more than 65,536 buckets: refused");
    expect(asked).toBeLessThan(2000);
  });

  test("of 4,200 services is refused", async () => {
    const services = Array.from({ length: 70 }, (_, set) => Array.from({ length: 60 }, (__, index) => `s${index}.x${set}.`));
    const records = services.flatMap((some) => withSet(some, [`4-0-0 ${zeros}`]));
    expect((await refusal(new RecordTable([...empty, ...records]))).message).toContain("has more than 4,096 services");
  });

  test("of sets that do not exist is asked for each at most twice, few at one time", async () => {
    const table = new RecordTable([...empty, ...ghosts(10)]);
    let now = 0;
    let most = 0;
    const query: typeof table.query = async (name, type) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return table.query(name, type);
    };
    const state = await walkRegistry(EVERYWHERE, undefined, { query, sha256hex });
    expect(state.problems).toHaveLength(160);
    expect(table.asked.length).toBeLessThanOrEqual(2 * (2 * 160 + 16 + 3));
    expect(most).toBeLessThanOrEqual(64);
  });

  test("that answers for next to nothing is given up soon", async () => {
    const table = new RecordTable([...empty, ...ghosts(250)]);
    table.before = (name) => {
      if (name.includes(".sets.")) throw new Error("no answer");
    };
    const { message, asked } = await refusal(table);
    expect(message).toContain("65 names have no answer, so this walk ends; the last: no answer");
    expect(asked).toBeLessThan(200);
  });

  // A transfer has no bound for one RRset but its own, 160 MiB; an answer has 64 KiB.
  describe("with one RRset that is a flood is not decoded any further than it may have", () => {
    const id = setId(["s1.x."], sha256hex);
    const entry = `4-0-0 ${zeros}`;

    test.each<[string, string, number, Uint8Array, number, string]>([
      ["index entries", `0.idx.${APEX}`, RecordType.TXT, encodeTxt(Array.from({ length: 1_000 }, () => "x")), 5, "has more than 4,096 sets"],
      ["a bucket list", `ix.${id}.sets.${APEX}`, RecordType.TXT, encodeTxt(Array.from({ length: 10_000 }, () => "x")), 7, "lists more than 65,536 buckets"],
      ["a set's services", `${id}.sets.${APEX}`, RecordType.PTR, encodeHostName("s1.x."), 0, "names 1000 services: at most 64"],
      ["a bucket", `4-0-0.${id}.sets.${APEX}`, RecordType.APL, encodeApl(Array.from({ length: 10_000 }, (_, index) => parsePrefix(`10.${index >> 8}.${index & 255}.0/24`))), 105, "has more than 1,048,576 MABs"],
      ["the version", `version.${APEX}`, RecordType.TXT, encodeTxt(Array.from({ length: 200 }, () => "drtm9")), 1_000, 'says ["drtm9","drtm9","drtm9",...] and not "drtm1"'],
    ])("%s", async (_what, name, type, data, most, reason) => {
      let decoded = 0;
      const record = { name, type, ttl: 60, get data() { decoded++; return data; } };
      const others = [...empty, ...withSet(["s1.x."], [entry])].filter((one) => one.name !== name || one.type !== type);
      const table = new RecordTable([...others, ...Array.from({ length: 1_000 }, () => record)]);
      const outcome = await walkRegistry(EVERYWHERE, undefined, table.tools).then(({ problems }) => problems.map(({ problem }) => problem).join("\n"), (error: Error) => error.message);
      expect(outcome).toContain(reason);
      expect(outcome.length).toBeLessThan(1_000);
      // A set that is spoilt is read twice.
      expect(decoded).toBeLessThanOrEqual(2 * most);
    });

    test("DS data of a zone", async () => {
      let decoded = 0;
      const record = { name: `s1.x.keys.${APEX}`, type: RecordType.TXT, ttl: 60, get data() { decoded++; return encodeTxt(["1 13 2 00"]); } };
      const records = (name: string): Promise<ResourceRecord[]> => Promise.resolve(name === record.name ? Array.from({ length: 1_000 }, () => record) : []);
      const keys = await readZoneKeys({ apex: APEX, budget: new Budget(APEX), records }, ["s1.x."]);
      expect([keys["s1.x."]!.length, decoded]).toEqual([17, 17]);
      expect(() => readTrustAnchors(keys["s1.x."]!, "s1.x.")).toThrow("has more than 16 trust anchors");
    });
  });
});
