import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordType, type ResourceRecord, compareNames, encodeRrsig, encodeSoa, normaliseName } from "../../../src/dns/records/index.ts";
import { ZoneImage, ZoneImageError } from "../../../src/dns/zone-image/index.ts";

const APEX = "drtm.example.";

/** Few owners, types and data, so that RRsets grow, shrink and go; owners that sort apart by odd octets. */
const owner = fc.oneof(
  fc.constantFrom(APEX, `a.${APEX}`, `b.a.${APEX}`, `\\000.a.${APEX}`, `a\\000.${APEX}`, `\\001.${APEX}`, `z\\255.${APEX}`, `*.${APEX}`),
  fc.nat({ max: 400 }).map((number) => `n${number}.sets.${APEX}`),
);
const rest = fc.record({
  name: owner.map(normaliseName),
  type: fc.constantFrom(RecordType.TXT, RecordType.APL, 65280),
  ttl: fc.constant(60),
  data: fc.uint8Array({ minLength: 1, maxLength: 3 }),
});
const zone = fc.array(rest, { maxLength: 600 });

describe("a zone", () => {
  test("is in canonical order (RFC 4034 section 6), each record once", () => {
    fc.assert(
      fc.property(zone, (records) => {
        const image = imageOf(1, [...records, ...records]);
        const listed = [...image.records()];
        expect(listed.toSorted(inCanonicalOrder)).toEqual(listed);
        expect(new Set(listed.map(identity))).toEqual(new Set([soa(1), ...records].map(identity)));
        expect(listed).toHaveLength(new Set([soa(1), ...records].map(identity)).size);
      }),
      { numRuns: 60 },
    );
  });

  test("after changes is what it would be if built afresh, octet for octet; the one before stays", () => {
    fc.assert(
      fc.property(zone, fc.array(fc.tuple(zone, fc.infiniteStream(fc.boolean())), { minLength: 1, maxLength: 4 }), (start, changes) => {
        let image = imageOf(1, start);
        let records = uniqueOf(start);
        for (const [index, [added, coins]] of changes.entries()) {
          const before = octetsOf(image);
          const removed = records.filter(() => coins.next().value);
          const kept = records.filter((record) => !removed.includes(record));
          const fresh = uniqueOf(added).filter((record) => !kept.some((other) => identity(other) === identity(record)));
          const step = { removed: [soa(index + 1), ...removed], added: [soa(index + 2), ...fresh] };
          const { image: next, changed } = image.change([step]);
          records = [...kept, ...fresh];
          const afresh = imageOf(index + 2, records);
          expect(octetsOf(next)).toBe(octetsOf(afresh));
          expect([...next.rrsets()]).toEqual([...afresh.rrsets()]);
          expect(changed).toEqual(differences(image, next));
          expect(octetsOf(image)).toBe(before);
          image = next;
        }
      }),
      { numRuns: 40 },
    );
  });

  test("received whole has a record that comes twice as it came first, wherever the second one is", () => {
    const [first, other] = [txt("x", 1), txt("y", 3)];
    for (const records of [[first, txt("x", 2), other], [first, other, txt("x", 2)], [other, first, txt("x", 2)]]) {
      expect(imageOf(1, records).rrset(`a.${APEX}`, RecordType.TXT)!.records).toEqual([first, other]);
    }
  });

  test("takes steps one after another, and tells only what differs in the end", () => {
    const { image, changed } = imageOf(1, [txt("x")]).change([
      { removed: [soa(1), txt("x")], added: [soa(2), txt("y")] },
      { removed: [soa(2), txt("y")], added: [soa(3), txt("x")] },
    ]);
    expect(changed).toEqual([{ name: APEX, type: RecordType.SOA }]);
    expect(image.soa.serial).toBe(3);
    const later = image.change([{ removed: [txt("x", 999)], added: [txt("x", 61)] }]);
    expect(later.changed).toEqual([{ name: `a.${APEX}`, type: RecordType.TXT }]);
    expect(later.image.rrset(`a.${APEX}`, RecordType.TXT)!.records).toEqual([txt("x", 61)]);
  });

  test("shares all but a few blocks with the one before", () => {
    const records = Array.from({ length: 2000 }, (_, index) => ({ name: `n${index}.${APEX}`, type: RecordType.TXT, ttl: 60, data: Uint8Array.of(1, 65) }));
    const image = imageOf(1, records);
    const before = new Set(image.digestedOctets());
    const { image: next } = image.change([{ removed: [soa(1), records[1000]!], added: [soa(2)] }]);
    const made = next.digestedOctets().filter((octets) => !before.has(octets));
    expect(before.size).toBeGreaterThan(20);
    expect(made.length).toBeLessThanOrEqual(2);
  });

  test("lower-cases names in data where RFC 4034 section 6.2 and RFC 6840 section 5.1 say so", () => {
    const upper = Uint8Array.from(Buffer.from("\u0001A\u0001B\0"));
    const lower = Uint8Array.from(Buffer.from("\u0001a\u0001b\0"));
    const image = imageOf(1, [
      { name: `ptr.${APEX}`, type: RecordType.PTR, ttl: 1, data: upper },
      { name: `nsec.${APEX}`, type: RecordType.NSEC, ttl: 1, data: upper },
      { name: `sig.${APEX}`, type: RecordType.RRSIG, ttl: 1, data: rrsigBy("\u0001A\u0001B\0") },
      { name: `srv.${APEX}`, type: 33, ttl: 1, data: Uint8Array.of(0x41, 0x41, 0x42, 0x42, 0x43, 0x43, ...upper) },
      { name: `naptr.${APEX}`, type: 35, ttl: 1, data: Uint8Array.of(0, 1, 0, 1, 1, 0x41, 0, 2, 0x42, 0x42, ...upper) },
    ]);
    const dataOf = (label: string, type: number): Uint8Array => image.rrset(`${label}.${APEX}`, type)!.records[0]!.data;
    expect(dataOf("ptr", RecordType.PTR)).toEqual(lower);
    expect(dataOf("nsec", RecordType.NSEC)).toEqual(upper);
    expect(dataOf("sig", RecordType.RRSIG)).toEqual(rrsigBy("\u0001a\u0001b\0"));
    expect(dataOf("srv", 33)).toEqual(Uint8Array.of(0x41, 0x41, 0x42, 0x42, 0x43, 0x43, ...lower));
    expect(dataOf("naptr", 35)).toEqual(Uint8Array.of(0, 1, 0, 1, 1, 0x41, 0, 2, 0x42, 0x42, ...lower));
  });
});

describe("refused", () => {
  const record: ResourceRecord = { name: `a.${APEX}`, type: RecordType.TXT, ttl: 60, data: Uint8Array.of(1, 65) };
  const other = { ...record, data: Uint8Array.of(1, 66) };

  test.each([
    ["a removal of what is not there", [record], [{ removed: [other], added: [] }], /a\.drtm\.example\. TXT is removed, but it is not there/],
    ["a removal of a name that is not there", [], [{ removed: [record], added: [] }], /is removed, but it is not there/],
    ["an addition of what is there", [record], [{ removed: [], added: [record] }], /TXT is added, but it is there already/],
    ["an addition twice", [], [{ removed: [], added: [record, record] }], /there already/],
    ["a record outside the zone", [], [{ removed: [], added: [{ ...record, name: "a.example." }] }], /a\.example\. TXT is outside the zone/],
    ["a second SOA", [], [{ removed: [], added: [soa(2)] }], /has 2 SOA records/],
    ["no SOA", [], [{ removed: [soa(1)], added: [] }], /has 0 SOA records/],
    ["an SOA that is none", [], [{ removed: [soa(1)], added: [{ ...soa(1), data: Uint8Array.of(0, 0, 1) }] }], /SOA: ends within its SERIAL/],
    ["a name in data that is none", [], [{ removed: [], added: [{ ...record, type: RecordType.PTR, data: Uint8Array.of(0xc0, 12) }] }], /PTR has a name that is compressed/],
  ] as const)("%s", (_, start, steps, message) => {
    const image = imageOf(1, start);
    expect(() => image.change(steps)).toThrow(ZoneImageError);
    expect(() => image.change(steps)).toThrow(message);
  });
});

function txt(text: string, ttl = 60): ResourceRecord {
  return { name: `a.${APEX}`, type: RecordType.TXT, ttl, data: Uint8Array.from(Buffer.from(text)) };
}

function soa(serial: number): ResourceRecord {
  const data = encodeSoa({ mname: `ns.${APEX}`, rname: `hostmaster.${APEX}`, serial, refresh: 2, retry: 3, expire: 4, minimum: 5 });
  return { name: APEX, type: RecordType.SOA, ttl: 60, data };
}

/** RRSIG data with a signer's name as it is given. */
function rrsigBy(signer: string): Uint8Array {
  const data = encodeRrsig({ typeCovered: 1, algorithm: 13, labels: 1, originalTtl: 1, expiration: 0x41414141, inception: 1, keyTag: 1, signer: "a.b.", signature: Uint8Array.of(65) });
  data.set(Buffer.from(signer), 18);
  return data;
}

function imageOf(serial: number, records: readonly ResourceRecord[]): ZoneImage {
  return ZoneImage.of(APEX, [...records, soa(serial)]);
}

function octetsOf(image: ZoneImage): string {
  return Buffer.concat(image.digestedOctets()).toString("hex");
}

function differences(before: ZoneImage, after: ZoneImage): { name: string; type: number }[] {
  const all = new Map([...before.rrsets(), ...after.rrsets()].map(({ name, type }) => [`${name} ${type}`, { name, type }]));
  const differ = [...all.values()].filter(({ name, type }) => JSON.stringify(before.rrset(name, type)) !== JSON.stringify(after.rrset(name, type)));
  return differ.toSorted((a, b) => compareNames(a.name, b.name) || a.type - b.type);
}

function inCanonicalOrder(a: ResourceRecord, b: ResourceRecord): number {
  return compareNames(a.name, b.name) || a.type - b.type || Buffer.compare(a.data, b.data);
}

function uniqueOf(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...new Map(records.map((record) => [identity(record), record])).values()];
}

function identity({ name, type, data }: ResourceRecord): string {
  return `${name} ${type} ${data.join(",")}`;
}
