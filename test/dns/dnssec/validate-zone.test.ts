import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Algorithm, RecordType, type ResourceRecord, decodeZonemd, encodeDnskey, encodeSoa, encodeTxt, encodeZonemd, typeCoveredBy } from "../../../src/dns/records/index.ts";
import { type Refusal, type TrustAnchor, type Verifier, parseTrustAnchor, validateZone } from "../../../src/dns/dnssec/index.ts";
import { ZoneImage, ZoneImageError } from "../../../src/dns/zone-image/index.ts";
import { dnssecTools } from "../../../src/io/dnssec-verifier.ts";
import { DAY, NOW, type SigningKey, type SigningTimes, dsText, makeKey, signRrset, signZone, signaturesOf } from "../../support/zone-signer.ts";

const APEX = "drtm.example.";
const tools = dnssecTools();
const ksk = makeKey(APEX);
const zsk = makeKey(APEX, Algorithm.ED25519, 256);
const stranger = makeKey(APEX);
const ANCHORS = [anchorOf(ksk)];
const UNSIGNED: readonly ResourceRecord[] = [
  soa(7),
  { name: `version.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt(["drtm1"]) },
  { name: `0.idx.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt(["0123456789 0123456789abcdef"]) },
];
const SIGNED = signZone(APEX, UNSIGNED, [ksk, zsk]);

describe("valid", () => {
  test("until the first signature expires", () => {
    expect(validate(SIGNED)).toEqual({ valid: true, until: NOW + 14 * DAY });
    const brief = signZone(APEX, UNSIGNED, [ksk, zsk], { expiration: NOW + 60 });
    for (const now of [NOW, NOW + 60, NOW + 60.5]) expect(validate(brief, ANCHORS, now)).toEqual({ valid: true, until: NOW + 60 });
    expect(validate(brief, ANCHORS, NOW + 61)).toMatchObject({ valid: false, fault: "expired" });
  });

  test.each([
    ["RSA/SHA-256", Algorithm.RSASHA256],
    ["ECDSA P-256", Algorithm.ECDSAP256SHA256],
    ["Ed25519", Algorithm.ED25519],
  ])("%s, one key for all, SHA-512, a DS of SHA-384", (_, algorithm) => {
    const key = makeKey(APEX, algorithm);
    const records = signZone(APEX, UNSIGNED, [key], {}, "sha512");
    expect(validate(records, [parseTrustAnchor(dsText(key, "sha384"), APEX)])).toMatchObject({ valid: true });
  });

  test("while a key is rolled: any of several anchors, any good signature", () => {
    const next = makeKey(APEX, Algorithm.RSASHA256);
    const anchors = [anchorOf(stranger), anchorOf(ksk)];
    for (const keys of [[ksk, zsk], [ksk, next, zsk], [ksk, zsk, makeKey(APEX, Algorithm.ED25519, 256)]]) {
      expect(validate(signZone(APEX, UNSIGNED, keys), anchors)).toMatchObject({ valid: true });
    }
    expect(validate(signZone(APEX, UNSIGNED, [next, zsk]), [...anchors, anchorOf(next)])).toMatchObject({ valid: true });
    // A new key that does not sign yet, and an expired signature beside a good one.
    const published = signZone(APEX, [...UNSIGNED, makeKey(APEX, Algorithm.ED25519, 256).record], [ksk, zsk]);
    expect(validate(published)).toMatchObject({ valid: true });
  });

  test("times are compared as serial numbers (RFC 4034 section 3.1.5)", () => {
    const late = 2 ** 32 - 100;
    const records = signZone(APEX, UNSIGNED, [ksk], { inception: late, expiration: 1000 });
    expect(validate(records, ANCHORS, late + 50)).toEqual({ valid: true, until: 2 ** 32 + 1000 });
    expect(validate(records, ANCHORS, 2 ** 32 + 999)).toEqual({ valid: true, until: 2 ** 32 + 1000 });
    expect(validate(records, ANCHORS, late - 1)).toMatchObject({ fault: "early" });
    expect(validate(records, ANCHORS, late + 2 ** 31)).toMatchObject({ fault: "expired" });
  });
});

describe("refused, with the reason", () => {
  const zonemd = rrset(RecordType.ZONEMD).records[0]!;
  const withZonemd = (change: (zonemd: ReturnType<typeof decodeZonemd>) => Parameters<typeof encodeZonemd>[0][]): ResourceRecord[] => {
    const records = change(decodeZonemd(zonemd.data)).map((value): ResourceRecord => ({ name: APEX, type: RecordType.ZONEMD, ttl: 60, data: encodeZonemd(value) }));
    const set = { name: APEX, type: RecordType.ZONEMD, records: records.toSorted((a, b) => Buffer.compare(a.data, b.data)) };
    return [...without(SIGNED, RecordType.ZONEMD).filter(({ type }) => type !== RecordType.ZONEMD), ...records, ...signaturesOf(set, [ksk, zsk])];
  };

  const CASES: readonly (readonly [string, () => readonly ResourceRecord[], Refusal["fault"], RegExp])[] = [
    ["expired", () => signedWith({ expiration: NOW - DAY }), "expired", /^DNSKEY of drtm\.example\.: the signature by key \d+, algorithm 13 \(ECDSAP256SHA256\), expired at 2027-01-14T08:00:00Z$/],
    ["not yet", () => signedWith({ inception: NOW + DAY }), "early", /begins only at 2027-01-16T08:00:00Z/],
    ["no signature of the keys", () => without(SIGNED, RecordType.DNSKEY), "missing", /^DNSKEY of drtm\.example\.: no RRSIG covers it$/],
    ["no signature of the SOA", () => without(SIGNED, RecordType.SOA), "missing", /^SOA of drtm\.example\.: no RRSIG covers it$/],
    ["no signature of the ZONEMD", () => without(SIGNED, RecordType.ZONEMD), "missing", /^ZONEMD of drtm\.example\.: no RRSIG covers it$/],
    ["no ZONEMD", () => without(SIGNED, RecordType.ZONEMD).filter(({ type }) => type !== RecordType.ZONEMD), "missing", /^ZONEMD of drtm\.example\.: there is none$/],
    ["no keys", () => SIGNED.filter(({ type }) => type !== RecordType.DNSKEY), "missing", /^DNSKEY of drtm\.example\.: there is none$/],
    ["not signed at all", () => UNSIGNED, "missing", /DNSKEY of drtm\.example\.: there is none/],
    ["signed by another's keys", () => signZone(APEX, UNSIGNED, [stranger]), "anchor", /no key of the zone is one of its trust anchors \(anchors: \d+; keys: \d+, algorithm 13/],
    ["another's key added", () => [...without(SIGNED, RecordType.DNSKEY), stranger.record, signRrset(keySet(ksk, zsk, stranger), stranger)], "key", /is by no key that is trusted/],
    ["another's key added, signed by it in the name of ours", () => [...without(SIGNED, RecordType.DNSKEY), stranger.record, signRrset(keySet(ksk, zsk, stranger), stranger, {}, { keyTag: ksk.tag })], "signature", /does not fit the records/],
    ["another zone's signature", () => [...without(SIGNED, RecordType.SOA), signRrset(rrset(RecordType.SOA), zsk, {}, { signer: "example." })], "key", /is signed by example\., not by the zone drtm\.example\./],
    ["a wildcard's signature", () => [...without(SIGNED, RecordType.SOA), signRrset(rrset(RecordType.SOA), zsk, {}, { labels: 1 })], "signature", /owner of 1 labels: wildcards are not taken/],
    ["an old SOA's signature", () => [...SIGNED.filter(({ type }) => type !== RecordType.SOA), soa(8)], "signature", /^SOA of .* does not fit the records$/],
    ["an algorithm that is not taken", () => [...without(SIGNED, RecordType.SOA), signRrset(rrset(RecordType.SOA), zsk, {}, { algorithm: 5 })], "key", /by key \d+, algorithm 5 \(RSASHA1\), is by no key/],
    ["a digest of another serial", () => withZonemd((value) => [{ ...value, serial: 6 }]), "serial", /it is of serial 6, the zone has 7/],
    ["a digest that does not fit", () => withZonemd((value) => [{ ...value, digest: value.digest.map((octet) => octet ^ 1) }]), "digest", /^ZONEMD of drtm\.example\.: scheme 1, hash algorithm 1: the digest is not that of the zone$/],
    ["a digest that is too short", () => withZonemd((value) => [{ ...value, digest: value.digest.subarray(0, 12) }]), "digest", /it has 12 octets, not 48/],
    ["a scheme that is not known", () => withZonemd((value) => [{ ...value, scheme: 2 }]), "unsupported", /scheme 2, hash algorithm 1: only scheme 1/],
    ["a hash that is not known", () => withZonemd((value) => [{ ...value, hashAlgorithm: 240 }]), "unsupported", /hash algorithm 240: only 1 \(SHA-384\) and 2/],
    ["two digests of one kind", () => withZonemd((value) => [value, { ...value, digest: new Uint8Array(48) }]), "digest", /there is more than one/],
    ["a record added", () => [...SIGNED, { ...UNSIGNED[1]!, name: `x.${APEX}` }], "digest", /not that of the zone/],
    ["a record left out", () => SIGNED.filter(({ name }) => name !== `version.${APEX}`), "digest", /not that of the zone/],
    ["a TTL changed", () => SIGNED.map((record) => (record.name === `version.${APEX}` ? { ...record, ttl: 61 } : record)), "digest", /not that of the zone/],
  ];

  test.each(CASES)("%s", (_, records, fault, reason) => {
    const verdict = validate(records());
    expect(verdict).toMatchObject({ valid: false, fault });
    expect((verdict as Refusal).reason).toMatch(reason);
  });

  test("a digest that is not known beside one that fits is none the worse", () => {
    expect(validate(withZonemd((value) => [value, { ...value, scheme: 240 }]))).toMatchObject({ valid: true });
  });

  test.each([
    ["no zone key", 0x0001, 3, /no zone key/],
    ["a revoked key", 0x0181, 3, /is revoked/],
    ["a key of another protocol", 0x0101, 4, /its protocol is 4/],
  ])("signatures by %s", (_, flags, protocol, reason) => {
    const key = makeKey(APEX, Algorithm.ED25519, flags);
    const data = Uint8Array.from(key.record.data);
    data[2] = protocol;
    const odd: SigningKey = { ...key, record: { ...key.record, data }, tag: (key.tag + (protocol - 3) * 256) % 0x10000 };
    const records = [...SIGNED.filter(({ type, data: rdata }) => type !== RecordType.DNSKEY && typeCoveredBy(rdata) !== RecordType.SOA), ...keySet(ksk, zsk, odd).records, signRrset(rrset(RecordType.SOA), odd), signRrset(keySet(ksk, zsk, odd), ksk)];
    const verdict = validate(records);
    expect(verdict).toMatchObject({ valid: false, fault: "key" });
    expect((verdict as Refusal).reason).toMatch(reason);
  });

  test("any one octet changed, of any record", () => {
    const records = [...ZoneImage.of(APEX, SIGNED).records()];
    const whole = Buffer.concat(records.map(({ data }) => data));
    fc.assert(
      fc.property(fc.nat({ max: records.length - 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, at, flip) => {
        const { data, ...rest } = records[index]!;
        const changed = { ...rest, data: data.map((octet, place) => (place === at % data.length ? octet ^ flip : octet)) };
        const image = imageIfAny(records.toSpliced(index, 1, changed));
        // The case of letters in a signer's name does not matter (RFC 4034 section 6.2): then it is the same zone.
        const isSame = image !== undefined && Buffer.concat([...image.records()].map((record) => record.data)).equals(whole);
        expect(isValid(image)).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("against hostile zones", () => {
  test("no more than a few signatures are tried (KeyTrap)", () => {
    const counting = countingVerifier();
    const colliding = Array.from({ length: 30 }, (_, index) => collidingKey(ksk, index));
    const trap = keySet(ksk, ...colliding);
    const forged = Array.from({ length: 16 }, (_, index) => signRrset(trap, stranger, { expiration: NOW + DAY + index }, { keyTag: ksk.tag }));
    const records = [soa(7), ...trap.records, ...forged];
    expect(validateZone(ZoneImage.of(APEX, records), ANCHORS, NOW, { ...tools, verifier: counting })).toMatchObject({ fault: "limit" });
    expect(counting.calls).toBeLessThanOrEqual(8);
  });

  test("one good key among those of its tag is found all the same", () => {
    const keys = keySet(ksk, collidingKey(ksk, 1), collidingKey(ksk, 2));
    const records = signZone(APEX, [...UNSIGNED, ...keys.records.slice(1)], [ksk]);
    expect(validate(records)).toMatchObject({ valid: true });
  });

  test("too many keys, too many signatures", () => {
    const many = Array.from({ length: 33 }, (_, index) => collidingKey(ksk, index));
    const set = keySet(...many);
    expect(validate([soa(7), ...set.records, signRrset(set, ksk)])).toMatchObject({ fault: "limit", reason: expect.stringMatching(/33 DNSKEY records: 32 are the most/) });
    const signatures = Array.from({ length: 17 }, (_, index) => signRrset(keySet(ksk), ksk, { expiration: NOW + index }));
    expect(validate([soa(7), ksk.record, ...signatures])).toMatchObject({ fault: "limit", reason: expect.stringMatching(/17 RRSIG records cover it/) });
  });

  test.each([
    ["of 512 bits", 512, 3, /RSA key has 512 bits/],
    ["of 8192 bits", 8192, 3, /RSA key has 8192 bits/],
    ["with an exponent of 64 octets", 2048, 64, /exponent of 64 octets/],
  ])("an RSA key %s is not used", (_, bits, exponentOctets, reason) => {
    const data = encodeDnskey({ flags: 257, protocol: 3, algorithm: 8, publicKey: Uint8Array.of(exponentOctets, ...ones(exponentOctets), ...ones(bits / 8)) });
    const rsa = { ...collidingKey(ksk, 0), record: { ...ksk.record, data } };
    const set = keySet(ksk, rsa);
    const records = [soa(7), ...set.records, signRrset(set, ksk), signRrset(rrset(RecordType.SOA), ksk, {}, { algorithm: 8, keyTag: tagOf(data) })];
    const verdict = validate(records);
    expect(verdict.valid).toBe(false);
    expect((verdict as Refusal).reason).toMatch(reason);
  });

  test("any keys, signatures and digests lead to a verdict", () => {
    const octets = fc.uint8Array({ maxLength: 600 });
    const head = fc.record({ flags: fc.constantFrom(256, 257), protocol: fc.constant(3), algorithm: fc.constantFrom(8, 13, 15, 16), publicKey: fc.uint8Array({ minLength: 1, maxLength: 600 }) });
    const key = fc.oneof(head.map(encodeDnskey), octets);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 5 }), fc.array(octets, { maxLength: 5 }), fc.array(octets, { maxLength: 3 }), (keys, signatures, digests) => {
        const record = (type: number) => (data: Uint8Array) => ({ name: APEX, type, ttl: 60, data });
        const odd = keys.map(record(RecordType.DNSKEY));
        const set = { name: APEX, type: RecordType.DNSKEY, records: [ksk.record, ...odd].toSorted((a, b) => Buffer.compare(a.data, b.data)) };
        const garbage = signatures.map((data) => record(RecordType.RRSIG)(Uint8Array.of(0, 6, ...data)));
        const records = [soa(7), ...set.records, signRrset(set, ksk), ...garbage, ...digests.map(record(RecordType.ZONEMD))];
        expect(isValid(imageIfAny(records))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("numbers that are no key verify nothing", () => {
    const number = fc.uint8Array({ minLength: 128, maxLength: 140 });
    fc.assert(
      fc.property(number, number, fc.uint8Array({ minLength: 1, maxLength: 4 }), (modulus, signature, exponent) => {
        expect(tools.verifier.verify({ kind: "rsa-sha256", modulus, exponent }, signature, signature)).toBe(false);
        expect(tools.verifier.verify({ kind: "p256", x: modulus.subarray(0, 32), y: modulus.subarray(32, 64) }, signature, signature.subarray(0, 64))).toBe(false);
        expect(tools.verifier.verify({ kind: "ed25519", x: modulus.subarray(0, 32) }, signature, signature.subarray(0, 64))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

function validate(records: readonly ResourceRecord[], anchors: readonly TrustAnchor[] = ANCHORS, now = NOW): ReturnType<typeof validateZone> {
  return validateZone(ZoneImage.of(APEX, records), anchors, now, tools);
}

function signedWith(times: SigningTimes): ResourceRecord[] {
  return signZone(APEX, UNSIGNED, [ksk, zsk], times);
}

function soa(serial: number): ResourceRecord {
  const data = encodeSoa({ mname: `ns.${APEX}`, rname: `hostmaster.${APEX}`, serial, refresh: 2, retry: 3, expire: 4, minimum: 5 });
  return { name: APEX, type: RecordType.SOA, ttl: 60, data };
}

function anchorOf(key: SigningKey): TrustAnchor {
  return parseTrustAnchor(dsText(key), APEX);
}

function rrset(type: number) {
  return ZoneImage.of(APEX, SIGNED).rrset(APEX, type)!;
}

function keySet(...keys: readonly SigningKey[]) {
  return { name: APEX, type: RecordType.DNSKEY, records: keys.map(({ record }) => record).toSorted((a, b) => Buffer.compare(a.data, b.data)) };
}

/** The zone without signatures of the apex's RRset of a type. */
function without(records: readonly ResourceRecord[], type: number): ResourceRecord[] {
  return records.filter((record) => !(record.name === APEX && record.type === RecordType.RRSIG && typeCoveredBy(record.data) === type));
}

/** Another key of the same tag: one of its 16-bit words is less, and the next is more by as much. */
function collidingKey(key: SigningKey, index: number): SigningKey {
  const data = Buffer.from(key.record.data);
  const fits = (at: number): boolean => data.readUInt16BE(at) > 64 && data.readUInt16BE(at + 2) < 0xffff - 64;
  const at = Array.from({ length: 30 }, (_, word) => 4 + 2 * word).find(fits)!;
  data.writeUInt16BE(data.readUInt16BE(at) - index - 1, at);
  data.writeUInt16BE(data.readUInt16BE(at + 2) + index + 1, at + 2);
  return { ...key, record: { ...key.record, data: Uint8Array.from(data) } };
}

function tagOf(data: Uint8Array): number {
  return data.reduce((sum, octet, index) => sum + (index % 2 === 0 ? octet * 256 : octet), 0) % 0xffff;
}

function ones(octets: number): number[] {
  return Array.from({ length: octets }, () => 255);
}

function countingVerifier(): Verifier & { calls: number } {
  return {
    calls: 0,
    verify(...from) {
      this.calls++;
      return tools.verifier.verify(...from);
    },
  };
}

/** Undefined where the records make no zone; any other error is one. */
function imageIfAny(records: readonly ResourceRecord[]): ZoneImage | undefined {
  try {
    return ZoneImage.of(APEX, records);
  } catch (error) {
    if (error instanceof ZoneImageError) return undefined;
    throw error;
  }
}

function isValid(image: ZoneImage | undefined): boolean {
  return image !== undefined && validateZone(image, ANCHORS, NOW, tools).valid;
}
