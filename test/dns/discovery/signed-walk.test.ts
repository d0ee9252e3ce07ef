import { beforeEach, describe, expect, test } from "vitest";
import { parseTrustAnchor } from "../../../src/dns/dnssec/index.ts";
import { Refused } from "../../../src/dns/discovery/errors.ts";
import type { RegistryState } from "../../../src/dns/discovery/types.ts";
import { Algorithm, RecordType, type ResourceRecord, encodeApl, rrsetOf } from "../../../src/dns/records/index.ts";
import { sha256hex } from "../../../src/io/hash.ts";
import { WalkReader } from "../../../src/io/registry-reader.ts";
import { parsePrefix } from "../../../src/address/index.ts";
import { APEX, EVERYWHERE, type SetDraft, mabs, registry } from "../../support/registry.ts";
import { SignedDns, signedZone } from "../../support/signed-dns.ts";
import { DAY, NOW, dsText, makeKey, signRrset } from "../../support/zone-signer.ts";

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24", "2001:db8::/32"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };
const DS = [{ zone: "dsoc-a.example.", ds: ["60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"] }];

const ksk = makeKey(APEX);
const zsk = makeKey(APEX, Algorithm.ECDSAP256SHA256, 256);
const other = makeKey(APEX);
const anchor = parseTrustAnchor(dsText(ksk), APEX);
const first = signedZone(APEX, registry(1, [A, B], APEX, DS), [ksk, zsk]);

let dns: SignedDns;

beforeEach(() => {
  dns = new SignedDns().serve(APEX, first);
});

function askedPlainly(): never {
  throw new Error("asked without a demand");
}

function reader(anchors = [anchor]): WalkReader {
  return new WalkReader({ ...EVERYWHERE, anchors }, { query: askedPlainly, sha256hex }, dns.validation);
}

/** Alters the records of one type at names with this first label. */
function altering(label: string, type: number, alter: (record: ResourceRecord) => ResourceRecord | undefined): SignedDns["tamper"] {
  return (sections) => sections.flatMap((record) => (record.name.startsWith(`${label}.`) && record.type === type ? (alter(record) ?? []) : [record]));
}

function isSignature({ type }: ResourceRecord): boolean {
  return type === RecordType.RRSIG;
}

describe("a walk of a signed registry", () => {
  test("takes what its keys have signed, empty index nodes proved so, and the DS data of its services' zones", async () => {
    const state = await reader().read(undefined);
    expect(mabs(state)).toEqual(["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]);
    expect(state).toMatchObject({ serial: 1, problems: [], keys: { "dsoc-a.example.": DS[0]!.ds } });
    expect(Object.keys(state.keys!)).toEqual(["dsoc-a.example."]);
    expect(reader().source).toBe("validated query walk");
  });

  test("asks again only for what changed, for keys and DS data", async () => {
    const state = await reader().read(undefined);
    dns.serve(APEX, signedZone(APEX, registry(2, [A, { ...B, prefixes: [...B.prefixes, "203.0.113.0/24"] }], APEX, DS), [ksk, zsk]));
    dns.asked.splice(0);
    expect(mabs(await reader().read(state))).toContain("203.0.113.0/24");
    expect(dns.asked.filter((question) => question.endsWith(` ${RecordType.APL}`))).toHaveLength(1);
    // A cache cannot be behind any more.
    const settled = { ...(await reader().read(state)), settled: true };
    dns.asked.splice(0);
    expect(await reader().read(settled)).toBe(settled);
    expect(dns.asked).toEqual([`${APEX} ${RecordType.DNSKEY}`, `${APEX} ${RecordType.SOA}`]);
  });

  test("that was known from before there were anchors goes on from nothing", async () => {
    const { keys: _, ...unvalidated } = await reader().read(undefined);
    dns.asked.splice(0);
    await reader().read({ ...unvalidated, serial: 1 });
    expect(dns.asked.filter((question) => question.endsWith(` ${RecordType.APL}`))).toHaveLength(3);
  });
});

describe("refused, with the reason, is a registry", () => {
  test.each<[string, (dns: SignedDns) => unknown, RegExp]>([
    ["of which the signatures have expired", (one) => (one.now = NOW + 15 * DAY), /DNSKEY of drtm\.example\..* expired at 2027-01-29T/],
    ["of which they are not valid yet", (one) => (one.now = NOW - 2 * DAY), /DNSKEY of drtm\.example\..* begins only at 2027-01-14T/],
    ["of which only the SOA's has expired", (one) => one.serve(APEX, resigned(RecordType.SOA, NOW - 1)), /SOA of drtm\.example\..* expired at/],
    ["signed by another key", (one) => one.serve(APEX, signedZone(APEX, registry(1, [A, B]), [other])), /no key of the zone is one of its trust anchors/],
    ["that is not signed", (one) => one.serve(APEX, registry(1, [A, B])), /DNSKEY of drtm\.example\.: there is none/],
    ["with a bucket stripped of its signature", strip("4-0-0"), /APL of 4-0-0\.\S+: no RRSIG covers it/],
    ["with an index node stripped of its signature", strip(Object.keys(indexDigits())[0]!), /TXT of \S+\.idx\.drtm\.example\.: no RRSIG covers it/],
    ["with a version stripped of its signature", strip("version"), /TXT of version\.drtm\.example\.: no RRSIG covers it/],
    ["with a MAB that nobody signed", (one) => (one.tamper = altering("4-0-0", RecordType.APL, (record) => ({ ...record, data: encodeApl([parsePrefix("10.0.0.0/8")]) }))), /APL of 4-0-0\.\S+: the signature by key \d+, algorithm 13 \(ECDSAP256SHA256\), does not fit the records/],
    ["with an index node kept back", (one) => (one.tamper = (sections, name) => (name.includes(".idx.") ? [] : sections)), /is said to be absent, but no NSEC record proves that it is not there/],
    ["with an index node denied by the proof for another name", (one) => (one.tamper = denyIndex), /TXT of \S+\.idx\.drtm\.example\. is said to be absent|is there, as the NSEC record/],
    ["with an answer made from a wildcard", (one) => one.serve(APEX, fromWildcard()), /wildcards are not taken/],
    ["with DS data kept back", (one) => (one.tamper = (sections, name) => (name.includes(".keys.") ? [] : sections)), /TXT of s1\.dsoc-[ab]\.example\.keys\.drtm\.example\. is said to be absent/],
  ])("%s", async (_what, spoil, reason) => {
    const known = await reader().read(undefined);
    spoil(dns);
    const refusal = await reader().read({ ...known, settled: false, sets: new Map() }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect((refusal as Error).message).toMatch(reason);
  });

  test("whose serial goes back: an older zone, rightly signed, is replayed", async () => {
    dns.serve(APEX, signedZone(APEX, registry(2, [A]), [ksk, zsk]));
    const known = await reader().read(undefined);
    dns.serve(APEX, first);
    await expect(reader().read(known)).rejects.toThrow("has serial 1, older than 2 seen before: refused");
  });

  test("of which the DS data of a zone cannot be read: its services might pass unsigned", async () => {
    dns.before = (name) => {
      if (name.startsWith("dsoc-a.example.keys.")) throw new Error("no answer");
    };
    await expect(reader().read(undefined)).rejects.toThrow("drtm.example.: whether dsoc-a.example. must be signed cannot be read: no answer");
  });

  test("that says nothing has changed, unsigned", async () => {
    const known = { ...(await reader().read(undefined)), settled: true };
    dns.tamper = (sections, _name, type) => (type === RecordType.SOA ? sections.filter((record) => !isSignature(record)) : sections);
    await expect(reader().read(known)).rejects.toThrow(/SOA of drtm\.example\.: no RRSIG covers it/);
  });
});

describe("keys are rolled", () => {
  const next = makeKey(APEX, Algorithm.ED25519);
  const both = [anchor, parseTrustAnchor(dsText(next, "sha384"), APEX)];

  test.each([
    ["the old key alone", [ksk, zsk]],
    ["both, side by side", [ksk, next, zsk]],
    ["the new key alone, of another algorithm", [next]],
  ])("with both anchors, %s will do", async (_what, keys) => {
    dns.serve(APEX, signedZone(APEX, registry(1, [A, B]), keys));
    expect(mabs(await reader(both).read(undefined))).toHaveLength(3);
  });

  test("with the old anchor the new key alone will not", async () => {
    dns.serve(APEX, signedZone(APEX, registry(1, [A, B]), [next]));
    await expect(reader().read(undefined)).rejects.toThrow(/no key of the zone is one of its trust anchors/);
  });

  test("from one reading to the next", async () => {
    const one = reader(both);
    const state = await one.read(undefined);
    dns.serve(APEX, signedZone(APEX, registry(2, [A, { ...B, prefixes: ["198.51.100.0/24", "203.0.113.0/24"] }]), [next]));
    expect(mabs(await one.read(state))).toEqual(["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32", "203.0.113.0/24"]);
  });
});

/** Serves another zone from the first question for a bucket on. */
function changingTo(records: readonly ResourceRecord[]): void {
  let changed = false;
  dns.before = (_name, type) => {
    if (type !== RecordType.APL || changed) return;
    changed = true;
    dns.serve(APEX, records);
  };
}

describe("while the zone changes", () => {
  test("a walk is begun again", async () => {
    changingTo(signedZone(APEX, registry(2, [B, { ...A, prefixes: ["203.0.113.0/24"] }]), [ksk, zsk]));
    const state = await reader().read(undefined);
    expect(mabs(state)).toEqual(["198.51.100.0/24", "203.0.113.0/24"]);
    expect(state.serial).toBe(2);
  });

  test("a MAB that moves from one set to another is in one of them, never in none", async () => {
    const moved = registry(2, [{ ...A, prefixes: ["2001:db8::/32"] }, { ...B, prefixes: [...B.prefixes, "192.0.2.0/24"] }]);
    changingTo(signedZone(APEX, moved, [ksk, zsk]));
    const state = await reader().read(undefined);
    expect(mabs(state)).toEqual(["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]);
    expect(servicesOf(state, "192.0.2.0/24")).toEqual(B.services);
  });
});

function servicesOf(state: RegistryState, mab: string): readonly string[] | undefined {
  return [...state.sets.values()].find((set) => mabs({ ...state, sets: new Map([[set.id, set]]) }).includes(mab))?.services;
}

/** The first digits of the sets' ids. */
function indexDigits(): Record<string, true> {
  return Object.fromEntries(first.filter(({ name, type }) => name.includes(".idx.") && type === RecordType.TXT).map(({ name }) => [name[0]!, true]));
}

function strip(label: string): (one: SignedDns) => void {
  return (one) => {
    one.tamper = altering(label, RecordType.RRSIG, () => undefined);
  };
}

/** The zone with a signature of one type at the apex that ends then. */
function resigned(type: number, expiration: number): ResourceRecord[] {
  const rrset = rrsetOf(APEX, type, first.filter((record) => record.name === APEX && record.type === type));
  const others = first.filter((record) => !(record.name === APEX && isSignature(record) && record.data[1] === type));
  return [...others, signRrset(rrset, zsk, { expiration })];
}

/** With signed proof that some name of the zone has no TXT records, which is not the one asked for. */
function denyIndex(sections: readonly ResourceRecord[], name: string): readonly ResourceRecord[] {
  if (!name.includes(".idx.")) return sections;
  const owner = `ns.${APEX}`;
  return first.filter((record) => record.name === owner);
}

/** The version as a wildcard at the apex would give it. */
function fromWildcard(): ResourceRecord[] {
  const name = `version.${APEX}`;
  const version = first.filter((record) => record.name === name && record.type === RecordType.TXT);
  const wild = `*.${APEX}`;
  const signature = signRrset({ name: wild, type: RecordType.TXT, records: version.map((record) => ({ ...record, name: wild })) }, zsk);
  return [...first.filter((record) => record.name !== name), ...version, { ...signature, name }];
}
