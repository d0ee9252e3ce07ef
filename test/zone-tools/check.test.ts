import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parsePrefix } from "../../src/address/index.ts";
import { bucketDigest, setDigest, setId } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { checkFiles } from "../../src/zone-tools/check/run.ts";
import { ZoneWorld } from "../support/zone-world.ts";

const OPTIONS = { addresses: { allowLoopback: false, allowPrivate: false }, nowSeconds: 1_800_000_000, soonDays: 7, probeTimeoutMs: undefined };
/** The set of both DSOCs and that of one. */
const [BOTH, ONE] = [setId(["s1.dsoc-a.example.", "s1.dsoc-b.example."], sha256hex), setId(["s1.dsoc-a.example."], sha256hex)];
/** A set that is not there, under a digit that neither has. */
const ABSENT = `${[..."0123456789abcdef"].find((digit) => digit !== BOTH[0] && digit !== ONE[0])}00000000a`;

let world: ZoneWorld;

beforeEach(() => {
  world = new ZoneWorld();
});

afterEach(() => {
  world.remove();
});

test("what is built is right, without even a note", async () => {
  const { findings, mabs, qsas } = await checkFiles(world.files, OPTIONS);
  expect({ findings, mabs, qsas: qsas.map(({ name }) => name) }).toEqual({ findings: [], mabs: 4, qsas: ["fra1.dsoc-a.example.", "nyc1.dsoc-a.example.", "tyo2.dsoc-b.example."] });
});

/** Kind of mistake, file, what is replaced and by what, where it is told, how severe, and a part of what is said. */
type Mistake = readonly [what: string, file: "registry" | "dsocA", from: string | RegExp, to: string, at: string | RegExp, severity: "error" | "note", message: string];

const REGISTRY_MISTAKES: readonly Mistake[] = [
  ["no version", "registry", /^version.*\n/m, "", "SOA", "error", "version.drtm.example. TXT is missing: readers take this for no registry: write version.drtm.example. TXT \"drtm1\""],
  ["another version", "registry", '"drtm1"', '"drtm2"', '"drtm2"', "error", 'says ["drtm2"]: readers stop here'],
  ["a malformed index entry", "registry", /TXT {3}"([0-9a-f]{10}) /, 'TXT "$1"  "', 'TXT "', "error", 'write "<set> <digest>", of 10 and 16 hex digits'],
  ["an index entry at the wrong digit", "registry", /^(.\.idx.*)\n(.*TXT.*)$/m, `$1\n$2\n   TXT "${ABSENT} 0123456789abcdef"`, "0123456789abcdef", "error", "does not begin with"],
  ["a set of the index without records", "registry", /^version/m, `${ABSENT[0]}.idx TXT "${ABSENT} 0123456789abcdef"\nversion`, "0123456789abcdef", "error", "which is not in the zone: add its records, or take it out of the index"],
  ["an index TXT without PTR", "registry", new RegExp(`PTR   ${ONE}.sets\n +TXT`), "TXT", `TXT   "${ONE} `, "error", `names a set without a PTR to ${ONE}.sets.drtm.example.`],
  ["a wrong digest of a set", "registry", new RegExp(`"${ONE} [0-9a-f]{16}"`), `"${ONE} 0123456789abcdef"`, "0123456789abcdef", "error", `has the digest 0123456789abcdef for the set ${ONE}, whose services and buckets make`],
  ["a wrong digest of a bucket", "registry", /"6-0-0 [0-9a-f]{16}"/, '"6-0-0 0123456789abcdef"', "6-0-0 0123456789abcdef", "error", `for the bucket 6-0-0, whose MABs make ${bucketDigest([parsePrefix("2001:db8::/32")], sha256hex)}: write "6-0-0 `],
  ["a set that is not in the index", "registry", new RegExp(`^.*"${ONE} .*\n`, "m"), "", new RegExp(`^${ONE}.sets`), "error", "belongs to a set that is not in the index, so that nobody reads it: write"],
  ["a set without services", "registry", /PTR {3}s1\.dsoc-a\.example\.\n/, "A 192.0.2.1\n", /"4-0-0.*"6-0-0/, "error", "belongs to a set without services: nobody answers for its MABs"],
  ["a wrong set id", "registry", new RegExp(`(^${ONE}.sets.*PTR +)s1.dsoc-a.example.`, "m"), "$1s9.dsoc-a.example.", new RegExp(`^${ONE}.sets`), "error", `is not named after its services, which make ${setId(["s9.dsoc-a.example."], sha256hex)}`],
  ["a bucket that is listed and missing", "registry", /^6-0-0.*\n/m, "", '"6-0-0 ', "error", "lists the bucket 6-0-0, which has no APL"],
  ["a bucket that is not listed", "registry", / "6-0-0 [0-9a-f]{16}"/, "", /^6-0-0/, "error", "is a bucket that is not on its set's list"],
  ["a malformed bucket entry", "registry", '"6-0-0 ', '"6-0-zero ', '"6-0-zero ', "error", 'write "<bucket> <digest>", such as'],
  ["a bucket listed twice", "registry", /("6-0-0 [0-9a-f]{16}")/, '$1 "6-0-0 0123456789abcdef"', '"6-0-0 ', "error", "lists the bucket 6-0-0 twice"],
  ["a MAB twice in a set", "registry", "1:198.51.100.0/24", "1:198.51.100.0/24 1:198.51.100.0/24", /APL/, "error", "has 198.51.100.0/24 again, which is in this set already"],
  ["a MAB in two sets", "registry", "1:192.0.2.0/24", "1:192.0.2.0/24 1:198.51.100.0/24", "1:192.0.2.0/24 1:198", "note", "the services of both answer for it"],
  ["a MAB in a MAB of another set", "registry", "1:192.0.2.0/24", "1:192.0.2.0/24 1:198.51.100.128/25", "198.51.100.128/25", "note", "has 198.51.100.128/25, which lies in 198.51.100.0/24 of the set"],
  ["a MAB in a MAB of its own set", "registry", "1:203.0.113.0/24", "1:203.0.113.0/24 1:203.0.113.0/25", "203.0.113.0/25", "note", "of the same set (line"],
  ["a MAB too long for BGP", "registry", "1:192.0.2.0/24", "1:192.0.2.0/25", "192.0.2.0/25", "note", "longer than the /24 that networks take in BGP"],
  ["a MAB too short for sense", "registry", "1:192.0.2.0/24", "1:64.0.0.0/7", "64.0.0.0/7", "note", "shorter than /8: is so much of the Internet meant?"],
  ["a private MAB", "registry", "1:192.0.2.0/24", "1:10.1.0.0/16", "10.1.0.0/16", "note", "which is in 10.0.0.0/8: space that is not routed"],
  ["an APL item with host bits", "registry", "1:192.0.2.0/24", "1:192.0.2.1/24", "192.0.2.1/24", "error", '"192.0.2.1/24" has bits set after its first 24'],
  ["an APL item that is negated", "registry", "1:192.0.2.0/24", "!1:192.0.2.0/24", "!1:", "error", "is negated: a MAB list has no exceptions"],
  ["an APL item with trailing zero octets", "registry", "APL   1:192.0.2.0/24", String.raw`TYPE42 \# 8 00011804 c0000200`, "TYPE42", "error", "has trailing zero octets"],
  ["too many APL items", "registry", "1:192.0.2.0/24", Array.from({ length: 61 }, (_, index) => `1:192.1.${index}.0/24`).join(" "), "192.1.60.0/24", "error", "has 61 items: NSD takes no record with more than 64: divide it into records of at most 60"],
  ["an RRset that is too large for a datagram", "registry", "1:192.0.2.0/24", `${ipv6Items(1000)}\n   APL ${ipv6Items(2000)}`, "2001:db8:1000:1::/64", "note", "more than the 1,232 of a datagram"],
  ["a name that is no registry's", "registry", /^version/m, "versoin A 192.0.2.1\nversion", "versoin", "note", "is no name of a registry: no reader asks for it"],
  ["DS data that is cut off", "registry", /^version/m, 'dsoc-a.example.keys TXT "1 13 2 abcd"\nversion', "keys TXT", "error", "is it cut off?"],
  ["a key of an unknown zone", "registry", /^version/m, `dsoc-z.example.keys TXT "1 13 2 ${"ab".repeat(32)}"\nversion`, "keys TXT", "note", "is the key of dsoc-z.example., which has no service in any set"],
  ["an unknown service", "registry", /^(\w+\.sets +PTR +)s1\.dsoc-a\.example\.\n +PTR +s1.dsoc-b/m, "$1s1.dsoc-a.example.\n  PTR s2.dsoc-b", "s2.dsoc-b", "error", "names s2.dsoc-b.example., which has no QSAs in"],
  ["a second SOA", "registry", /^version/m, "@ SOA ns1 hostmaster 2 300 60 604800 60\nversion", /^@ SOA/, "error", "a second SOA: a zone has one"],
  ["an expiry before the second refresh", "registry", "604800", "301", "SOA", "error", "expires after 301 s, before a secondary has asked twice"],
  ["a short expiry", "registry", "604800", "3600", "SOA", "note", "a day's outage of the primary ends the zone"],
  ["a retry above the refresh", "registry", /^ +60 +; retry/m, " 600", "SOA", "note", "longer than its refresh"],
  ["a refresh of seconds", "registry", /^ +300 +; refresh\n +60/m, " 2\n 1", "SOA", "note", "QSRs ask no more often than every 10 s"],
  ["a refresh of days", "registry", /^ +300/m, " 172800", "SOA", "note", "where NOTIFY is lost, a change is seen that late"],
  ["a long negative TTL", "registry", /60 +; minimum/, "86400", "SOA", "note", "for so long resolvers go on saying that a new name does not exist"],
  ["a TTL of 0", "registry", /^version +TXT/m, "version 0 TXT", "version", "note", "has a TTL of 0"],
  ["a TTL of a week", "registry", /^version +TXT/m, "version 604800 TXT", "version", "note", "resolvers hide a change for so long"],
  ["one name server", "registry", /^ +NS +ns2\n/m, "", "NS    ns1", "note", "is the only name server"],
  ["no name server", "registry", /^ +NS +ns1\n +NS +ns2\n/m, "", "SOA", "error", "has no name servers: list those that serve the zone"],
  ["a name server without address", "registry", /^ns2.*\n/m, "", /NS {4}ns2/, "error", "names ns2.drtm.example., which has no address in this zone"],
];

const DSOC_MISTAKES: readonly Mistake[] = [
  ["AliasMode", "dsocA", "SVCB  10 fra1", "SVCB  0 fra1", "SVCB", "error", "is an alias (SvcPriority 0) to fra1.dsoc-a.example.: list the servers themselves"],
  ["no alpn", "dsocA", "example. alpn=drtm1", "example.", "10 fra1", "error", "has fra1.dsoc-a.example. without alpn drtm1: write alpn=drtm1"],
  ["another alpn", "dsocA", "alpn=drtm1", "alpn=h2", "alpn=h2", "error", "without alpn drtm1"],
  ["port 0", "dsocA", "port=4344", "port=0", "port=0", "error", "has fra1.dsoc-a.example. with port 0"],
  ["no address", "dsocA", "ipv4hint=198.51.100.1 ", "", "10 fra1", "error", "without an address: write ipv4hint or ipv6hint"],
  ["a private address", "dsocA", "ipv4hint=198.51.100.1", "ipv4hint=10.1.2.3", "10.1.2.3", "error", "at the private address 10.1.2.3: QSRs leave it out"],
  ["a loopback address", "dsocA", "ipv4hint=198.51.100.1", "ipv4hint=127.0.0.1", "ipv4hint=127", "error", "at the loopback address 127.0.0.1"],
  ["a multicast address", "dsocA", "ipv4hint=198.51.100.1", "ipv6hint=ff02::1", "ff02::1", "error", "at the unspecified, multicast or reserved address ff02::1"],
  ["the unspecified address", "dsocA", "ipv4hint=198.51.100.1", "ipv4hint=0.0.0.0", "0.0.0.0", "error", "reserved address 0.0.0.0"],
  ["a mandatory key that nobody knows", "dsocA", "example. alpn=drtm1", "example. mandatory=key700 key700=x alpn=drtm1", "key700", "error", "asks for key700 (mandatory)"],
  ["an endpoint twice", "dsocA", "198.51.100.2", "198.51.100.1", "10 nyc1", "note", "has 198.51.100.1:4344 again (line"],
  ["too many addresses", "dsocA", "ipv4hint=198.51.100.1", `ipv4hint=${Array.from({ length: 300 }, (_, index) => `198.51.${100 + (index >> 8)}.${index & 255}`).join(",")}`, "10 fra1", "error", "addresses: QSRs use 256 of them"],
  ["a hint that its address record contradicts", "dsocA", "ipv4hint=198.51.100.2", "ipv4hint=198.51.100.3", "10 nyc1", "note", "but its address records say 198.51.100.2"],
  ["a service that no set names", "dsocA", /^_drtm\.s1/m, "_drtm.s2 SVCB 10 fra1 alpn=drtm1 ipv4hint=198.51.100.1\n_drtm.s1", "SOA", "note", "has QSAs, but no set names s2.dsoc-a.example."],
  ["SVCB that is not DRTM's", "dsocA", /^_drtm\.s1/m, "_dns.s1 SVCB 10 fra1 alpn=drtm1 ipv4hint=198.51.100.1\n_drtm.s1", "_dns.s1", "note", "its name does not begin with _drtm"],
  ["neither registry nor DSOC", "dsocA", /^_drtm(.|\n)*?\n\n/m, "", "SOA", "error", "is neither a registry nor a DSOC's zone"],
  ["broken text", "dsocA", "port=4344", "port=many", "port=many", "error", '"many" is no port'],
];

describe("each mistake is told with its line and what to do", () => {
  test.each([...REGISTRY_MISTAKES, ...DSOC_MISTAKES])("%s", async (_what, which, from, to, at, severity, message) => {
    const file = world[which];
    world.spoil(file, from, to);
    const { findings } = await checkFiles(world.files, OPTIONS);
    const line = world.lineOf(file, at);
    const told = findings.filter(({ source }) => source === file).map((finding) => `${finding.line} ${finding.severity}: ${spoken(finding)}`);
    expect(told.find((text) => text.startsWith(`${line} ${severity}: `) && text.includes(message)) ?? told).toBeTypeOf("string");
  });
});

test("a MAB outside its bucket's area", async () => {
  const digest = bucketDigest([parsePrefix("192.0.2.0/24")], sha256hex);
  world.spoil(world.registry, new RegExp(`(^ix.${BOTH}.*)4-0-0`, "m"), "$14-1-0");
  world.spoil(world.registry, new RegExp(`^4-0-0.${BOTH}`, "m"), `4-1-0.${BOTH}`);
  const right = setDigest(["s1.dsoc-a.example.", "s1.dsoc-b.example."], [`4-1-0 ${digest}`], sha256hex);
  world.spoil(world.registry, new RegExp(`"${BOTH} [0-9a-f]{16}"`), `"${BOTH} ${right}"`);
  const { findings } = await checkFiles(world.files, OPTIONS);
  expect(findings.map(spoken)).toEqual([`4-1-0.${BOTH}.sets.drtm.example. APL has 192.0.2.0/24, outside its area 0.0.0.0/1: move the MAB to the bucket that it belongs to`]);
  expect(findings[0]!.line).toBe(world.lineOf(world.registry, /^4-1-0/));
});

test("DSOCs whose zones are not given are named once each", async () => {
  const { findings } = await checkFiles([world.registry], OPTIONS);
  expect(findings.map(({ severity, line, problem }) => [severity, line, problem])).toEqual([
    ["note", expect.any(Number), "names s1.dsoc-a.example., and the zone dsoc-a.example. is not given: its QSAs are not checked"],
    ["note", world.lineOf(world.registry, "s1.dsoc-b"), "names s1.dsoc-b.example., and the zone dsoc-b.example. is not given: its QSAs are not checked"],
  ]);
});

test("a text with faults has all of them told, and nothing that follows from them", async () => {
  world.spoil(world.registry, "1:192.0.2.0/24", "1:192.0.2.1/24");
  world.spoil(world.registry, "1:198.51.100.0/24", "1:198.51.100.0/33");
  const { findings } = await checkFiles([world.registry], OPTIONS);
  expect(findings.map(({ severity, line }) => [severity, line])).toEqual([
    ["error", world.lineOf(world.registry, "192.0.2.1/24")],
    ["error", world.lineOf(world.registry, "198.51.100.0/33")],
    ["note", undefined],
  ].toSorted((a, b) => Number(a[1] ?? 1e9) - Number(b[1] ?? 1e9)));
});

test.each([
  ["without a record", "; nothing\n", 1, "the file has no records: a zone begins with its SOA"],
  ["without SOA", "$TTL 60\n@ NS ns\n@ NS ns2\n", 2, "NS comes before the SOA: a zone begins with its SOA"],
  ["with an open parenthesis", "$TTL 60\n@ SOA ns hostmaster ( 1 1 1 1 1\n", 2, "this ( is never closed"],
])("a file %s is one error", async (_what, text, line, problem) => {
  writeFileSync(world.dsocA, text);
  const { findings } = await checkFiles([world.dsocA], OPTIONS);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([{ severity: "error", source: world.dsocA, line, name: "", problem, remedy: "" }]);
});

/** Sixty MABs that take as much room as MABs can. */
function ipv6Items(from: number): string {
  return Array.from({ length: 60 }, (_, index) => `2:2001:db8:${from + index}:1::/64`).join(" ");
}

function spoken({ name, problem, remedy }: { name: string; problem: string; remedy: string }): string {
  return `${name} ${problem}: ${remedy}`;
}
