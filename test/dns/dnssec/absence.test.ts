import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Algorithm, RecordType, type ResourceRecord, encodeNsec, encodeSoa, encodeTxt, isSubdomain, parentOf } from "../../../src/dns/records/index.ts";
import { type Setting, type TrustedKeys, type Verifier, readZoneKey, validateAbsence } from "../../../src/dns/dnssec/index.ts";
import { dnssecTools } from "../../../src/io/dnssec-verifier.ts";
import { DAY, NOW, makeKey, nsecChain, signRrset } from "../../support/zone-signer.ts";

const ZONE = "drtm.example.";
const key = makeKey(ZONE, Algorithm.ED25519);
const tools = dnssecTools();
const SETTING: Setting = { zone: ZONE, now: NOW, verifier: tools.verifier };
const TRUSTED: TrustedKeys = { keys: [readZoneKey(key.record)], until: NOW + 30 * DAY, ttl: 60 };
const SOA = { name: ZONE, type: RecordType.SOA, ttl: 60, data: encodeSoa({ mname: ZONE, rname: ZONE, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }) };

/** Names before, between, above, below and beside each other. */
const NAMES = ["a", "b", "*", "*.b", "a.b", "c.a.b", "b.a.b", "\\000.a", "a\\000", "z", "x.y.z"].map((name) => `${name}.${ZONE}`);
const name = fc.constantFrom(...NAMES);

describe("by NSEC", () => {
  test("what is not there is proved absent, and what is there is not", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 6 }), name, fc.constantFrom(RecordType.TXT, RecordType.APL), (owners, asked, type) => {
        const there = owners.includes(asked) && type === RecordType.TXT;
        const verdict = validateAbsence({ name: asked, type, records: proofs(owners) }, TRUSTED, SETTING);
        expect(verdict.valid).toBe(!there && !isMadeFromWildcard(asked, type, owners));
      }),
      { numRuns: 300 },
    );
  });

  test("no proof is found where one of its records lacks", () => {
    const records = proofs([`a.${ZONE}`, `m.${ZONE}`]);
    const without = (owner: string): ResourceRecord[] => records.filter((record) => record.name !== owner);
    const ask = (some: readonly ResourceRecord[], asked = `k.${ZONE}`) => validateAbsence({ name: asked, type: RecordType.TXT, records: some }, TRUSTED, SETTING);
    expect(ask(records)).toEqual({ valid: true, until: NOW + 14 * DAY, ttl: 60 });
    expect(ask(without(`a.${ZONE}`))).toMatchObject({ valid: false, fault: "missing", reason: `TXT of k.${ZONE} is said to be absent, but no NSEC record proves that it is not there` });
    expect(ask(without(ZONE))).toMatchObject({ valid: false, fault: "missing", reason: expect.stringMatching(/proves that \*\.drtm\.example\. is not there/) });
    expect(ask([])).toMatchObject({ valid: false, fault: "missing" });
    expect(ask(records, `z.${ZONE}`)).toMatchObject({ valid: true });
    expect(ask(records, "z.example.")).toMatchObject({ valid: false, fault: "key", reason: "TXT of z.example. is not in the zone drtm.example." });
  });

  test.each([
    ["without a signature", (records: readonly ResourceRecord[]) => records.filter(({ type }) => type !== RecordType.RRSIG), "missing"],
    ["that leads further than was signed", (records: readonly ResourceRecord[]) => records.map((record) => nsecWith(record, { next: `zz.${ZONE}` })), "signature"],
    ["that has another beside it", (records: readonly ResourceRecord[]) => [...records, ...records.map((record) => nsecWith(record, { next: `zz.${ZONE}` }))], "malformed"],
    ["of another zone", (records: readonly ResourceRecord[]) => records.map(({ name: owner, type, ttl, data }) => ({ name: owner.replace(ZONE, "example."), type, ttl, data })), "missing"],
    ["that cannot be read", (records: readonly ResourceRecord[]) => records.map(({ name: owner, type, ttl }) => ({ name: owner, type, ttl, data: Uint8Array.of(0, 0) })), "malformed"],
  ])("a record %s proves nothing", (_, change, fault) => {
    const records = change(proofs([`a.${ZONE}`, `m.${ZONE}`]));
    expect(validateAbsence({ name: `k.${ZONE}`, type: RecordType.TXT, records }, TRUSTED, SETTING)).toMatchObject({ valid: false, fault });
  });

  test("a delegation, or a DNAME, does not deny what is below it (RFC 6840 section 4.1)", () => {
    for (const type of [RecordType.NS, 39]) {
      const records = signedChain([SOA, { name: `a.${ZONE}`, type, ttl: 60, data: Uint8Array.of(0) }]);
      expect(validateAbsence({ name: `x.a.${ZONE}`, type: RecordType.TXT, records }, TRUSTED, SETTING)).toMatchObject({ valid: false, fault: "missing" });
      expect(validateAbsence({ name: `x.${ZONE}`, type: RecordType.TXT, records }, TRUSTED, SETTING)).toMatchObject({ valid: true });
    }
    const records = signedChain([SOA, { name: `a.${ZONE}`, type: RecordType.NS, ttl: 60, data: Uint8Array.of(0) }]);
    expect(validateAbsence({ name: `a.${ZONE}`, type: RecordType.TXT, records }, TRUSTED, SETTING)).toMatchObject({ valid: false, fault: "key" });
  });

  test("NSEC3 is refused, with what to do", () => {
    const nsec3 = { name: `0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.${ZONE}`, type: RecordType.NSEC3, ttl: 60, data: Uint8Array.of(1) };
    expect(validateAbsence({ name: `k.${ZONE}`, type: RecordType.TXT, records: [nsec3] }, TRUSTED, SETTING)).toMatchObject({ fault: "unsupported", reason: expect.stringMatching(/sign the zone with NSEC/) });
  });

  test("of several records few signatures are tried, and of too many none", () => {
    let calls = 0;
    const verifier: Verifier = {
      verify() {
        calls++;
        return false;
      },
    };
    const ask = (owners: number) => {
      const records = proofs(Array.from({ length: owners }, (_, index) => `n${index}.${ZONE}`));
      return validateAbsence({ name: `k.${ZONE}`, type: RecordType.TXT, records }, TRUSTED, { ...SETTING, verifier });
    };
    expect(ask(15)).toMatchObject({ valid: false, fault: "signature" });
    expect(calls).toBe(1);
    expect(ask(16)).toMatchObject({ valid: false, fault: "limit", reason: `TXT of k.${ZONE} is said to be absent, with 17 NSEC records: at most 16 are looked at` });
    expect(calls).toBe(1);
  });

  test("any records lead to a verdict", () => {
    const record = fc.record({ name, type: fc.constantFrom(RecordType.NSEC, RecordType.RRSIG, RecordType.NSEC3), ttl: fc.constant(60), data: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), name, (records, asked) => {
        expect(validateAbsence({ name: asked, type: RecordType.TXT, records }, TRUSTED, SETTING).valid).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

/** The NSEC records, signed, of a zone with TXT records at these names. */
function proofs(owners: readonly string[]): ResourceRecord[] {
  return signedChain([SOA, ...owners.map((owner) => ({ name: owner, type: RecordType.TXT, ttl: 60, data: encodeTxt(["x"]) }))]);
}

function signedChain(records: readonly ResourceRecord[]): ResourceRecord[] {
  return nsecChain(ZONE, records).flatMap((nsec) => [nsec, signRrset({ name: nsec.name, type: nsec.type, records: [nsec] }, key)]);
}

function nsecWith(record: ResourceRecord, { next }: { readonly next: string }): ResourceRecord {
  return record.type === RecordType.NSEC ? { name: record.name, type: record.type, ttl: record.ttl, data: encodeNsec({ next, types: [RecordType.NSEC] }) } : record;
}

/** RFC 4592 section 3.3.1: the name does not exist, and a wildcard with that type is at its closest encloser. */
function isMadeFromWildcard(asked: string, type: number, owners: readonly string[]): boolean {
  const exists = (wanted: string): boolean => wanted === ZONE || owners.some((owner) => isSubdomain(owner, wanted));
  if (exists(asked)) return false;
  let encloser = parentOf(asked);
  while (!exists(encloser)) encloser = parentOf(encloser);
  return type === RecordType.TXT && owners.includes(`*.${encloser}`);
}
