import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Prefix, comparePrefixes, formatPrefix, ipv4, parsePrefix, prefixAround, prefixContains } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, decodeApl, decodeHostName, decodeSvcb, decodeTxt, encodeApl } from "../../src/dns/records/index.ts";
import {
  MOST_BUCKET_OCTETS,
  type Registry,
  ZoneModelError,
  bucketDigest,
  bucketName,
  dsocRecords,
  parseBucketName,
  recordsOfBucket,
  registryRecords,
  setDigest,
  setId,
  splitIntoBuckets,
} from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";

const word = fc.nat({ max: 0xffffffff });
const prefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(word, fc.nat({ max: 24 })).map(([hi, length]) => prefixAround(4, hi, 0, length)),
  fc.tuple(word, word, fc.nat({ max: 64 })).map(([hi, lo, length]) => prefixAround(6, hi, lo, length)),
);
/** Many in a small area, so that buckets split. */
const crowd = fc.uniqueArray(fc.nat({ max: 0xffff }), { minLength: 200, maxLength: 400 }).map((thirds) => thirds.map((third) => prefixAround(4, 0xc0000000 + third * 256, 0, 24)));

const SOA = { mname: "ns.drtm.example.", rname: "hostmaster.drtm.example.", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
const HEAD = { apex: "drtm.example.", ttl: 60, soa: SOA, nameServers: [{ name: "ns.drtm.example.", addresses: [ipv4(0x7f000001)] }] };

describe("bucket names", () => {
  test.each([
    ["192.0.0.0/5", "4-5-18"],
    ["0.0.0.0/0", "4-0-0"],
    ["::/0", "6-0-0"],
    ["0.0.0.0/1", "4-1-0"],
    ["255.255.255.255/32", "4-32-ffffffff"],
    ["2001:db8::/32", "6-32-20010db8"],
    ["2001:db8:0:1::/64", "6-64-20010db800000001"],
  ])("%s is %s", (area, name) => {
    expect(bucketName(parsePrefix(area))).toBe(name);
  });

  test.each(["4-5-38", "4-33-0", "6-65-0", "4-5-018", "4-5-1A", "5-0-0", "4-0-1", "4-05-18", "4-5", "", "4-5-18-1"])("%j is none", (text) => {
    expect(parseBucketName(text)).toBeUndefined();
  });

  test("any area survives", () => {
    fc.assert(
      fc.property(prefix, (area) => {
        expect(parseBucketName(bucketName(area))).toEqual(area);
      }),
    );
  });
});

describe("splitting", () => {
  test("each MAB is in one bucket, inside its area; a bucket is small or cannot split", () => {
    fc.assert(
      fc.property(fc.tuple(fc.array(prefix), crowd), ([some, many]) => {
        const prefixes = [...some, ...many];
        const buckets = splitIntoBuckets(prefixes);
        const held = buckets.flatMap((bucket) => bucket.prefixes);
        expect(held.toSorted(comparePrefixes)).toEqual(distinct(prefixes));
        for (const { name, area, prefixes: members } of buckets) {
          expect(name).toBe(bucketName(area));
          expect(members.every((member) => member.length >= area.length && prefixContains(area, member.family, member.hi, member.lo))).toBe(true);
          const records = recordsOfBucket({ area, prefixes: members });
          expect(records.flat().toSorted(comparePrefixes)).toEqual(members);
          expect(records.reduce((octets, items) => octets + 12 + encodeApl(items).length, 0)).toBeLessThanOrEqual(MOST_BUCKET_OCTETS);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("a MAB shorter than a child stays in the parent, beside its children", () => {
    const inside = Array.from({ length: 200 }, (_, index) => prefixAround(4, 0x0a000000 + index * 0x10000, 0, 24));
    const all = [parsePrefix("10.0.0.0/8"), parsePrefix("10.0.0.0/9"), ...inside];
    const buckets = splitIntoBuckets(all).map(({ area, prefixes }) => [formatPrefix(area), prefixes.length]);
    expect(buckets).toEqual([
      ["10.0.0.0/8", 1],
      ["10.0.0.0/9", 129],
      ["10.128.0.0/9", 72],
    ]);
  });

  test("a new MAB changes one record of its bucket, or splits it", () => {
    fc.assert(
      fc.property(crowd, fc.nat({ max: 0xffff }), (many, third) => {
        const area = prefixAround(4, 0xc0000000, 0, 8);
        const records = (prefixes: Prefix[]): string[] => recordsOfBucket({ area, prefixes: distinct(prefixes) }).map((items) => items.map(formatPrefix).join(" "));
        const before = new Set(records(many));
        const changed = records([...many, prefixAround(4, 0xc0000000 + third * 256, 0, 24)]).filter((record) => !before.has(record));
        expect(changed.length).toBeLessThanOrEqual(2);
        expect(Math.max(0, ...changed.map((record) => record.split(" ").length))).toBeLessThanOrEqual(32);
      }),
      { numRuns: 50 },
    );
  });

  test("MABs of one address are divided too, where a record cannot have them all", () => {
    const prefixes = Array.from({ length: 65 }, (_, length) => prefixAround(6, 0, 0, length));
    expect(recordsOfBucket({ area: parsePrefix("::/0"), prefixes }).map((items) => items.length)).toEqual([60, 5]);
  });

  test("one new MAB changes one bucket, or splits one", () => {
    fc.assert(
      fc.property(crowd, fc.nat({ max: 0xffff }), (many, third) => {
        const before = new Set(fingerprints(many));
        const after = fingerprints([...many, prefixAround(4, 0xc0000000 + third * 256, 0, 24)]);
        expect(after.filter((bucket) => !before.has(bucket)).length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 50 },
    );
  });
});

describe("digests", () => {
  test("are of the text that docs/zones.md says", () => {
    const prefixes = ["2001:db8::/32", "198.51.100.0/24", "192.0.2.0/24"].map(parsePrefix);
    const text = "1:192.0.2.0/24\n1:198.51.100.0/24\n2:2001:db8::/32";
    expect(bucketDigest(prefixes, sha256hex)).toBe(sha256hex(text).slice(0, 16));
    expect(setId(["s2.b.example.", "s1.a.example."], sha256hex)).toBe(sha256hex("s1.a.example.\ns2.b.example.").slice(0, 10));
    expect(setDigest(["b.", "a."], ["6-0-0 y", "4-0-0 x"], sha256hex)).toBe(sha256hex("a.\nb.\n4-0-0 x\n6-0-0 y").slice(0, 16));
    expect(setId(["s1.dsoc-a.example."], sha256hex)).toBe("918ed892eb");
  });
});

describe("a registry", () => {
  const services = ["s2.b.example.", "s1.a.example."];
  const registry: Registry = {
    ...HEAD,
    sets: [
      { services, prefixes: Array.from({ length: 130 }, (_, index) => prefixAround(4, index * 0x1000000 + 0x100, 0, 24)) },
      { services: ["s1.c.example."], prefixes: [] },
    ],
    keys: [{ zone: "a.example.", ds: ["12345 13 2 00ff"] }],
  };

  test("has the nodes of the layout", () => {
    const records = registryRecords(registry, sha256hex);
    const id = setId(services, sha256hex);
    expect(dataAt(records, "version.drtm.example.", RecordType.TXT).map(decodeTxt)).toEqual([["drtm1"]]);
    expect(dataAt(records, "a.example.keys.drtm.example.", RecordType.TXT).map(decodeTxt)).toEqual([["12345 13 2 00ff"]]);
    expect(dataAt(records, `${id[0]}.idx.drtm.example.`, RecordType.PTR).map(decodeHostName)).toEqual([`${id}.sets.drtm.example.`]);
    expect(dataAt(records, `${id}.sets.drtm.example.`, RecordType.PTR).map(decodeHostName)).toEqual(services);
    const entries = dataAt(records, `ix.${id}.sets.drtm.example.`, RecordType.TXT).flatMap(decodeTxt);
    expect(dataAt(records, `${id[0]}.idx.drtm.example.`, RecordType.TXT).map(decodeTxt)).toEqual([[`${id} ${setDigest(services, entries, sha256hex)}`]]);
    expect(entries.map((entry) => entry.split(" ")[0])).toEqual(["4-2-0", "4-2-1", "4-1-1"]);
    const apl = dataAt(records, `4-2-0.${id}.sets.drtm.example.`, RecordType.APL).map(decodeApl);
    expect(apl.map((items) => items.length)).toEqual([16, 16, 16, 16]);
    expect(entries[0]).toBe(`4-2-0 ${bucketDigest(apl.flat(), sha256hex)}`);
    expect(records.filter(({ type }) => type === RecordType.PTR)).toHaveLength(3);
  });

  test("refuses two sets of the same services", () => {
    const prefixes = [parsePrefix("192.0.2.0/24")];
    const twice = { ...HEAD, sets: [{ services, prefixes }, { services: services.toReversed(), prefixes }] };
    expect(() => registryRecords(twice, sha256hex)).toThrow(ZoneModelError);
    expect(() => registryRecords(twice, sha256hex)).toThrow(/merge their MABs/);
  });

  test("refuses a set whose list would fit no DNS message", () => {
    const prefixes = Array.from({ length: 300_000 }, (_, index) => prefixAround(4, index * 0x3700, 0, 24));
    expect(() => registryRecords({ ...HEAD, sets: [{ services, prefixes }] }, sha256hex)).toThrow(/divide its MABs over two services/);
  });
});

test("a DSOC's zone", () => {
  const site = { name: "fra1.a.example.", city: "Frankfurt", addresses: [ipv4(0x7f000101)] };
  const location = { latitude: 50, longitude: 8, altitude: 100, size: 1, horizontalPrecision: 10_000, verticalPrecision: 10 };
  const servers = [{ priority: 10, target: "fra1.a.example.", alpn: ["drtm1"], port: 4344 }];
  const records = dsocRecords({ ...HEAD, apex: "a.example.", services: [{ name: "s1.a.example.", servers }], sites: [{ ...site, location }] });
  expect(dataAt(records, "_drtm.s1.a.example.", RecordType.SVCB).map(decodeSvcb)).toEqual(servers);
  expect(records.filter(({ name }) => name === site.name).map(({ type }) => type)).toEqual([RecordType.A, RecordType.LOC, RecordType.TXT]);
});

function dataAt(records: readonly ResourceRecord[], name: string, type: number): Uint8Array[] {
  return records.filter((record) => record.name === name && record.type === type).map(({ data }) => data);
}

function fingerprints(prefixes: readonly Prefix[]): string[] {
  return splitIntoBuckets(prefixes).map((bucket) => `${bucket.name} ${bucketDigest(bucket.prefixes, sha256hex)}`);
}

function distinct(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = prefixes.toSorted(comparePrefixes);
  return sorted.filter((each, index) => index === 0 || comparePrefixes(sorted[index - 1]!, each) !== 0);
}
