import { describe, expect, test } from "vitest";
import { parsePrefix } from "../../../src/address/index.ts";
import { walkRegistry } from "../../../src/dns/discovery/registry-walk.ts";
import { RecordType, type ResourceRecord, encodeApl, encodeHostName, encodeTxt } from "../../../src/dns/records/index.ts";
import { bucketDigest, setDigest, setId } from "../../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../../src/io/hash.ts";
import { APEX, EVERYWHERE, RecordTable, type SetDraft, mabs, registry, replaced } from "../../support/registry.ts";

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24", "2001:db8::/32"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };

/** The names of set B. */
const ID = setId(B.services, sha256hex);
const NODE = { set: `${ID}.sets.${APEX}`, list: `ix.${ID}.sets.${APEX}`, bucket: `4-0-0.${ID}.sets.${APEX}`, index: `${ID[0]}.idx.${APEX}` };

type Spoil = (records: readonly ResourceRecord[], table: RecordTable) => readonly ResourceRecord[];

function at(name: string, type: number, data: Uint8Array): Spoil {
  return (records) => replaced(records, (record) => record.name === name && record.type === type, data);
}

function indexed(text: string | Uint8Array): Spoil {
  const data = typeof text === "string" ? encodeTxt([text]) : Uint8Array.of(text.length, ...text);
  return (records) => [...records, { name: NODE.index, type: RecordType.TXT, ttl: 60, data }];
}

/** Other contents of set B, with digests that are right. */
function rebuilt(services: readonly string[], entries: readonly string[]): Spoil {
  const digest = setDigest(services, entries, sha256hex);
  return (records) => [
    ...at(NODE.index, RecordType.TXT, encodeTxt([`${ID} ${digest}`]))(records, new RecordTable([])).filter(({ name }) => name !== NODE.set && name !== NODE.list),
    ...services.map((service) => ({ name: NODE.set, type: RecordType.PTR, ttl: 60, data: encodeHostName(service) })),
    { name: NODE.list, type: RecordType.TXT, ttl: 60, data: encodeTxt(entries) },
  ];
}

function unanswered(name: string): Spoil {
  return (records, table) => {
    table.before = (asked) => {
      if (asked === name) throw new Error(`no answer for ${name} (SERVFAIL)`);
    };
    return records;
  };
}

const listEntry = `4-0-0 ${bucketDigest(B.prefixes.map(parsePrefix), sha256hex)}`;

/** What spoils set B or its place in the index, where the problem is, and what it says. */
const SPOILT: readonly [what: string, spoil: Spoil, name: string, problem: string][] = [
  ["a malformed APL", at(NODE.bucket, RecordType.APL, Uint8Array.of(0, 1, 24, 4, 192, 0)), NODE.set, `${NODE.bucket} APL: `],
  ["a malformed PTR", at(NODE.set, RecordType.PTR, Uint8Array.of(3, 97)), NODE.set, `${NODE.set} PTR: `],
  ["another bucket than its digest says", at(NODE.bucket, RecordType.APL, encodeApl([parsePrefix("192.0.0.0/24")])), NODE.set, `${NODE.bucket} does not have the digest`],
  ["another set than the index says", at(NODE.list, RecordType.TXT, encodeTxt([`4-0-0 ${"0".repeat(16)}`])), NODE.set, `${NODE.set} does not have the digest`],
  ["no answer for a bucket", unanswered(NODE.bucket), NODE.set, `no answer for ${NODE.bucket} (SERVFAIL)`],
  ["no answer for the list", unanswered(NODE.list), NODE.set, `no answer for ${NODE.list} (SERVFAIL)`],
  ["no answer for the index node", unanswered(NODE.index), `${NODE.index} TXT`, `no answer for ${NODE.index} (SERVFAIL)`],
  ["an index that is no UTF-8", at(NODE.index, RecordType.TXT, Uint8Array.of(1, 255)), `${NODE.index} TXT`, "not UTF-8"],
  ["no services", rebuilt([], [listEntry]), NODE.set, "names no services (PTR records)"],
  ["services that do not make its name", rebuilt(["s1.other.example."], [listEntry]), NODE.set, "is not named after its services"],
  ["65 services", rebuilt(Array.from({ length: 65 }, (_, index) => `s${index}.x.`), [listEntry]), NODE.set, "names 65 services: at most 64"],
  ["a bucket without a bucket's name", rebuilt(B.services, [`x${listEntry}`]), NODE.set, 'is no "<bucket> <digest>"'],
  ["a bucket twice", rebuilt(B.services, [listEntry, listEntry]), NODE.set, "lists the bucket 4-0-0 twice"],
];

/** What stands beside good sets in the index, and names none. */
const STRAY: readonly [what: string, text: string | Uint8Array, problem: string][] = [
  ["a set that does not exist", `${ID[0]!.repeat(10)} ${"0".repeat(16)}`, "does not have the digest"],
  ["a set id of 80 characters", `${ID[0]!.repeat(80)} ${"0".repeat(16)}`, 'is no "<set> <digest>" of this node'],
  ["control characters", `${ID[0]!}\u001b[31m\\x..y ${"0".repeat(16)}`, String.raw`\x1b[31m`],
  ["a set of another node", `${ID[0] === "0" ? "1" : "0"}${"0".repeat(9)} ${"0".repeat(16)}`, "of this node"],
  ["a set twice", `${ID} ${"0".repeat(16)}`, `names the set ${ID} twice`],
  ["octets that are no UTF-8", Uint8Array.of(255, 254), "not UTF-8"],
];

describe("what is malformed, inconsistent or without an answer spoils its own set only, and is named", () => {
  test.each(SPOILT)("%s: left out where it was unknown", async (_what, spoil, name, problem) => {
    const table = new RecordTable([]);
    table.records = spoil(registry(1, [A, B]), table);
    const state = await walkRegistry(EVERYWHERE, undefined, table.tools);
    expect(mabs(state)).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
    expect(state).toMatchObject({ settled: false, problems: [{ name, problem: expect.stringContaining(problem) as string }] });
  });

  test.each(SPOILT)("%s: as it was where it was known, and the others go on", async (_what, spoil, name) => {
    const table = new RecordTable(registry(1, [A, { ...B, prefixes: ["203.0.113.0/24"] }]));
    const before = await walkRegistry(EVERYWHERE, undefined, table.tools);
    table.records = spoil(registry(2, [{ ...A, prefixes: ["192.0.0.0/24"] }, B]), table);
    for (const afresh of [false, true]) {
      const state = await walkRegistry(EVERYWHERE, before, table.tools, afresh);
      expect(mabs(state)).toEqual(["192.0.0.0/24", "203.0.113.0/24"]);
      expect(state).toMatchObject({ serial: 2, settled: false, problems: [{ name }] });
    }
  });

  test.each(STRAY)("%s in the index", async (_what, text, problem) => {
    const state = await walkRegistry(EVERYWHERE, undefined, new RecordTable(indexed(text)(registry(1, [A, B]), new RecordTable([]))).tools);
    expect(mabs(state)).toEqual(["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]);
    expect(state.problems.map((one) => one.problem)).toEqual([expect.stringContaining(problem)]);
  });

  test("a MAB outside the area of its bucket", async () => {
    const outside = `4-1-0 ${bucketDigest(B.prefixes.map(parsePrefix), sha256hex)}`;
    const name = `4-1-0.${ID}.sets.${APEX}`;
    const records = [...rebuilt(B.services, [outside])(registry(1, [A, B]), new RecordTable([])), { name, type: RecordType.APL, ttl: 60, data: encodeApl(B.prefixes.map(parsePrefix)) }];
    const { problems } = await walkRegistry(EVERYWHERE, undefined, new RecordTable(records).tools);
    expect(problems).toEqual([{ name: NODE.set, problem: `set left out: ${name}: has a MAB outside its area` }]);
  });

  test("once it is mended, it is there again", async () => {
    const table = new RecordTable(registry(1, [A, B]));
    unanswered(NODE.bucket)([], table);
    const before = await walkRegistry(EVERYWHERE, undefined, table.tools);
    table.before = () => undefined;
    const state = await walkRegistry(EVERYWHERE, before, table.tools);
    expect(mabs(state)).toContain("198.51.100.0/24");
    expect(state).toMatchObject({ settled: true, problems: [] });
  });
});
