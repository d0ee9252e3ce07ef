import { describe, expect, test } from "vitest";
import { Algorithm, RecordType, type ResourceRecord, encodeHostName, encodeTxt, rrsetOf } from "../../../src/dns/records/index.ts";
import { type Setting, type TrustedKeys, parseTrustAnchor, validateKeys, validateRrset } from "../../../src/dns/dnssec/index.ts";
import { dnssecTools } from "../../../src/io/dnssec-verifier.ts";
import { DAY, NOW, dsText, makeKey, signRrset, signaturesOf } from "../../support/zone-signer.ts";

const ZONE = "dsoc-a.example.";
const tools = dnssecTools();
const SETTING: Setting = { zone: ZONE, now: NOW, verifier: tools.verifier };
const ksk = makeKey(ZONE);
const zsk = makeKey(ZONE, Algorithm.ED25519, 256);
const KEYS = { name: ZONE, type: RecordType.DNSKEY, records: [ksk.record, zsk.record].toSorted((a, b) => Buffer.compare(a.data, b.data)) };
const NAME = `a.${ZONE}`;
const PTR = ["B.example.", "a.example."].map((name): ResourceRecord => ({ name: NAME, type: RecordType.PTR, ttl: 600, data: mixedCase(name) }));
const SIGNED_PTR = signRrset(rrsetOf(NAME, RecordType.PTR, PTR), zsk);

describe("keys of a zone", () => {
  test("from the DS data of the registry, or a whole key", () => {
    for (const text of [dsText(ksk), `${ZONE} 3600 IN DS ${dsText(ksk)}`, `DNSKEY 257 3 13 ${Buffer.from(ksk.record.data.subarray(4)).toString("base64")}`]) {
      const verdict = validateKeys(ZONE, [...KEYS.records, ...signaturesOf(KEYS, [ksk, zsk])], [parseTrustAnchor(text, ZONE)], NOW, tools);
      expect(verdict).toMatchObject({ valid: true, until: NOW + 14 * DAY, ttl: 60 });
    }
  });

  test("not signed by the key that the registry knows", () => {
    const verdict = validateKeys(ZONE, [...KEYS.records, signRrset(KEYS, zsk)], [parseTrustAnchor(dsText(ksk), ZONE)], NOW, tools);
    expect(verdict).toMatchObject({ valid: false, fault: "key" });
  });
});

describe("an RRset of an answer", () => {
  const others = [signRrset({ name: NAME, type: RecordType.TXT, records: [{ ...PTR[0]!, type: RecordType.TXT, data: encodeTxt(["x"]) }] }, zsk), { ...PTR[0]!, name: `b.${ZONE}` }];

  test("in any order and case, among other records", () => {
    const records = [...others, ...PTR, SIGNED_PTR, PTR[0]!];
    const verdict = validateRrset({ name: NAME, type: RecordType.PTR, records }, trusted(), SETTING);
    expect(verdict).toMatchObject({ valid: true, until: NOW + 14 * DAY, ttl: 600 });
    expect(verdict.valid && verdict.rrset.records.map(({ data }) => data)).toEqual([encodeHostName("a.example."), encodeHostName("b.example.")]);
  });

  test("is kept no longer than its signer meant", () => {
    const verdict = validateRrset({ name: NAME, type: RecordType.PTR, records: [...PTR.map((record) => ({ ...record, ttl: 86_400 })), SIGNED_PTR] }, trusted(), SETTING);
    expect(verdict).toMatchObject({ valid: true, ttl: 600 });
    const aged = validateRrset({ name: NAME, type: RecordType.PTR, records: [...PTR.map((record) => ({ ...record, ttl: 5 })), SIGNED_PTR] }, trusted(), SETTING);
    expect(aged).toMatchObject({ valid: true, ttl: 5 });
  });

  test.each([
    ["without a signature", [...others, ...PTR], "missing"],
    ["that lacks a record", [PTR[0]!, SIGNED_PTR], "signature"],
    ["with a record more", [...PTR, { ...PTR[0]!, data: encodeHostName("c.example.") }, SIGNED_PTR], "signature"],
    ["that is not there", [SIGNED_PTR], "missing"],
    ["with a name that cannot be read", [{ ...PTR[0]!, data: Uint8Array.of(0xc0, 12) }, SIGNED_PTR], "malformed"],
    ["with a signature that cannot be read", [...PTR, { ...SIGNED_PTR, data: Uint8Array.of(0, 12, 13) }], "malformed"],
  ])("%s is refused", (_, records, fault) => {
    expect(validateRrset({ name: NAME, type: RecordType.PTR, records }, trusted(), SETTING)).toMatchObject({ valid: false, fault });
  });

  test("made from a wildcard is refused; the wildcard itself is not", () => {
    const wild = { ...PTR[0]!, name: `*.${ZONE}`, data: encodeHostName("a.example.") };
    const signature = signRrset({ name: wild.name, type: wild.type, records: [wild] }, zsk);
    expect(validateRrset({ name: wild.name, type: wild.type, records: [wild, signature] }, trusted(), SETTING)).toMatchObject({ valid: true });
    const made = [{ ...wild, name: NAME }, { ...signature, name: NAME }];
    expect(validateRrset({ name: NAME, type: RecordType.PTR, records: made }, trusted(), SETTING)).toMatchObject({ valid: false, fault: "signature", reason: expect.stringMatching(/wildcards are not taken/) });
  });

  test("is not valid beyond what is known of the keys", () => {
    const records = [...PTR, SIGNED_PTR];
    expect(validateRrset({ name: NAME, type: RecordType.PTR, records }, { ...trusted(), until: NOW + 5 }, SETTING)).toMatchObject({ until: NOW + 5 });
    expect(validateRrset({ name: NAME, type: RecordType.PTR, records }, { ...trusted(), until: NOW - 5 }, SETTING)).toMatchObject({ valid: false, fault: "expired" });
  });
});

function trusted(): TrustedKeys {
  const verdict = validateKeys(ZONE, [...KEYS.records, ...signaturesOf(KEYS, [ksk, zsk])], [parseTrustAnchor(dsText(ksk), ZONE)], NOW, tools);
  if (!verdict.valid) throw new Error(verdict.reason);
  return verdict;
}

/** Name data in the case that the text has. */
function mixedCase(name: string): Uint8Array {
  return encodeHostName(name).map((octet, at) => (at === 1 ? name.charCodeAt(0) : octet));
}
