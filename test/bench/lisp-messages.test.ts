import { describe, expect, test } from "vitest";
import { ENCAPSULATED_REQUEST_OCTETS, type LispRequest, decodeMapReply, encodeEncapsulatedRequest } from "../../bench/lisp-messages.ts";

const REQUEST: LispRequest = { itr: 0xc0000201, port: 0xa634, nonceHi: 0x01234567, nonceLo: 0x89abcdef, eid: 0x0a000003 };

const ENCAPSULATED = "80000000";
/** 60 octets from 192.0.2.1 to 10.0.0.3. */
const IP = "4500003c000000004011aeadc00002010a000003";
/** 40 octets from port 42548 to 4342. */
const UDP = "a63410f60028401f";
/** No flags, one ITR-RLOC, one record; the source EID and the ITR-RLOC are 192.0.2.1, the record is 10.0.0.3/32. */
const MAP_REQUEST = "100000010123456789abcdef0001c00002010001c0000201002000010a000003";

/** One record. */
const HEADER = "200000010123456789abcdef";
/** A TTL of 10 minutes, 10.0.0.0/29; at 203.0.113.7, priority 1, weight 100. */
const RECORD = "0000000a011d0000000000010a000000";
const LOCATOR = "0164ff0000050001cb007107";
const NEGATIVE = "0000000f00080000000000010b000000";

describe("an encapsulated Map-Request", () => {
  test("has its fields where RFC 9301 has them", () => {
    expect(hexOf(encoded(REQUEST))).toBe(ENCAPSULATED + IP + UDP + MAP_REQUEST);
  });

  test("has checksums with which what they are of adds up to ones", () => {
    for (const eid of [0x0a000003, 0xffffffff, 0]) {
      const message = encoded({ ...REQUEST, eid });
      expect(sumOf(message, 4, 24, 0)).toBe(0xffff);
      expect(sumOf(message, 16, ENCAPSULATED_REQUEST_OCTETS, 17 + 40)).toBe(0xffff);
    }
  });

  test("never says that it has no UDP checksum: one of 0 is sent as ones", () => {
    const checksum = encoded({ ...REQUEST, nonceLo: 0 }).getUint16(30);
    expect(encoded({ ...REQUEST, nonceLo: checksum }).getUint16(30)).toBe(0xffff);
  });
});

describe("a Map-Reply", () => {
  test("is read", () => {
    const { nonceHi, nonceLo } = REQUEST;
    expect(decoded(HEADER + RECORD + LOCATOR)).toEqual({ nonceHi, nonceLo, prefix: 0x0a000000, length: 29, rloc: 0xcb007107 });
    expect(decoded(HEADER + NEGATIVE)).toEqual({ nonceHi, nonceLo, prefix: 0x0b000000, length: 8, rloc: undefined });
  });

  test("that is none, or not as simple, is refused with what it is", () => {
    const refusals: readonly (readonly [hex: string, error: RegExp])[] = [
      [MAP_REQUEST, /type 1 where a Map-Reply/],
      [HEADER, /12 octets/],
      [`20000002${HEADER.slice(8)}${RECORD}${LOCATOR}`, /2 records/],
      [HEADER + RECORD, /28 octets with 1 locators/],
      [HEADER + RECORD + LOCATOR + LOCATOR, /52 octets with 1 locators/],
      [HEADER + RECORD.replace("011d", "021d") + LOCATOR + LOCATOR, /2 locators/],
      [HEADER + RECORD.replace("000000010a", "000000020a") + LOCATOR, /family 2/],
      [HEADER + RECORD + LOCATOR.replace("00050001", "00054003"), /family 16387/],
    ];
    for (const [hex, error] of refusals) expect(() => decoded(hex)).toThrow(error);
  });
});

function encoded(request: LispRequest): DataView {
  const out = new DataView(new ArrayBuffer(ENCAPSULATED_REQUEST_OCTETS));
  new Uint8Array(out.buffer).fill(0xa5);
  encodeEncapsulatedRequest(out, request);
  return out;
}

function decoded(hex: string) {
  const octets = Buffer.from(hex, "hex");
  return decodeMapReply(new DataView(octets.buffer, octets.byteOffset, octets.length), octets.length);
}

function hexOf(view: DataView): string {
  return Buffer.from(view.buffer).toString("hex");
}

/** The sum of RFC 1071, by the remainder: of what is not all zeroes it is 1 to 65,535. */
function sumOf(octets: DataView, from: number, to: number, more: number): number {
  let sum = more;
  for (let at = from; at < to; at += 2) sum += octets.getUint16(at);
  return ((sum - 1) % 0xffff) + 1;
}
