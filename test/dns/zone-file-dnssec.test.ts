import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordType, type ResourceRecord, decodeDnskey, decodeRrsig, decodeZonemd, encodeTypeBitmap } from "../../src/dns/records/index.ts";
import { ZoneFileError, formatZoneFile, parseZoneFile } from "../../src/dns/zone-file/index.ts";

const SOA = "@ SOA ns hostmaster 1 2 3 4 5\n";
const KEY = "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";

describe("the records of signed zones", () => {
  test("DNSKEY, its algorithm as number or mnemonic, its key in pieces", () => {
    const [, a, b] = parse(`${SOA}a DNSKEY 257 3 15 ( ${KEY.slice(0, 20)}\n ${KEY.slice(20)} ) ; ksk\nb DNSKEY 257 3 ED25519 ${KEY}\n`);
    expect(decodeDnskey(a!.data)).toMatchObject({ flags: 257, protocol: 3, algorithm: 15 });
    expect(Buffer.from(decodeDnskey(a!.data).publicKey).toString("base64")).toBe(KEY);
    expect(b!.data).toEqual(a!.data);
  });

  test("RRSIG, its times as dates or as seconds", () => {
    const tail = "9033 example. AAEC";
    const [, a, b] = parse(`${SOA}a RRSIG A 8 1 3600 20300101000000 20000101000000 ${tail}\na RRSIG TYPE1 8 1 3600 1893456000 946684800 ${tail.replace("AAEC", "AAED")}\n`);
    const common = { typeCovered: RecordType.A, algorithm: 8, labels: 1, originalTtl: 3600, expiration: 1_893_456_000, inception: 946_684_800, keyTag: 9033, signer: "example." };
    expect(decodeRrsig(a!.data)).toMatchObject({ ...common, signature: Uint8Array.of(0, 1, 2) });
    expect(decodeRrsig(b!.data)).toMatchObject(common);
  });

  test("NSEC (RFC 4034 section 4.3)", () => {
    const [, nsec] = parse(`${SOA}alfa NSEC host A TYPE15 RRSIG NSEC TYPE1234\n`);
    const hex = Buffer.from(nsec!.data).toString("hex");
    expect(hex).toBe(`04686f7374076578616d706c6500${"0006400100000003"}${"041b"}${"00".repeat(26)}20`);
  });

  test("NSEC3, NSEC3PARAM, CDS, CDNSKEY, ZONEMD", () => {
    const [, nsec3, param, cds, cdnskey, zonemd] = parse(`${SOA}0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 12 aabbccdd ( 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG )
@ NSEC3PARAM 1 0 0 -
@ CDS 0 0 0 00
@ CDNSKEY 0 3 0 AA==
@ ZONEMD 2018031900 1 1 ( c68090d90a7aed71 6bc459f9340e3d7c )
`);
    expect(Buffer.from(nsec3!.data).toString("hex")).toBe("0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b0006400000000002");
    expect(param!.data).toEqual(Uint8Array.of(1, 0, 0, 0, 0));
    expect(cds!.data).toEqual(Uint8Array.of(0, 0, 0, 0, 0));
    expect(cdnskey!.data).toEqual(Uint8Array.of(0, 0, 3, 0, 0));
    expect(decodeZonemd(zonemd!.data)).toMatchObject({ serial: 2_018_031_900, scheme: 1, hashAlgorithm: 1 });
  });

  test.each([
    ["a DNSKEY 257 3 13", /public key is missing/],
    ["a DNSKEY 257 3 13 AAE", /is no public key: write it in base64/],
    ["a DNSKEY 257 3 13 AAF=", /is no public key/],
    ["a DNSKEY 257 3 NONSENSE AAE=", /"NONSENSE" is no algorithm/],
    ["a RRSIG MX 8 1 3600 1 0 1 example. AA==", /"MX" is no known type/],
    ["a RRSIG A 8 1 3600 20300230000000 0 1 example. AA==", /"20300230000000" is no expiration/],
    ["a RRSIG A 8 1 3600 203001 99999999999 1 example. AA==", /is no inception/],
    ["a NSEC b NONSENSE", /"NONSENSE" is no known type/],
    ["a NSEC3 1 1 12 xx 2t7b A", /"xx" is no salt/],
    ["a NSEC3 1 1 12 - zzzz A", /"zzzz" is no next hashed name/],
    ["a ZONEMD 1 1 1 c680", /digest of 2 octets: 12 is the least/],
  ])("%j is refused", (text, message) => {
    expect(() => parse(`${SOA}${text}`)).toThrow(ZoneFileError);
    expect(() => parse(`${SOA}${text}`)).toThrow(message);
  });

  test("what is written is read again", () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 90 });
    const types = fc.uniqueArray(fc.nat({ max: 0xffff }), { maxLength: 10 });
    const head = fc.uint8Array({ minLength: 18, maxLength: 18 });
    const data = fc.oneof(
      fc.record({ type: fc.constant(RecordType.RRSIG), data: fc.tuple(head, octets).map(([fixed, signature]) => concat(fixed, Buffer.from("\u0004host\0"), signature)) }),
      fc.record({ type: fc.constant(RecordType.NSEC), data: types.map((list) => concat(Buffer.from("\u0004host\0"), encodeTypeBitmap(list))) }),
      fc.record({ type: fc.constant(RecordType.NSEC3), data: fc.tuple(octets, types).map(([next, list]) => concat(Uint8Array.of(1, 0, 0, 1, 1, 9, next.length), next, encodeTypeBitmap(list))) }),
      fc.record({ type: fc.constantFrom(RecordType.DNSKEY, RecordType.DS, RecordType.ZONEMD, RecordType.NSEC3PARAM), data: octets }),
    );
    fc.assert(
      fc.property(data, (record) => {
        const records: ResourceRecord[] = [...parse(SOA), { name: "a.example.", ttl: 5, ...record }];
        expect(parse(formatZoneFile(records, { apex: "example." }))).toEqual(records);
      }),
      { numRuns: 500 },
    );
  });
});

function parse(text: string): readonly ResourceRecord[] {
  return parseZoneFile(text, { file: "test.zone", origin: "example." }).records;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
