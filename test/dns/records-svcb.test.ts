import { describe, expect, test } from "vitest";
import { RdataError, RecordType, decodeSvcb, encodeSvcb } from "../../src/dns/records/index.ts";
import { ZoneFileError, parseZoneFile } from "../../src/dns/zone-file/index.ts";

const FOO_COM = "03666f6f076578616d706c6503636f6d00";
const FOO_ORG = "03666f6f076578616d706c65036f726700";

/** RFC 9460 appendix D.2: presentation, wire form. */
const SERVICE_MODE = [
  ["1 .", "0001 00"],
  ["16 foo.example.com. port=53", `0010 ${FOO_COM} 0003 0002 0035`],
  ["1 foo.example.com. key667=hello", `0001 ${FOO_COM} 029b 0005 68656c6c6f`],
  ['1 foo.example.com. key667="hello\\210qoo"', `0001 ${FOO_COM} 029b 0009 68656c6c6fd2716f6f`],
  [
    '1 foo.example.com. ( ipv6hint="2001:db8::1,2001:db8::53:1" )',
    `0001 ${FOO_COM} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
  ],
  [
    '1 example.com. ( ipv6hint="2001:db8:122:344::192.0.2.33" )',
    "0001 076578616d706c6503636f6d00 0006 0010 20010db8012203440000 0000c0000221",
  ],
  [
    "16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 )",
    `0010 ${FOO_ORG} 0000 0004 00010004 0001 0009 026832 0568332d3139 0004 0004 c0000201`,
  ],
  ['16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"', `0010 ${FOO_ORG} 0001 000c 08665c6f6f2c626172 026832`],
  ["16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2", `0010 ${FOO_ORG} 0001 000c 08665c6f6f2c626172 026832`],
] as const;

/** RFC 9460 appendix D.3, and what it leaves to the reader. */
const REFUSED_TEXT = [
  ["1 foo.example.com. ( key123=abc key123=def )", /key123 is there twice/],
  ["1 foo.example.com. mandatory", /mandatory needs a value/],
  ["1 foo.example.com. alpn", /alpn needs a value/],
  ["1 foo.example.com. port", /port needs a value/],
  ["1 foo.example.com. ipv4hint", /ipv4hint needs a value/],
  ["1 foo.example.com. ipv6hint", /ipv6hint needs a value/],
  ["1 foo.example.com. no-default-alpn=abc", /no-default-alpn takes no value/],
  ["1 foo.example.com. mandatory=key123", /lacks key123/],
  ["1 foo.example.com. mandatory=mandatory", /mandatory in its own list/],
  ["1 foo.example.com. ( mandatory=key123,key123 key123=abc )", /key123 out of order or twice/],
  ["1 foo.example.com. port=65536", /"65536" is no port/],
  ["1 foo.example.com. ipv4hint=2001:db8::1", /is no IPv4 address/],
  ["1 foo.example.com. ipv4hint=192.0.2.256", /octet above 255/],
  ["1 foo.example.com. key65536=a", /"key65536" is no SVCB parameter/],
  ["1 foo.example.com. alpn=a,,b", /protocol that is empty/],
  ["1 foo.example.com. alpn=a\\\\b", /neither comma nor/],
  ["65536 foo.example.com.", /"65536" is no SvcPriority/],
] as const;

const REFUSED_WIRE = [
  ["an alias", `0000 ${FOO_COM}`, /is an alias \(SvcPriority 0\) to foo\.example\.com\./],
  ["no name", "0001", /bad TargetName: is cut off/],
  ["a compressed name", "0001 c00c", /compressed/],
  ["keys twice", "0001 00 0003 0002 0035 0003 0002 0035", /port twice/],
  ["keys descending", "0001 00 0003 0002 0035 0001 0003 026832", /alpn after port/],
  ["key 65535", "0001 00 ffff 0000", /reserved key 65535/],
  ["a cut value", "0001 00 0003 0002 00", /ends within its port/],
  ["a cut key", "0001 00 00", /ends within its SvcParamKey/],
  ["a long port", "0001 00 0003 0003 003500", /port of a wrong length/],
  ["an empty hint", "0001 00 0004 0000", /ipv4hint of a wrong length/],
  ["a short hint", "0001 00 0006 0004 c0000201", /ipv6hint of a wrong length/],
  ["an empty alpn", "0001 00 0001 0000", /empty alpn/],
  ["an empty protocol", "0001 00 0001 0001 00", /empty protocol/],
  ["a protocol too long", "0001 00 0001 0002 0561", /ends within its alpn/],
  ["no-default-alpn alone", "0001 00 0002 0000", /no-default-alpn without alpn/],
  ["mandatory for what we do not know", "0001 00 0000 0002 029b 029b 0001 61", /asks for key667 \(mandatory\)/],
  ["mandatory of a wrong length", "0001 00 0000 0001 00", /mandatory of a wrong length/],
  ["a weight in letters", "0001 00 ff01 0001 61", /weight \(key65281\) "a"/],
  ["a region that is no UTF-8", "0001 00 ff00 0001 ff", /region \(key65280\) that is not UTF-8/],
] as const;

describe("SVCB", () => {
  test.each(SERVICE_MODE)("RFC 9460 D.2: %s", (text, wire) => {
    expect(hexOf(dataOf(text))).toBe(plain(wire));
    const binding = decodeSvcb(bytesOf(wire));
    expect(hexOf(encodeSvcb(binding))).toBe(plain(wire));
  });

  test("RFC 9460 D.1: an alias may stand in a zone", () => {
    expect(hexOf(dataOf("0 foo.example.com."))).toBe(`0000${FOO_COM}`);
  });

  test.each(REFUSED_TEXT)("%s is refused", (text, message) => {
    expect(() => dataOf(text)).toThrow(ZoneFileError);
    expect(() => dataOf(text)).toThrow(message);
  });

  test.each(REFUSED_WIRE)("%s is refused", (_, wire, message) => {
    expect(() => decodeSvcb(bytesOf(wire))).toThrow(RdataError);
    expect(() => decodeSvcb(bytesOf(wire))).toThrow(message);
  });

  test("DRTM's own parameters", () => {
    const data = dataOf('10 fra1 alpn=drtm1 port=4344 ipv4hint=198.51.100.1 key65280="eu-fra" key65281="100" key65282="\\001\\002"');
    expect(decodeSvcb(data)).toEqual({
      priority: 10,
      target: "fra1.example.",
      alpn: ["drtm1"],
      port: 4344,
      ipv4hint: [{ family: 4, words: [0xc6336401, 0, 0, 0] }],
      region: "eu-fra",
      weight: 100,
      publicKey: Uint8Array.of(1, 2),
    });
  });
});

function dataOf(text: string): Uint8Array {
  const zone = `@ 60 SOA ns hostmaster 1 2 3 4 5\nx 60 SVCB ${text}\n`;
  const record = parseZoneFile(zone, { file: "test.zone", origin: "example." }).records[1]!;
  expect(record.type).toBe(RecordType.SVCB);
  return record.data;
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
