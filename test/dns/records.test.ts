import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Prefix, formatPrefix, parsePrefix, prefixAround } from "../../src/address/index.ts";
import { PackedPrefixes } from "../../src/address/packed-prefixes.ts";
import { aplLines } from "../../src/dns/records/apl-lines.ts";
import {
  RdataError,
  RecordType,
  aplItemText,
  compareApl,
  compareNames,
  compareSerials,
  decodeApl,
  decodeLoc,
  decodeName,
  decodeSoa,
  decodeSvcb,
  decodeTxt,
  encodeApl,
  encodeLoc,
  encodeName,
  encodeSoa,
  encodeTxt,
  isSubdomain,
  normaliseName,
  printable,
  readRecord,
  typeFromName,
  typeName,
} from "../../src/dns/records/index.ts";

const word = fc.nat({ max: 0xffffffff });
const prefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(word, fc.nat({ max: 32 })).map(([hi, length]) => prefixAround(4, hi, 0, length)),
  fc.tuple(word, word, fc.nat({ max: 64 })).map(([hi, lo, length]) => prefixAround(6, hi, lo, length)),
);
const label = fc.uint8Array({ minLength: 1, maxLength: 63 });

describe("names", () => {
  test.each([
    [".", "00"],
    ["example.", "076578616d706c6500"],
    ["WWW.Example.", "03777777076578616d706c6500"],
    ["a\\.b.example.", "03612e62076578616d706c6500"],
    ["\\000\\255.", "0200ff00"],
    ["_drtm.s1.", "055f6472746d02733100"],
  ])("%s", (text, wire) => {
    expect(hexOf(encodeName(text))).toBe(wire);
    const { name, next } = decodeName(bytesOf(wire), 0);
    expect(name).toBe(text.toLowerCase());
    expect(next).toBe(wire.length / 2);
  });

  test.each([
    ["a..example.", /empty label/],
    ["..", /empty label/],
    ["", /empty label/],
    [`${"a".repeat(64)}.`, /longer than 63/],
    [`${"abcdefg.".repeat(32)}`, /longer than 255/],
    ["a b.", /must be escaped/],
    ["é.", /must be escaped/],
    ["a\\25.", /broken/],
    ["a\\256.", /broken/],
  ])("%j is refused", (text, message) => {
    expect(() => encodeName(text)).toThrow(RdataError);
    expect(() => encodeName(text)).toThrow(message);
  });

  test("any labels survive, in lower case", () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const wire = Uint8Array.from([...labels.flatMap((octets) => [octets.length, ...octets]), 0]);
        const { name } = decodeName(wire, 0);
        expect(encodeName(name)).toEqual(wire.map((octet, at) => (isLetter(octet) && !isLength(labels, at) ? octet + 32 : octet)));
        expect(normaliseName(name)).toBe(name);
      }),
    );
  });

  test("RFC 4034 section 6.1: canonical order", () => {
    const sorted = ["example.", "a.example.", "yljkjljk.a.example.", "z.a.example.", "zabc.a.example.", "z.example."];
    const more = [...sorted, "\\001.z.example.", "*.z.example.", "\\200.z.example."];
    expect(more.toReversed().toSorted(compareNames)).toEqual(more);
  });

  test("subdomains end at labels", () => {
    expect(isSubdomain("a.example.", "example.")).toBe(true);
    expect(isSubdomain("example.", "example.")).toBe(true);
    expect(isSubdomain("anexample.", "example.")).toBe(false);
    expect(isSubdomain("a\\.example.", "example.")).toBe(false);
    expect(isSubdomain("a\\\\.example.", "example.")).toBe(true);
    expect(isSubdomain("example.", ".")).toBe(true);
  });
});

describe("APL", () => {
  test.each([
    ["192.168.32.0/21", "0001 15 03 c0a820"],
    ["224.0.0.0/4", "0001 04 01 e0"],
    ["ff00::/8", "0002 08 01 ff"],
    ["0.0.0.0/0", "0001 00 00"],
    ["2001:db8::/32", "0002 20 04 20010db8"],
    ["10.0.0.1/32", "0001 20 04 0a000001"],
  ])("RFC 3123: %s", (text, wire) => {
    expect(hexOf(encodeApl([parsePrefix(text)]))).toBe(plain(wire));
    expect(decodeApl(bytesOf(wire)).map(formatPrefix)).toEqual([text]);
  });

  test.each([
    ["negation", "0001 1c 83 c0a826", /item 1 is negated/],
    ["trailing zero octets", "0001 18 03 c0a800", /trailing zero octets/],
    ["host bits", "0001 15 03 c0a821", /bits set after its first 21/],
    ["octets beyond the length", "0001 08 03 0a0001", /bits set after its first 8/],
    ["an IPv4 length above 32", "0001 21 01 0a", /length \/33: at most \/32/],
    ["an IPv6 length above 64", "0002 41 01 20", /length \/65: at most \/64/],
    ["another family", "0003 08 01 0a", /address family 3/],
    ["a cut address", "0001 18 03 c0a8", /ends within its item 1/],
    ["a cut head", "0001 18 03 c0a801 0001", /ends within its item 2/],
    ["more octets than an address has", "0001 20 05 0a00000101", /bits set after/],
  ])("%s is refused", (_, wire, message) => {
    expect(() => decodeApl(bytesOf(wire))).toThrow(RdataError);
    expect(() => decodeApl(bytesOf(wire))).toThrow(message);
  });

  test("any prefixes survive", () => {
    fc.assert(
      fc.property(fc.array(prefix), (prefixes) => {
        expect(decodeApl(encodeApl(prefixes))).toEqual(prefixes);
      }),
    );
  });
});

describe("APL as text", () => {
  test("on lines, as octets, is what each item is by itself", () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 800 }), (prefixes) => {
        expect(Buffer.from(aplLines(PackedPrefixes.of(prefixes))).toString()).toBe(prefixes.map(aplItemText).join("\n"));
      }),
    );
  });

  test("has no group of zeros that could be left out", () => {
    const texts = ["::/0", "::/64", "1::/16", "0:1::/32", "0:0:1::/48", "0:0:0:1::/64", "2001:db8:0:ab::/64", "f00:0:0:10::/60"];
    expect(Buffer.from(aplLines(PackedPrefixes.of(texts.map(parsePrefix)))).toString().split("\n")).toEqual(texts.map((text) => `2:${text}`));
  });
});

describe("APL records of a bucket", () => {
  test("are in the order of their first addresses, whatever stands before these", () => {
    const records = [["10.0.0.0/24", "10.0.1.0/24"], ["9.0.0.0/8"], ["10.128.0.0/9"], ["0.0.0.0/0"], ["10.0.64.0/18"]].map((texts) => encodeApl(texts.map(parsePrefix)));
    const firsts = records.toSorted(compareApl).map((data) => formatPrefix(decodeApl(data)[0]!));
    expect(firsts).toEqual(["0.0.0.0/0", "9.0.0.0/8", "10.0.0.0/24", "10.0.64.0/18", "10.128.0.0/9"]);
    expect([compareApl(new Uint8Array(), records[3]!), compareApl(Uint8Array.of(0, 1, 24, 3), new Uint8Array())]).toEqual([0, 0]);
  });
});

describe("other data", () => {
  test("TXT", () => {
    expect(hexOf(encodeTxt(["drtm1", ""]))).toBe("056472746d3100");
    expect(decodeTxt(bytesOf("056472746d3100"))).toEqual(["drtm1", ""]);
    expect(() => decodeTxt(bytesOf(""))).toThrow(/has no string/);
    expect(() => decodeTxt(bytesOf("0561"))).toThrow(/ends within its string/);
    expect(() => decodeTxt(bytesOf("01ff"))).toThrow(/not UTF-8/);
    expect(() => encodeTxt(["a".repeat(256)])).toThrow(/255 is the most/);
    expect(() => encodeTxt([])).toThrow(/at least one/);
  });

  test("SOA", () => {
    const soa = { mname: "ns.example.", rname: "a\\.b.example.", serial: 0xffffffff, refresh: 1, retry: 2, expire: 3, minimum: 4 };
    expect(decodeSoa(encodeSoa(soa))).toEqual(soa);
    expect(() => decodeSoa(encodeSoa(soa).subarray(0, -1))).toThrow(/ends within its MINIMUM/);
    expect(() => decodeSoa(Uint8Array.from([...encodeSoa(soa), 0]))).toThrow(/1 octets too many/);
  });

  test.each([
    [1, 1, 0],
    [1, 2, -1],
    [2, 1, 1],
    [0, 0xffffffff, 1],
    [0xffffffff, 0, -1],
    [0, 0x80000000, undefined],
    [0x80000000, 0, undefined],
    [0, 0x7fffffff, -1],
  ])("RFC 1982: %i against %i", (a, b, order) => {
    const result = compareSerials(a, b);
    expect(result === undefined ? undefined : Math.sign(result)).toBe(order);
  });

  test("RFC 1876: a place", () => {
    const place = { latitude: 42.365, longitude: -71.105, altitude: -24, size: 30, horizontalPrecision: 10_000, verticalPrecision: 10 };
    expect(hexOf(encodeLoc(place))).toBe("0033161389172dd070be15f000988d20");
    expect(decodeLoc(encodeLoc(place))).toEqual(place);
    expect(() => encodeLoc({ ...place, latitude: 91 })).toThrow(/beyond 90/);
    expect(() => decodeLoc(bytesOf("01"))).toThrow(/version 1/);
    expect(() => decodeLoc(bytesOf("00a3161389172dd070be15f000988d20"))).toThrow(/size that is no digit/);
    expect(() => decodeLoc(bytesOf("00331613ff172dd070be15f000988d20"))).toThrow(/latitude beyond 90/);
  });

  test("type names", () => {
    expect(typeName(RecordType.SVCB)).toBe("SVCB");
    expect(typeName(65280)).toBe("TYPE65280");
    expect(typeFromName("TYPE65280")).toBe(65280);
    expect(typeFromName("TYPE65536")).toBeUndefined();
    expect(typeFromName("toString")).toBeUndefined();
  });

  test("errors name the record", () => {
    const record = { name: "4-0-0.x.sets.drtm.example.", type: RecordType.APL, ttl: 1, data: Uint8Array.of(0) };
    expect(() => readRecord(record, decodeApl)).toThrow("4-0-0.x.sets.drtm.example. APL: ends within its item 1");
  });

  test("any octets decode, or are refused by RdataError", () => {
    const decoders = [decodeApl, decodeSvcb, decodeTxt, decodeSoa, decodeLoc];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom<(octets: Uint8Array) => unknown>(...decoders), (octets, decode) => {
        expect(unexpectedError(() => decode(octets))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

/** What a decoder throws beside RdataError. */
function unexpectedError(decode: () => unknown): unknown {
  try {
    decode();
    return undefined;
  } catch (error) {
    return error instanceof RdataError ? undefined : error;
  }
}

function isLetter(octet: number): boolean {
  return octet >= 0x41 && octet <= 0x5a;
}

/** Whether the octet at this offset is the length of a label. */
function isLength(labels: readonly Uint8Array[], at: number): boolean {
  let offset = 0;
  for (const octets of labels) {
    if (offset === at) return true;
    offset += 1 + octets.length;
  }
  return offset === at;
}

function plain(hex: string): string {
  return hex.replaceAll(" ", "");
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(plain(hex), "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("printable text", () => {
  test.each([
    ["plain, and ünicode", "plain, and ünicode"],
    ["\u0000\u001b[2J\u007f", String.raw`\x00\x1b[2J\x7f`],
    ["\u009b31m", String.raw`\x9b31m`],
    ["a\u202eb\u2066\u200f", String.raw`a\u{202e}b\u{2066}\u{200f}`],
    ["a\r\nb\u2028", String.raw`a\x0d\x0ab\u{2028}`],
    ["x".repeat(101), `${"x".repeat(100)}...`],
  ])("%j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("names in messages too", () => {
    expect(() => encodeName("a\u001b[31m.example.")).toThrow(String.raw`name "a\x1b[31m.example."`);
  });
});
