import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Prefix,
  asPrefix,
  comparePrefixes,
  formatIp,
  formatPrefix,
  formatRange,
  isUnspecified,
  keysBetween,
  parsePrefix,
  prefixContains,
  prefixRange,
} from "../../src/address/index.ts";
import { MabTable } from "../../src/core/mabs/mab-table.ts";
import { type MappingFile, parseMappingFile } from "../../src/core/mapping/mapping-file.ts";
import { Segment } from "../../src/core/tables/segment-table.ts";
import { RecordType, decodeApl, decodeHostName, decodeSvcb, decodeTxt, readRecord } from "../../src/dns/records/index.ts";
import { type ZoneFile, formatZoneFile, parseZoneFile } from "../../src/dns/zone-file/index.ts";
import {
  INDEX_DIGITS,
  bucketDigest,
  bucketListNode,
  bucketNode,
  indexNode,
  parseBucketName,
  setDigest,
  setId,
  setNode,
  splitIntoBuckets,
} from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { previousIn } from "../../src/zone-tools/build/directory.ts";
import { planZones } from "../../src/zone-tools/build/plan.ts";
import { loadDescription } from "../../src/zone-tools/description/load.ts";
import { makeSampleWorld } from "../../zones/generator/sample-world.ts";

const ZONES = join(import.meta.dirname, "../../zones");
const APEX = "drtm.example.";
const zones = readdirSync(ZONES).filter((file) => file.endsWith(".zone")).map(readZone);
const registry = zones.find(({ apex }) => apex === APEX)!;
const mappings = readdirSync(join(ZONES, "mapping")).map(readMapping);
const sets = readSets();
const mabs = sets.flatMap(({ prefixes }) => prefixes).toSorted(comparePrefixes);

describe("the zone files", () => {
  test("are what the script makes", () => {
    const stale = [...makeSampleWorld().files].filter(([name, text]) => readFileSync(join(ZONES, name), "utf8") !== text);
    expect(stale.map(([name]) => name)).toEqual([]);
    const plans = planZones(loadDescription(join(ZONES, "world.yaml")), previousIn(ZONES), 0);
    expect(plans.filter(({ state }) => state !== "unchanged").map(({ fileName }) => fileName)).toEqual([]);
  });

  test.each(zones.map((zone) => [zone.apex, zone] as const))("%s: written and read again, it is the same", (apex, zone) => {
    expect(parseZoneFile(formatZoneFile(zone.records, { apex }), { file: apex })).toEqual(zone);
  });

  test("weigh less than 2 MB", () => {
    const files = readdirSync(ZONES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)).toBeLessThan(2_000_000);
  });
});

describe("the registry", () => {
  test("keeps every rule of its layout", () => {
    for (const { id, services, entries, prefixes, digest } of sets) {
      expect(id).toBe(setId(services, sha256hex));
      expect(digest).toBe(setDigest(services, entries, sha256hex));
      const buckets = splitIntoBuckets(prefixes);
      expect(entries).toEqual(buckets.map((bucket) => `${bucket.name} ${bucketDigest(bucket.prefixes, sha256hex)}`));
      for (const bucket of buckets) {
        expect(parseBucketName(bucket.name)).toEqual(bucket.area);
        const records = recordsAt(bucketNode(bucket.name, id, APEX), RecordType.APL).map((record) => readRecord(record, decodeApl));
        expect(records.every((items) => items.length <= 60)).toBe(true);
        expect(records.flat()).toEqual(bucket.prefixes);
      }
    }
  });

  test("has at least 2,000 MABs of both families, none too long for BGP, each in one set", () => {
    expect(mabs.length).toBeGreaterThan(2000);
    expect(mabs.filter(({ family }) => family === 6).length).toBeGreaterThan(300);
    expect(mabs.every(({ family, length }) => length <= (family === 4 ? 24 : 48))).toBe(true);
    expect(new Set(mabs.map(formatPrefix)).size).toBe(mabs.length);
  });

  test("has the documentation prefixes, but for the one of the ETRs", () => {
    expect(servicesOf("192.0.2.0/24")).toEqual(["s1.dsoc-a.example."]);
    expect(servicesOf("2001:db8::/32")).toEqual(["s1.dsoc-a.example."]);
    expect(servicesOf("198.51.100.0/24")).toEqual(["s1.dsoc-b.example."]);
    expect(mabs.some((mab) => prefixContains(mab, 4, 0xcb007107, 0))).toBe(false);
  });

  test("has MABs inside MABs of other sets", () => {
    const table = new MabTable(mabs);
    const nested = mabs.filter((mab, index) => mabs.some((outer, at) => at !== index && isInside(mab, outer)));
    expect(nested.length).toBeGreaterThan(50);
    expect(nested.every((mab) => mabs[table.match(mab.family, mab.hi, mab.lo)]!.length >= mab.length)).toBe(true);
  });
});

describe("the DSOCs", () => {
  const bindings = zones.flatMap((zone) =>
    zone.records.filter(({ type }) => type === RecordType.SVCB).map((record) => ({ owner: record.name, zone, binding: readRecord(record, decodeSvcb) })),
  );

  test("answer for every service of the registry, with sites that have an address and a place", () => {
    const owners = new Set(bindings.map(({ owner }) => owner));
    expect([...owners].toSorted()).toEqual([...new Set(sets.flatMap(({ services }) => services.map((name) => `_drtm.${name}`)))].toSorted());
    for (const { zone, binding } of bindings) {
      const { target, alpn, port, ipv4hint } = binding;
      expect({ alpn, port }).toEqual({ alpn: ["drtm1"], port: 4344 });
      const types = zone.records.filter(({ name }) => name === target).map(({ type }) => type);
      expect(types).toEqual([RecordType.A, RecordType.LOC, RecordType.TXT]);
      expect(formatIp(ipv4hint![0]!)).toMatch(/^127\.0\.[123]\.\d+$/);
    }
  });

  test("have site names and addresses of their own; one has two services, one a second tier", () => {
    const places = new Set(bindings.map(({ binding }) => `${binding.target.split(".")[0]} ${formatIp(binding.ipv4hint![0]!)}`));
    const labels = new Set([...places].map((place) => place.split(" ")[0]));
    expect(labels.size).toBe(places.size);
    expect(new Set(bindings.filter(({ zone }) => zone.apex === "dsoc-a.example.").map(({ owner }) => owner)).size).toBe(2);
    expect(new Set(bindings.map(({ binding }) => binding.priority))).toEqual(new Set([10, 20]));
  });
});

describe("the mapping", () => {
  const micronets = mappings.flatMap((mapping) => mapping.mabs.flatMap((mab) => mab.micronets));

  test("is of 20,000 micronets in all MABs of the registry, most of them no prefix, some dropped", () => {
    expect(micronets).toHaveLength(20_000);
    const listed = mappings.flatMap((mapping) => mapping.mabs.map(({ prefix }) => prefix)).toSorted(comparePrefixes);
    expect(listed).toEqual(mabs);
    expect(micronets.filter(({ range }) => asPrefix(range) === undefined).length).toBeGreaterThan(10_000);
    expect(micronets.filter(({ range }) => range.family === 6).length).toBeGreaterThan(2000);
    expect(micronets.filter(({ etr }) => isUnspecified(etr)).length).toBeGreaterThan(100);
  });

  test("lies where its MAB is the longest match of the whole registry, with gaps", () => {
    const table = new MabTable(mabs);
    const segment = new Segment();
    const misplaced = mappings.flatMap((mapping) =>
      mapping.mabs.flatMap((mab) =>
        mab.micronets.filter(({ range: { family, first, last } }) => {
          table.find(family, first.hi, first.lo, segment);
          const ends = keysBetween(family, last, { hi: segment.lastHi, lo: segment.lastLo }) >= 1;
          return comparePrefixes(mabs[segment.prefix]!, mab.prefix) !== 0 || !ends;
        }),
      ),
    );
    expect(misplaced).toEqual([]);
    const withGap = mappings.flatMap(({ mabs: own }) => own).filter(({ prefix, micronets: some }) => {
      const { family, first, last } = prefixRange(prefix);
      return some.reduce((sum, { range }) => sum + keysBetween(family, range.first, range.last), 0) < keysBetween(family, first, last);
    });
    expect(withGap.length).toBeGreaterThan(1000);
  });

  test("names the MABs that other DSOCs have inside its own", () => {
    for (const { mabs: own, elsewhere } of mappings) {
      const ownText = new Set(own.map(({ prefix }) => formatPrefix(prefix)));
      const foreign = mabs.filter((mab) => !ownText.has(formatPrefix(mab)) && own.some(({ prefix }) => isInside(mab, prefix)));
      expect(elsewhere).toEqual(foreign);
    }
  });

  test("has what examples rely on", () => {
    expect(rangesIn("192.0.2.0/24")).toEqual(["192.0.2.0-192.0.2.99", "192.0.2.100-192.0.2.149", "192.0.2.150-192.0.2.159", "192.0.2.160-192.0.2.199"]);
    expect(rangesIn("2001:db8::/32")[0]).toBe("2001:db8::-2001:db8:0:2::");
  });
});

function rangesIn(mab: string): string[] {
  const listed = mappings.flatMap((mapping) => mapping.mabs.filter(({ prefix }) => formatPrefix(prefix) === mab));
  return listed.flatMap(({ micronets }) => micronets.map(({ range }) => formatRange(range)));
}

function readZone(file: string): ZoneFile {
  return parseZoneFile(readFileSync(join(ZONES, file), "utf8"), { file });
}

function readMapping(file: string): MappingFile {
  return parseMappingFile(readFileSync(join(ZONES, "mapping", file), "utf8"), file);
}

function recordsAt(name: string, type: number): ZoneFile["records"] {
  return registry.records.filter((record) => record.name === name && record.type === type);
}

interface ReadSet {
  readonly id: string;
  readonly digest: string;
  readonly services: readonly string[];
  readonly entries: readonly string[];
  readonly prefixes: readonly Prefix[];
}

/** As a reader walks the zone: index, sets, bucket lists, buckets. */
function readSets(): ReadSet[] {
  const listed = INDEX_DIGITS.flatMap((digit) => recordsAt(indexNode(digit, APEX), RecordType.TXT).flatMap(({ data }) => decodeTxt(data)));
  return listed.map((text) => {
    const [id, digest] = text.split(" ") as [string, string];
    const services = recordsAt(setNode(id, APEX), RecordType.PTR).map(({ data }) => decodeHostName(data));
    const entries = recordsAt(bucketListNode(id, APEX), RecordType.TXT).flatMap(({ data }) => decodeTxt(data));
    const names = entries.map((entry) => entry.split(" ")[0]!);
    const prefixes = names.flatMap((name) => recordsAt(bucketNode(name, id, APEX), RecordType.APL).flatMap(({ data }) => decodeApl(data)));
    return { id, digest, services, entries, prefixes };
  });
}

function servicesOf(text: string): readonly string[] | undefined {
  return sets.find(({ prefixes }) => prefixes.some((prefix) => comparePrefixes(prefix, parsePrefix(text)) === 0))?.services;
}

function isInside(inner: Prefix, outer: Prefix): boolean {
  return inner.length > outer.length && prefixContains(outer, inner.family, inner.hi, inner.lo);
}
