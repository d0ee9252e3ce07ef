import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIp, formatPrefix } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, decodeA, decodeApl, decodeHostName, decodeLoc, decodeSoa } from "../../src/dns/records/index.ts";
import { decodeTxtOctets, normaliseName } from "../../src/dns/records/index.ts";
import { ZoneFileError, formatZoneFile, parseZoneFile } from "../../src/dns/zone-file/index.ts";

const SOA = "@ SOA ns hostmaster 1 2 3 4 5\n";

describe("reading", () => {
  test("owners, TTLs and classes in every order", () => {
    const records = parse(`$TTL 1h30m
@ IN SOA ns hostmaster ( 2026112400 ; serial
    5m 1m    ; refresh, retry
    1w 1d )
www 60 IN A 192.0.2.1
    IN 60 A 192.0.2.2
	TXT "blank owner"
$ORIGIN sub
a.b A 192.0.2.3
@   CLASS1 AAAA 2001:db8::1
abs.example. in ns www.example.
`);
    expect(records.map(({ name, type, ttl }) => [name, type, ttl])).toEqual([
      ["example.", RecordType.SOA, 5400],
      ["www.example.", RecordType.A, 60],
      ["www.example.", RecordType.A, 60],
      ["www.example.", RecordType.TXT, 5400],
      ["a.b.sub.example.", RecordType.A, 5400],
      ["sub.example.", RecordType.AAAA, 5400],
      ["abs.example.", RecordType.NS, 5400],
    ]);
    expect(decodeSoa(records[0]!.data)).toMatchObject({ mname: "ns.example.", refresh: 300, expire: 604_800, minimum: 86_400 });
    expect(formatIp(decodeA(records[2]!.data))).toBe("192.0.2.2");
  });

  test("without $TTL, the TTL before holds; without any, the SOA's minimum", () => {
    const records = parse(`${SOA}a A 192.0.2.1\nb 7 A 192.0.2.1\nc A 192.0.2.1\n`);
    expect(records.map(({ ttl }) => ttl)).toEqual([5, 5, 7, 7]);
  });

  test("strings: quotes, escapes, semicolons, UTF-8", () => {
    const records = parse(`${SOA}t TXT plain "two words" "a;b(c)" "\\"\\\\\\065" "" "é" a\\;b ; comment "x\n`);
    const strings = decodeTxtOctets(records[1]!.data).map((octets) => Buffer.from(octets).toString());
    expect(strings).toEqual(["plain", "two words", "a;b(c)", '"\\A', "", "é", "a;b"]);
  });

  test("a type as owner, an owner as type", () => {
    const records = parse(`${SOA}txt TXT ns\nin 60 A 192.0.2.1\nns NS ns\n`);
    expect(records.slice(1).map(({ name }) => name)).toEqual(["txt.example.", "in.example.", "ns.example."]);
  });

  test("RFC 3597", () => {
    const records = parse(`${SOA}e TYPE731 \\# 6 abcdef ( 01\n 23 45 )\nf CLASS1 TYPE1 \\# 4 0A000001\ng A \\# 4 0a 00 00 02\nh TYPE62347 \\# 0\n`);
    expect(records[1]).toMatchObject({ type: 731, data: Uint8Array.of(0xab, 0xcd, 0xef, 1, 0x23, 0x45) });
    expect(formatIp(decodeA(records[2]!.data))).toBe("10.0.0.1");
    expect(formatIp(decodeA(records[3]!.data))).toBe("10.0.0.2");
    expect(records[4]!.data).toHaveLength(0);
  });

  test("APL, LOC, DS, CNAME", () => {
    const records = parse(`${SOA}p APL 1:192.0.2.0/24 2:2001:db8::/32
l LOC 42 21 54 N 71 06 18 W -24m 30m
d DS 60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )
c CNAME www
`);
    expect(decodeApl(records[1]!.data).map(formatPrefix)).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
    expect(decodeLoc(records[2]!.data)).toMatchObject({ latitude: 42.365, longitude: -71.105, altitude: -24, size: 30 });
    expect(records[3]!.data).toHaveLength(24);
    expect(decodeHostName(records[4]!.data)).toBe("www.example.");
  });

  test("CRLF, and a file without a last newline", () => {
    expect(parse(`${SOA.replace("\n", "\r\n")}a A 192.0.2.1`)).toHaveLength(2);
  });

  test("the same record twice is one (RFC 2181 section 5)", () => {
    expect(parse(`${SOA}a A 192.0.2.1\na A 192.0.2.1\n`)).toHaveLength(2);
  });
});

describe("refusing", () => {
  test.each([
    ["a A 192.0.2.256", 2, /octet above 255/],
    ["a A 2001:db8::1", 2, /is no IPv4 address/],
    ["a AAAA 192.0.2.1", 2, /is no IPv6 address/],
    ["a A", 2, /address is missing/],
    ["a A 192.0.2.1 extra", 2, /"extra" is one field too many/],
    ['a A "192.0.2.1\u001b[2J"', 2, /192\.0\.2\.1\\x1b\[2J/],
    ["a BOGUS 1", 2, /"BOGUS" is no known type: write TYPEn/],
    ["a CH A 192.0.2.1", 2, /class CH is not served/],
    ["a MX 10 b", 2, /"MX" is no known type/],
    ["a TYPE99 1 2", 2, /TYPE99 data has no text form here: write TYPE99/],
    ["\n\na TYPE1 \\# 3 0a0000ff", 4, /4 octets, but \\# announces 3/],
    ["a TYPE731 \\# 1 0", 2, /pairs of hex digits/],
    ['a TXT "open', 2, /no closing "/],
    ['a TXT "\\', 2, /\\ at the end of a line/],
    ["a TXT", 2, /text is missing/],
    ["a TXT \\256", 2, /write \\000 to \\255/],
    [`a TXT ${"x".repeat(256)}`, 2, /255 is the most/],
    ['a SVCB 1 . ech="c*"', 2, /ech is not base64/],
    ["a APL ( 1:192.0.2.0/24\n 1:192.0.2.1/24 )", 3, /"192\.0\.2\.1\/24" has bits set after its first 24/],
    ["a APL !1:192.0.2.0/24", 2, /negated/],
    ["a APL 3:192.0.2.0/24", 2, /is no APL item/],
    ["a APL 2:192.0.2.0/24", 2, /wrong family/],
    ["a APL 2:2001:db8::/65", 2, /length above 64/],
    ["a LOC 91 N 0 E 0m", 2, /"91" is no latitude/],
    ["a LOC 1 60 N 0 E 0m", 2, /is no latitude/],
    ["a LOC 1 N 0 E high", 2, /"high" is no altitude/],
    ["a LOC 1 N 2", 2, /E or W of the longitude is missing/],
    ["a DS 1 2 3", 2, /digest is missing/],
    ["a 99999999999 A 192.0.2.1", 2, /is no TTL/],
    [`${"a".repeat(64)} A 192.0.2.1`, 2, /longer than 63/],
    ["b..c A 192.0.2.1", 2, /empty label/],
    ["a A 192.0.2.1 )", 2, /\) without a \(/],
    ["a APL ( (", 2, /close that one first/],
    ["a APL (\n1:192.0.2.0/24\n", 2, /never closed/],
    ["$INCLUDE other.zone", 2, /put the records into this file/],
    ["$GENERATE 1-2 a A 192.0.2.1", 2, /\$GENERATE is not supported: put the records into this file/],
    ["$TTL soon", 2, /"soon" is no TTL/],
    ["$TTL", 2, /TTL is missing/],
    ["a SOA ns hostmaster 1 2 3 4 5", 2, /second SOA/],
    ["a CNAME b\na A 192.0.2.1", 3, /CNAME and other data/],
    ["a 1 A 192.0.2.1\na 2 A 192.0.2.2", 3, /give one RRset one TTL/],
    ["a.other. A 192.0.2.1", 2, /outside the zone example\./],
  ])("%j", (text, line, message) => {
    const error = faultOf(`${SOA}${text}`);
    expect(error).toBeInstanceOf(ZoneFileError);
    expect(error).toMatchObject({ code: "DRTM_ZONE_FILE", file: "test.zone", line });
    expect((error as ZoneFileError).message).toMatch(message);
  });

  test.each([
    ["20 million characters in quotes", `a TXT "${"x".repeat(20_000_000)}"`, /more than 270000 characters in one field/],
    ["a parenthesis with a million fields, never closed", `a TXT ( ${"1 ".repeat(1_000_000)}`, /more than 65543 fields in one record/],
    ["20 million characters", `a TXT ${"x".repeat(20_000_000)}`, /more than 270000 characters in one field/],
    ["10 million escapes", `a TXT "${"\\a".repeat(10_000_000)}"`, /more than 270000 characters in one field/],
    ["a string of 200,000 octets", `a TXT "\\a${"x".repeat(200_000)}"`, /a string of 200001 octets/],
    ["300 strings", `a TXT ${`"${"x".repeat(255)}" `.repeat(300)}`, /the data have 76800 octets.*make several records/],
    ["60,000 prefixes", `a APL ${"1:0.0.0.0/0 ".repeat(60_000)}`, /the data have 240000 octets/],
    ["a value of 70,000 octets", `a SVCB 1 . key9="${"x".repeat(70_000)}"`, /key9 with 70000 octets/],
    ["two values of 40,000 octets", `a SVCB 1 . key9="${"x".repeat(40_000)}" key10="${"x".repeat(40_000)}"`, /the data have 80011 octets/],
  ])("what no record has room for: %s", (_what, text, message) => {
    const error = faultOf(`${SOA}${text}`);
    expect(error).toBeInstanceOf(ZoneFileError);
    expect((error as ZoneFileError).message).toMatch(message);
  });

  test.each([
    ["", /no records/],
    ["; nothing\n", /no records/],
    ["a A 192.0.2.1", /A comes before the SOA|no TTL/],
    ["  A 192.0.2.1", /without an owner/],
  ])("a zone of %j", (text, message) => {
    expect((faultOf(text) as ZoneFileError).message).toMatch(message);
  });

  test("a relative name without an origin", () => {
    expect(() => parseZoneFile("a 1 A 192.0.2.1", { file: "test.zone" })).toThrow(/test\.zone:1: "a" is relative/);
  });

  test("any text is read or refused by ZoneFileError", () => {
    const piece = fc.constantFrom("a", "@", " ", "\n", "(", ")", '"', ";", "\\", "\\#", "SOA", "A", "SVCB", "APL", "LOC", "$TTL", "1", "=", "alpn=", ".", "é");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const error = faultOf(SOA + pieces.join(" "));
        expect(error === undefined || error instanceof ZoneFileError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writing", () => {
  const octets = fc.uint8Array({ maxLength: 60 });
  const type = fc.constantFrom(...Object.values(RecordType).filter((value) => value !== RecordType.SOA && value !== RecordType.CNAME), 65280);
  const owner = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((label) => ownerOf(label));

  test("any data survives, well-formed or not", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: owner, type, ttl: fc.constant(60), data: octets }), { maxLength: 10 }), (others) => {
        const before = distinct([...parse(SOA), ...others]);
        const text = formatZoneFile(before, { apex: "example." });
        expect(parseZoneFile(text, { file: "again.zone" }).records).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  test("relative names, blank owners, notes, long lines in parentheses", () => {
    const apl = Array.from({ length: 12 }, (_, index) => `1:10.${index}.0.0/16`).join(" ");
    const records = parse(`$TTL 60\n${SOA}www A 192.0.2.1\nwww AAAA 2001:db8::1\nb APL ${apl}\nc 7 PTR outside.\n`);
    const notes = new Map([["b.example.", ["Bucket b"]]]);
    expect(formatZoneFile(records, { apex: "example.", heading: ["Heading"], notes })).toBe(`; Heading
$ORIGIN example.
$TTL 60

@                       SOA   ns hostmaster (
                              1          ; serial
                              2          ; refresh
                              3          ; retry
                              4          ; expire
                              5          ; minimum
                              )

www                     A     192.0.2.1
                        AAAA  2001:db8::1

; Bucket b
b                       APL   (
                              1:10.0.0.0/16 1:10.1.0.0/16 1:10.2.0.0/16 1:10.3.0.0/16 1:10.4.0.0/16 1:10.5.0.0/16
                              1:10.6.0.0/16 1:10.7.0.0/16 1:10.8.0.0/16 1:10.9.0.0/16 1:10.10.0.0/16 1:10.11.0.0/16
                              )

c                       7 PTR   outside.
`);
  });
});

function parse(text: string): readonly ResourceRecord[] {
  return parseZoneFile(text, { file: "test.zone", origin: "example." }).records;
}

function faultOf(text: string): unknown {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The owner name of one label of any octets. */
function ownerOf(label: Uint8Array): string {
  const escaped = Array.from(label, (octet) => `\\${String(octet).padStart(3, "0")}`).join("");
  return normaliseName(`${escaped}.example.`);
}

function distinct(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...new Map(records.map((record) => [identityOf(record), record])).values()];
}

function identityOf({ name, type, data }: ResourceRecord): string {
  return `${name} ${type} ${data.join(".")}`;
}
