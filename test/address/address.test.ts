import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AddressError,
  asPrefix,
  formatIp,
  formatPrefix,
  formatRange,
  keyAfter,
  keyBefore,
  lastKey,
  parseIp,
  parsePrefix,
  parseRange,
  prefixContains,
  rangeOf,
} from "../../src/address/index.ts";

const word = fc.nat({ max: 0xffffffff });

describe("addresses", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:0:0:2::", "1:0:0:2::"],
    ["0:0:0:1::", "0:0:0:1::"],
    ["0:0:1::", "0:0:1::"],
    ["0:1::", "0:1::"],
    ["1::", "1::"],
    ["2001:0:1:0::", "2001:0:1::"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ])("%s is written %s (RFC 5952)", (text, canonical) => {
    expect(formatIp(parseIp(text))).toBe(canonical);
  });

  test.each(["", "1.2", "1.2.3", "01.2.3.4", "1.2.3.256", "0x1.2.3.4", "1::2::3", "1:2:3", ":1", "g::", "1.2.3.4%eth0", "::1%lo", "1:2:3:4:5:6:7:8:9", "1.2.3.4:5", "::1.2.3", " ::1", "1:2:3:4:5:6:7::8"])(
    "%j is refused",
    (text) => {
      expect(() => parseIp(text)).toThrow(AddressError);
    },
  );

  test("every IPv6 address survives text", () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const address = { family: 6 as const, words: [a, b, c, d] as const };
        expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });
});

describe("prefixes", () => {
  test.each(["192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "2001:db8:1:2::/64"])("%s survives text", (text) => {
    expect(formatPrefix(parsePrefix(text))).toBe(text);
  });

  test.each(["192.0.2.1/24", "192.0.2.0/33", "192.0.2.0", "192.0.2.0/024", "2001:db8::/65", "2001:db8::1/64", "192.0.2.0/"])(
    "%s is refused",
    (text) => {
      expect(() => parsePrefix(text)).toThrow(AddressError);
    },
  );

  test("a prefix contains its own addresses and no others", () => {
    const prefix = parsePrefix("2001:db8:0:10::/60");
    expect(prefixContains(prefix, 6, 0x20010db8, 0x1f)).toBe(true);
    expect(prefixContains(prefix, 6, 0x20010db8, 0x20)).toBe(false);
    expect(prefixContains(prefix, 4, 0x20010db8, 0)).toBe(false);
  });
});

describe("ranges", () => {
  test.each([
    ["192.0.2.0-192.0.2.99", "192.0.2.0-192.0.2.99"],
    ["192.0.2.0-192.0.2.255", "192.0.2.0/24"],
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7-192.0.2.7", "192.0.2.7"],
    ["2001:db8::-2001:db8:0:4::", "2001:db8::-2001:db8:0:4::"],
    ["2001:db8::-2001:db8:0:f:ffff:ffff:ffff:ffff", "2001:db8::/60"],
    ["0.0.0.0-255.255.255.255", "0.0.0.0/0"],
  ])("%s is written %s", (text, canonical) => {
    expect(formatRange(parseRange(text))).toBe(canonical);
  });

  test.each(["192.0.2.9-192.0.2.1", "192.0.2.0-2001:db8::", "2001:db8::1", "2001:db8::-2001:db8::5", "x-y"])("%s is refused", (text) => {
    expect(() => parseRange(text)).toThrow(AddressError);
  });

  test("a range is a prefix exactly when its writing has a slash or one address", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const range = rangeOf(4, Math.min(a, b), 0, Math.max(a, b), 0);
        expect(asPrefix(range) === undefined).toBe(formatRange(range).includes("-"));
        expect(parseRange(formatRange(range))).toEqual(range);
      }),
    );
  });
});

test("keys step across the word boundary and stop at the ends", () => {
  expect(keyAfter(6, { hi: 1, lo: 0xffffffff })).toEqual({ hi: 2, lo: 0 });
  expect(keyBefore(6, { hi: 2, lo: 0 })).toEqual({ hi: 1, lo: 0xffffffff });
  expect(keyAfter(4, lastKey(4))).toBeUndefined();
  expect(keyAfter(6, lastKey(6))).toBeUndefined();
  expect(keyBefore(4, { hi: 0, lo: 0 })).toBeUndefined();
});
