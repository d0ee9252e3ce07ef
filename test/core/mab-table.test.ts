import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Prefix, compareKeys, formatRange, parseIp, parsePrefix, prefixAround, prefixContains, rangeOf } from "../../src/address/index.ts";
import { MabTable } from "../../src/core/mabs/mab-table.ts";
import { NO_PREFIX, Segment } from "../../src/core/tables/segment-table.ts";

function lookUp(prefixes: readonly string[], address: string): string {
  const table = new MabTable(prefixes.map(parsePrefix));
  const { family, words } = parseIp(address);
  const segment = new Segment();
  table.find(family, words[0], words[1], segment);
  const range = formatRange(rangeOf(family, segment.firstHi, segment.firstLo, segment.lastHi, segment.lastLo));
  return `${segment.prefix === NO_PREFIX ? "none" : prefixes[segment.prefix]} ${range}`;
}

describe("longest match", () => {
  const nested = ["10.0.0.0/8", "10.1.0.0/16", "10.1.255.0/24", "2001:db8::/32", "2001:db8:ffff::/48"];
  test.each([
    ["9.255.255.255", "none 0.0.0.0-9.255.255.255"],
    ["10.0.0.1", "10.0.0.0/8 10.0.0.0/16"],
    ["10.1.2.3", "10.1.0.0/16 10.1.0.0-10.1.254.255"],
    ["10.1.255.9", "10.1.255.0/24 10.1.255.0/24"],
    ["10.2.0.0", "10.0.0.0/8 10.2.0.0-10.255.255.255"],
    ["255.255.255.255", "none 11.0.0.0-255.255.255.255"],
    ["2001:db8::1", "2001:db8::/32 2001:db8::-2001:db8:fffe:ffff::"],
    ["2001:db8:ffff::1", "2001:db8:ffff::/48 2001:db8:ffff::/48"],
    ["2001:db9::", "none 2001:db9::-ffff:ffff:ffff:ffff::"],
  ])("%s lies in %s", (address, expected) => {
    expect(lookUp(nested, address)).toBe(expected);
  });

  test("an empty table is one gap", () => {
    expect(lookUp([], "192.0.2.1")).toBe("none 0.0.0.0/0");
  });

  test("the whole space as one MAB", () => {
    expect(lookUp(["0.0.0.0/0"], "255.255.255.255")).toBe("0.0.0.0/0 0.0.0.0/0");
  });
});

test("agrees with a plain scan, and every segment holds one answer from end to end", () => {
  const small = fc.nat({ max: 0xff }).map((octet) => octet * 0x01010101);
  const prefix = fc.tuple(fc.constantFrom(4 as const, 6 as const), small, small, fc.nat({ max: 64 }));
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 60 }), fc.array(fc.tuple(small, small), { minLength: 20 }), (drafts, keys) => {
      const unique = new Map<string, Prefix>();
      for (const [family, hi, lo, length] of drafts) {
        const made = prefixAround(family, hi, family === 4 ? 0 : lo, family === 4 ? length % 33 : length);
        unique.set(JSON.stringify(made), made);
      }
      const prefixes = [...unique.values()];
      const table = new MabTable(prefixes);
      const scan = (family: 4 | 6, hi: number, lo: number): number => {
        let best = NO_PREFIX;
        for (const [id, candidate] of prefixes.entries()) {
          if (prefixContains(candidate, family, hi, lo) && (best < 0 || candidate.length > prefixes[best]!.length)) best = id;
        }
        return best;
      };
      const segment = new Segment();
      for (const family of [4, 6] as const) {
        for (const [hi, anyLo] of keys) {
          const lo = family === 4 ? 0 : anyLo;
          table.find(family, hi, lo, segment);
          expect(segment.prefix).toBe(scan(family, hi, lo));
          expect(scan(family, segment.firstHi, segment.firstLo)).toBe(segment.prefix);
          expect(scan(family, segment.lastHi, segment.lastLo)).toBe(segment.prefix);
          expect(compareKeys(segment.firstHi, segment.firstLo, hi, lo)).toBeLessThanOrEqual(0);
          expect(compareKeys(segment.lastHi, segment.lastLo, hi, lo)).toBeGreaterThanOrEqual(0);
        }
      }
    }),
  );
});
