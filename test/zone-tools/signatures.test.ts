import { describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import { RecordType, type ResourceRecord, encodeHostName, encodeNsec, encodeSoa, encodeTxt, encodeZonemd } from "../../src/dns/records/index.ts";
import { type CheckOptions, type Verdict, checkZones } from "../../src/zone-tools/check/check.ts";
import { ZoneView } from "../../src/zone-tools/zone-view.ts";
import { registry, svcb } from "../support/registry.ts";
import { DAY, NOW, type SigningKey, type SigningTimes, dsText, makeKey, nsecChain, signZone, signaturesOf } from "../support/zone-signer.ts";

const APEX = "dsoc-a.example.";
const SERVICE = "s1.dsoc-a.example.";
const KSK = makeKey(APEX);
const ZSK = makeKey(APEX, undefined, 256);
const OTHER = makeKey(APEX);
const SOA = encodeSoa({ mname: "ns.example.", rname: "hostmaster.example.", serial: 7, refresh: 300, retry: 60, expire: 604_800, minimum: 60 });
const NSEC3PARAM = (iterations: number): ResourceRecord => record(APEX, RecordType.NSEC3PARAM, Uint8Array.of(1, 0, iterations >> 8, iterations & 255, 0));
const BARE: readonly ResourceRecord[] = [
  record(APEX, RecordType.SOA, SOA),
  record(APEX, RecordType.NS, encodeHostName("ns.example.")),
  record(APEX, RecordType.NS, encodeHostName("ns2.example.")),
  { ...svcb(SERVICE, { target: "fra1.dsoc-a.example.", ipv4hint: [parseIp("198.51.100.1")] }), ttl: 60 },
];

describe("a signed zone", () => {
  test("that is right has nothing told of it, and its signatures are counted", () => {
    expect(check(signed())).toMatchObject({ findings: [], verified: [{ zone: APEX, by: "own keys", signatures: 7, until: NOW + 14 * DAY }] });
  });

  test("whose signatures end soon is an alarm, so that there is time; one that is signed again a week before is none", () => {
    expect(check(signed({ expiration: NOW + 4 * DAY }), { soonDays: 5 }).findings).toMatchObject([{ severity: "error" }]);
    expect(check(signed({ expiration: NOW + 6 * DAY }), { soonDays: 5 }).findings).toEqual([]);
  });

  test("without signatures is not missed any", () => {
    expect(told(BARE)).toEqual([]);
  });

  test("with keys below its apex only is no signed one", () => {
    const [key] = rrset(KSK).records;
    expect(told([...BARE, { ...key!, name: `fra1.${APEX}`, ttl: 60 }])).toEqual([]);
  });

  test.each<[string, readonly ResourceRecord[], readonly string[]]>([
    ["whose signatures end soon", signed({ expiration: NOW + 3 * DAY }), ["RRSIG expires in 3.0 days, the first of 7: see that the signer runs, and loads what it signs"]],
    ["whose signatures have ended", signed({ inception: NOW - 9 * DAY, expiration: NOW - 1 }), ["RRSIG for NS has expired, and so have 6 more: have the zone signed again, and see why the signer has stopped"]],
    ["whose signatures do not hold yet", signed({ inception: NOW + DAY }), ["RRSIG for NS is not valid yet, and so are 6 more: set the signer's clock"]],
    ["with a record that has changed since", changed(signed(), RecordType.SVCB, svcb(SERVICE, { target: "fra1.dsoc-a.example.", ipv4hint: [parseIp("198.51.100.2")] }).data), [
      "ZONEMD is not right: scheme 1, hash algorithm 1: the digest is not that of the zone: have the signer make it again after every change (Knot: zonemd-generate)",
      `SVCB is not signed rightly: the signature by key ${ZSK.tag}, algorithm 13 (ECDSAP256SHA256), does not fit the records: have the zone signed again, and load what the signer wrote, unchanged`,
    ]],
    ["with a record that the signer has not seen", [...signed(), record(`fra1.${APEX}`, RecordType.TXT, encodeTxt(["Frankfurt"]))], [
      "ZONEMD is not right: scheme 1",
      "TXT has no signature, and the zone is signed: have the zone signed again",
      "TXT is at a name without NSEC, so that readers are shown that it is not there: have the signer make its NSEC records again",
    ]],
    ["whose keys are signed by none of them", [...signed().filter(({ type, data }) => type !== RecordType.RRSIG || data[1] !== RecordType.DNSKEY), ...signaturesOf(rrset(KSK, ZSK), [OTHER])], [
      "ZONEMD is not right",
      `DNSKEY is not trusted, by own keys: the signature by key ${OTHER.tag}, algorithm 13 (ECDSAP256SHA256), is by no key that is trusted`,
    ]],
    ["without its keys", signed().filter(({ type }) => type !== RecordType.DNSKEY), ["ZONEMD is not right", "NSEC says that there is DNSKEY, and there is none", "RRSIG is a signature, and the zone has no DNSKEY"]],
    ["whose ZONEMD is of another serial", withZonemd(6), ["ZONEMD is not right: scheme 1, hash algorithm 1: it is of serial 6, the zone has 7"]],
    ["without NSEC", signZone(APEX, BARE, [KSK, ZSK]), ["NSEC is missing: readers cannot be shown that a name is not there: sign with NSEC"]],
    ["with NSEC3", signZone(APEX, [...BARE, NSEC3PARAM(0)], [KSK, ZSK]), ["NSEC3PARAM has absence proved by NSEC3, which readers do not take"]],
    ["with NSEC3 and iterations", signZone(APEX, [...BARE, NSEC3PARAM(300)], [KSK, ZSK]), ["NSEC3PARAM has 300 iterations: resolvers take such a zone as unsigned, or not at all (RFC 9276 section 3.2)", "NSEC3PARAM has absence proved by NSEC3"]],
    ["with NSEC that leads nowhere", withNsec({ next: `nowhere.${APEX}` }), [`NSEC leads to nowhere.${APEX}, and the next name with NSEC is _drtm.${SERVICE}`]],
    ["with NSEC that is silent about a type", withNsec({ types: [RecordType.SOA, RecordType.NS, RecordType.RRSIG, RecordType.NSEC, RecordType.DNSKEY] }), ["NSEC does not say that there is ZONEMD, so that readers take it for forged"]],
  ])("%s", (_what, records, expected) => {
    const found = told(records);
    for (const text of expected) expect(found.find((one) => one.includes(text)) ?? found).toBeTypeOf("string");
    expect(found.length).toBe(expected.length);
  });

  test("that a wrong key has spoilt is told of a few times", () => {
    const records = [...BARE, ...Array.from({ length: 40 }, (_, index) => record(`t${index}.${APEX}`, RecordType.TXT, encodeTxt(["x"])))];
    const withWrong = signedOf(records).filter(({ type, name }) => type !== RecordType.RRSIG || name === APEX);
    const wrong = records.slice(4).flatMap((one) => signaturesOf({ name: one.name, type: one.type, records: [one] }, [OTHER]));
    const refused = told([...withWrong, ...wrong]).filter((text) => text.includes("is not signed rightly"));
    expect(refused.length).toBe(5);
    expect(refused.join("\n")).toMatch(/is not signed rightly, and so are 35 more: the signature by key/);
  });
});

describe("anchors that are given", () => {
  test("must fit", () => {
    expect(check(signed(), { anchors: anchorsOf(KSK) })).toMatchObject({ findings: [], verified: [{ by: "anchors given" }] });
    expect(textsOf(check(signed(), { anchors: anchorsOf(OTHER) }))).toEqual([expect.stringMatching(/^DNSKEY is not trusted, by anchors given: no key of the zone is one of its trust anchors .*: have it signed by that key, or correct the anchors$/)]);
  });

  test("ask for a signed zone", () => {
    expect(textsOf(check(BARE, { anchors: anchorsOf(KSK) }))).toEqual([expect.stringContaining("is not signed, and anchors are given for it")]);
  });
});

describe("DS data of a registry", () => {
  test.each<[string, readonly string[], readonly ResourceRecord[], string, readonly string[]]>([
    ["that fits", [dsText(KSK)], signed(), "DS data of the registry", []],
    ["of the next key beside it", [dsText(KSK), dsText(OTHER)], signed(), "DS data of the registry", [`note: TXT has DS data of key ${OTHER.tag} too, which is not in dsoc`]],
    ["of another key", [dsText(OTHER)], signed(), "own keys", ["error: TXT fits no key of dsoc: readers would refuse that zone (dsoc-a.example.: no key of the zone is one of its trust anchors"]],
    ["of a key that has not signed the keys", [dsText(ZSK)], signed(), "own keys", ["error: TXT does not vouch for the keys of dsoc: readers would refuse that zone"]],
    ["of a digest that is not taken", [`${KSK.tag} 13 1 ${"ab".repeat(20)}`], signed(), "own keys", ["error: TXT cannot be used, so that readers would refuse that zone: the trust anchor with key tag"]],
    ["of a zone that is not signed", [dsText(KSK)], BARE, "", ["error: TXT is DS data, and dsoc is not signed: readers would refuse that zone"]],
    ["that is missing", [], signed(), "own keys", ["note: TXT is missing, and dsoc-a.example. is signed: readers cannot check it"]],
  ])("%s", (_what, ds, dsoc, by, expected) => {
    const keys = ds.length === 0 ? [] : [record(`${APEX}keys.drtm.example.`, RecordType.TXT, encodeTxt(ds))];
    const zones = [viewOf("registry", "drtm.example.", [...registry(1, [{ services: [SERVICE], prefixes: ["192.0.2.0/24"] }]), ...keys]), viewOf("dsoc", APEX, dsoc)];
    const { findings, verified } = checkZones(zones, OPTIONS);
    const about = findings.filter(({ source, name }) => source === "registry" && name.includes(".keys."));
    const texts = about.map(({ severity, name, problem }) => `${severity}: ${name.split(" ")[1]} ${problem}`);
    expect(texts).toEqual(expected.map((text) => expect.stringContaining(text) as string));
    expect(verified.map((zone) => zone.by).join()).toBe(by);
  });
});

function record(name: string, type: number, data: Uint8Array): ResourceRecord {
  return { name, type, ttl: 60, data };
}

function anchorsOf(key: SigningKey) {
  return new Map([[APEX, [parseTrustAnchor(dsText(key), APEX)]]]);
}

function rrset(...keys: readonly SigningKey[]) {
  return { name: APEX, type: RecordType.DNSKEY, records: keys.map((key) => key.record) };
}

function signed(times: SigningTimes = {}): ResourceRecord[] {
  return signedOf(BARE, times);
}

/** Whole, with a digest and with proofs of absence. */
function signedOf(records: readonly ResourceRecord[], times: SigningTimes = {}, change: (chain: ResourceRecord[]) => ResourceRecord[] = (chain) => chain): ResourceRecord[] {
  const later = [KSK.record, ZSK.record, record(APEX, RecordType.ZONEMD, encodeZonemd({ serial: 0, scheme: 1, hashAlgorithm: 1, digest: new Uint8Array(48) }))];
  return signZone(APEX, [...records, ...change(nsecChain(APEX, [...records, ...later]))], [KSK, ZSK], times);
}

/** With another NSEC record at the apex, rightly signed. */
function withNsec(other: { readonly next?: string; readonly types?: readonly number[] }): ResourceRecord[] {
  const types = [RecordType.NS, RecordType.SOA, RecordType.RRSIG, RecordType.NSEC, RecordType.DNSKEY, RecordType.ZONEMD];
  const data = encodeNsec({ next: `_drtm.${SERVICE}`, types, ...other });
  return signedOf(BARE, {}, (chain) => changed(chain, RecordType.NSEC, data, APEX));
}

/** A digest of an older serial, rightly signed. */
function withZonemd(serial: number): ResourceRecord[] {
  const old = record(APEX, RecordType.ZONEMD, encodeZonemd({ serial, scheme: 1, hashAlgorithm: 1, digest: new Uint8Array(48) }));
  const others = signed().filter(({ type, data }) => type !== RecordType.ZONEMD && !(type === RecordType.RRSIG && data[1] === RecordType.ZONEMD));
  return [...others, old, ...signaturesOf({ name: APEX, type: RecordType.ZONEMD, records: [old] }, [ZSK])];
}

function changed(records: readonly ResourceRecord[], type: number, data: Uint8Array, name?: string): ResourceRecord[] {
  return records.map((one) => (one.type === type && (name ?? one.name) === one.name ? { ...one, data } : one));
}

const OPTIONS: CheckOptions = { addresses: { allowLoopback: false, allowPrivate: false }, nowSeconds: NOW, soonDays: 7 };

function viewOf(source: string, apex: string, records: readonly ResourceRecord[]): ZoneView {
  return new ZoneView(source, apex, records.map((one) => ({ record: one })));
}

function check(records: readonly ResourceRecord[], options: Partial<CheckOptions> = {}): Verdict {
  return checkZones([viewOf("dsoc", APEX, records)], { ...OPTIONS, ...options });
}

function told(records: readonly ResourceRecord[]): string[] {
  return textsOf(check(records));
}

/** Type, problem and remedy. */
function textsOf({ findings }: Verdict): string[] {
  return findings.map(({ name, problem, remedy }) => `${name.split(" ").at(-1)} ${problem}: ${remedy}`);
}
