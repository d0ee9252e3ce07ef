import { beforeEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import { RecordType, type ResourceRecord, encodeAddress, encodeHostName, encodeSoa } from "../../src/dns/records/index.ts";
import { checkZones } from "../../src/zone-tools/check/check.ts";
import { queryRegistry } from "../../src/zone-tools/query-zones.ts";
import { APEX, registry, svcb } from "../support/registry.ts";
import { SignedDns, signedZone } from "../support/signed-dns.ts";
import { DAY, NOW, dsText, makeKey } from "../support/zone-signer.ts";

const DSOC = "dsoc-a.example.";
const key = makeKey(APEX);
const dsocKey = makeKey(DSOC);
const sets = [{ services: [`s1.${DSOC}`], prefixes: ["192.0.2.0/24"] }];
const REGISTRY = registry(1, sets, APEX, [{ zone: DSOC, ds: [dsText(dsocKey)] }]);

let dns: SignedDns;

beforeEach(() => {
  dns = new SignedDns().serve(APEX, signedZone(APEX, REGISTRY, [key])).serve(DSOC, signedZone(DSOC, dsocZone(), [dsocKey]));
});

function dsocZone(): ResourceRecord[] {
  const soa = { mname: `ns.${DSOC}`, rname: `ns.${DSOC}`, serial: 1, refresh: 300, retry: 60, expire: 604_800, minimum: 60 };
  return [
    { name: DSOC, type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) },
    { name: DSOC, type: RecordType.NS, ttl: 60, data: encodeHostName(`ns.${DSOC}`) },
    { name: `ns.${DSOC}`, type: RecordType.A, ttl: 60, data: encodeAddress(parseIp("198.51.100.53")) },
    svcb(`s1.${DSOC}`, { target: `fra1.${DSOC}`, ipv4hint: [parseIp("198.51.100.1")] }),
  ];
}

async function check(nowSeconds = NOW) {
  const { zones } = await queryRegistry(dns.ask, APEX, "192.0.2.53:53");
  const anchors = new Map([[APEX, [parseTrustAnchor(dsText(key), APEX)]]]);
  const { findings, verified } = checkZones(zones, { addresses: { allowLoopback: false, allowPrivate: false }, nowSeconds, soonDays: 7, anchors });
  return { errors: findings.filter(({ severity }) => severity === "error").map(({ name, problem }) => `${name} ${problem}`), verified };
}

describe("of zones that are read by queries", () => {
  test("signatures and proofs of absence are verified, by anchors and by DS data", async () => {
    const { errors, verified } = await check();
    expect(errors).toEqual([]);
    expect(verified).toEqual([
      { zone: APEX, by: "anchors given", signatures: expect.any(Number) as number, until: NOW + 14 * DAY },
      { zone: DSOC, by: "DS data of the registry", signatures: 5, until: NOW + 14 * DAY },
    ]);
    expect(verified[0]!.signatures).toBeGreaterThan(10);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["a signature that lacks", () => (dns.tamper = (sections, name) => (name.startsWith("version.") ? sections.slice(0, 1) : sections)), /^version\.drtm\.example\. TXT has no signature, and the zone is signed/],
    ["an absence that is not proved", () => (dns.tamper = (sections, name) => (name.includes(".idx.") && sections[0]?.type === RecordType.NSEC ? [] : sections)), /^\S+\.idx\.drtm\.example\. (?:TXT|PTR) is not there, and its absence is not proved, nor is that of \d+ more \(TXT of \S+ is said to be absent, but no NSEC/],
    ["a zone that is not signed", () => dns.serve(APEX, REGISTRY), /^drtm\.example\. is not signed, and anchors are given for it/],
    ["a DSOC's zone that is not signed as the registry says", () => dns.serve(DSOC, dsocZone()), /^dsoc-a\.example\.keys\.drtm\.example\. TXT is DS data, and 192\.0\.2\.53:53 is not signed/],
  ])("%s is told", async (_what, spoil, problem) => {
    spoil();
    expect((await check()).errors).toContainEqual(expect.stringMatching(problem));
  });

  test("signatures that have expired are told", async () => {
    expect((await check(NOW + 20 * DAY)).errors).toContainEqual(expect.stringMatching(/has expired, and so have \d+ more/));
  });
});
