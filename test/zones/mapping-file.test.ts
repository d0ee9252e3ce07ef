import { describe, expect, test } from "vitest";
import { formatPrefix, formatRange, parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { MappingFileError, formatMappingFile, parseMappingFile } from "../../src/core/mapping/mapping-file.ts";

const MAB = "mab 192.0.2.0/24 lineage 1 position 9\n";
const TEXT = `# Heading

elsewhere 192.0.2.128/28

# A note
mab 192.0.2.0/24 lineage 1 position 9007199254740991
192.0.2.0-192.0.2.99                     203.0.113.7
192.0.2.100                              0.0.0.0 12

mab 2001:db8::/32 lineage 4294967295 position 0
2001:db8::-2001:db8:0:2::                3fff::1
2001:db8:1::/48                          ::
`;

describe("mapping files", () => {
  test("are read", () => {
    const { mabs, elsewhere } = parseMappingFile(TEXT, "test.txt");
    expect(elsewhere.map(formatPrefix)).toEqual(["192.0.2.128/28"]);
    expect(mabs).toHaveLength(2);
    expect(mabs[0]).toEqual({
      prefix: parsePrefix("192.0.2.0/24"),
      lineage: 1,
      position: Number.MAX_SAFE_INTEGER,
      micronets: [
        { range: parseRange("192.0.2.0-192.0.2.99"), etr: parseIp("203.0.113.7"), version: Number.MAX_SAFE_INTEGER },
        { range: parseRange("192.0.2.100"), etr: parseIp("0.0.0.0"), version: 12 },
      ],
    });
  });

  test("are written as they were", () => {
    const notes = { heading: ["Heading"], mabs: new Map([["192.0.2.0/24", "A note"]]) };
    expect(formatMappingFile(parseMappingFile(TEXT, "test.txt"), notes)).toBe(TEXT);
  });

  test("may be unsorted, with comments and CRLF", () => {
    const { mabs } = parseMappingFile(`${MAB}192.0.2.9 203.0.113.1 # later\r\n192.0.2.0/29 203.0.113.2\r\n`, "test.txt");
    expect(mabs[0]!.micronets.map(({ range }) => formatRange(range))).toEqual(["192.0.2.9", "192.0.2.0/29"]);
  });

  test.each([
    ["192.0.2.0 203.0.113.1", 1, /before any MAB/],
    ["mab 192.0.2.0/24", 1, /write "mab 192/],
    ["mab 192.0.2.0/24 position 1 lineage 1", 1, /write "mab 192/],
    ["mab 192.0.2.1/24 lineage 1 position 1", 1, /bits set after its first 24/],
    ["mab 192.0.2.0/24 lineage 4294967296 position 1", 1, /"4294967296" is no lineage/],
    ["mab 192.0.2.0/24 lineage 1 position 9007199254740992", 1, /is no position/],
    ["mab 192.0.2.0/24 lineage 1 position -1", 1, /is no position/],
    [`${MAB}192.0.2.0`, 2, /not a micronet/],
    [`${MAB}192.0.2.0 203.0.113.1 1 2`, 2, /not a micronet/],
    [`${MAB}192.0.2.0 203.0.113.1 10`, 2, /"10" is no version: write a whole number from 0 to 9/],
    [`${MAB}192.0.2.0 nowhere`, 2, /"nowhere" is not an IPv4 or IPv6 address/],
    [`${MAB}192.0.2.9-192.0.2.8 203.0.113.1`, 2, /ends before it begins/],
    [`${MAB}192.0.3.0 203.0.113.1`, 2, /is not within MAB 192\.0\.2\.0\/24/],
    [`${MAB}192.0.2.0-192.0.3.0 203.0.113.1`, 2, /is not within MAB 192\.0\.2\.0\/24/],
    [`${MAB}2001:db8::/64 203.0.113.1`, 2, /is not within MAB/],
    [`${MAB}${MAB}`, 2, /already on line 1/],
    [`${MAB}192.0.2.0/28 203.0.113.1\n\n192.0.2.15-192.0.2.20 203.0.113.1`, 4, /overlap \(line 2\)/],
    [`${MAB}192.0.2.130 203.0.113.1\nmab 192.0.2.128/25 lineage 1 position 1`, 2, /lies in MAB 192\.0\.2\.128\/25: list it there/],
    [`${MAB}192.0.2.120-192.0.2.130 203.0.113.1\nmab 192.0.2.128/25 lineage 1 position 1`, 2, /reaches into a longer MAB/],
    [`${MAB}192.0.2.130 203.0.113.1\nelsewhere 192.0.2.128/25`, 2, /lies in MAB 192\.0\.2\.128\/25/],
    [`${MAB}elsewhere 192.0.3.0/25`, 2, /in no MAB of this file/],
    [`${MAB}elsewhere 192.0.0.0/16`, 2, /in no MAB of this file/],
    [`${MAB}elsewhere 192.0.2.0/24`, 2, /already on line 1/],
    [`${MAB}192.0.2.0 203.0.113.\u001b[2J`, 2, /"203\.0\.113\.\\x1b\[2J" is not/],
    [`${MAB}192.0.2.0 203.0.113.1 \u009b31m`, 2, /"\\x9b31m" is no version/],
    [`${MAB}elsewhere`, 2, /write "elsewhere/],
  ])("%j is refused", (text, line, message) => {
    let error: unknown;
    try {
      parseMappingFile(text, "test.txt");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MappingFileError);
    expect(error).toMatchObject({ code: "DRTM_MAPPING_FILE", file: "test.txt", line });
    expect((error as MappingFileError).message).toMatch(message);
  });
});
