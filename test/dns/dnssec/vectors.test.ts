import { describe, expect, test } from "vitest";
import { RecordType, type ResourceRecord, decodeRrsig, encodeDnskey, encodeName, encodeRrsig } from "../../../src/dns/records/index.ts";
import { dsDigest, keyMaterial, keyTag, parseTrustAnchor, readZoneKey, validateKeys, validateRrset } from "../../../src/dns/dnssec/index.ts";
import { signedData } from "../../../src/dns/dnssec/signed-data.ts";
import { DnssecVerifier, digestOctets, dnssecTools } from "../../../src/io/dnssec-verifier.ts";

interface Vector {
  readonly name: string;
  readonly zone: string;
  readonly algorithm: number;
  readonly flags: number;
  readonly key: string;
  readonly tag: number;
  readonly ds?: string;
  readonly owner: string;
  readonly type: number;
  readonly data: Uint8Array;
  readonly labels: number;
  readonly expiration: number;
  readonly inception: number;
  readonly signature: string;
}

const A = { owner: "www.example.net.", zone: "example.net.", type: RecordType.A, labels: 3 };
/** MX 10 mail.example.com. */
const MX = { owner: "example.com.", zone: "example.com.", type: 15, labels: 2, data: Uint8Array.of(0, 10, ...encodeName("mail.example.com.")), expiration: 1_440_021_600, inception: 1_438_207_200 };

const VECTORS: readonly Vector[] = [
  {
    ...A,
    name: "RFC 6605 section 6.1, P-256",
    algorithm: 13,
    flags: 257,
    key: "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
    tag: 55_648,
    ds: "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
    data: Uint8Array.of(192, 0, 2, 1),
    expiration: 1_284_026_679,
    inception: 1_281_607_479,
    signature: "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
  },
  {
    ...MX,
    name: "RFC 8080 section 6.1, Ed25519, first (erratum 4935)",
    algorithm: 15,
    flags: 257,
    key: "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
    tag: 3613,
    ds: "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
    signature: "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==",
  },
  {
    ...MX,
    name: "RFC 8080 section 6.1, Ed25519, second (erratum 4935)",
    algorithm: 15,
    flags: 257,
    key: "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
    tag: 35_217,
    ds: "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c",
    signature: "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==",
  },
];

/** RFC 5702 section 6.1. Its key is too short to be taken; what is signed, and how, is tested all the same. */
const RSA: Vector = {
  ...A,
  name: "RFC 5702 section 6.1, RSA/SHA-256",
  algorithm: 8,
  flags: 256,
  key: "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=",
  tag: 9033,
  data: Uint8Array.of(192, 0, 2, 91),
  expiration: 1_893_456_000,
  inception: 946_684_800,
  signature: "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==",
};

describe.each(VECTORS)("$name", (vector) => {
  test("key tag and DS digest", () => {
    const { record, tag } = readZoneKey(keyRecord(vector));
    expect(tag).toBe(vector.tag);
    expect(Buffer.from(dsDigest(vector.zone, record.data, "sha256", digestOctets)).toString("hex")).toBe(vector.ds);
    expect(parseTrustAnchor(`${vector.tag} ${vector.algorithm} 2 ${vector.ds}`, vector.zone)).toMatchObject({ kind: "ds", tag });
  });

  test("the signature fits, and does not fit other data", () => {
    const tools = dnssecTools();
    const trusted = { keys: [readZoneKey(keyRecord(vector))], until: Number.POSITIVE_INFINITY, ttl: 1 };
    const setting = { zone: vector.zone, now: vector.inception + 1000, verifier: tools.verifier };
    const answer = { name: vector.owner, type: vector.type, records: [rrsetRecord(vector), rrsigRecord(vector)] };
    expect(validateRrset(answer, trusted, setting)).toMatchObject({ valid: true, until: vector.expiration, ttl: 3600 });
    const other = { ...rrsetRecord(vector), data: vector.data.map((octet, index) => (index === 0 ? octet ^ 1 : octet)) };
    expect(validateRrset({ ...answer, records: [other, rrsigRecord(vector)] }, trusted, setting)).toMatchObject({ valid: false, fault: "signature" });
  });
});

describe.each([RSA])("$name", () => {
  test("key tag, and the signature fits", () => {
    expect(keyTag(keyRecord(RSA).data)).toBe(RSA.tag);
    const key = Buffer.from(RSA.key, "base64");
    const octets = signedData(decodeRrsig(rrsigRecord(RSA).data), { name: RSA.owner, type: RSA.type, records: [rrsetRecord(RSA)] });
    const material = { kind: "rsa-sha256", exponent: key.subarray(1, 4), modulus: key.subarray(4) } as const;
    const verifier = new DnssecVerifier();
    expect(verifier.verify(material, octets, Buffer.from(RSA.signature, "base64"))).toBe(true);
    expect(verifier.verify(material, octets, Buffer.from(RSA.signature, "base64"))).toBe(true);
    octets[octets.length - 1]! ^= 1;
    expect(verifier.verify(material, octets, Buffer.from(RSA.signature, "base64"))).toBe(false);
  });

  test("a key of 512 bits is refused", () => {
    expect(() => keyMaterial({ flags: 256, protocol: 3, algorithm: 8, publicKey: Buffer.from(RSA.key, "base64") })).toThrow("RSA key has 512 bits: 1024 to 4096 are taken");
  });
});

test("RFC 4034 section 5.4: a key tag", () => {
  const publicKey =
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
  expect(keyTag(encodeDnskey({ flags: 256, protocol: 3, algorithm: 5, publicKey: Buffer.from(publicKey, "base64") }))).toBe(60_485);
});

test("an answer without keys", () => {
  expect(validateKeys("example.", [], [], 0, dnssecTools())).toEqual({ valid: false, fault: "missing", reason: "DNSKEY of example.: there is none" });
});

function keyRecord({ zone, flags, algorithm, key }: Vector): ResourceRecord {
  return { name: zone, type: RecordType.DNSKEY, ttl: 3600, data: encodeDnskey({ flags, protocol: 3, algorithm, publicKey: Buffer.from(key, "base64") }) };
}

function rrsetRecord({ owner, type, data }: Vector): ResourceRecord {
  return { name: owner, type, ttl: 3600, data };
}

function rrsigRecord({ owner, type, algorithm, labels, expiration, inception, tag, zone, signature }: Vector): ResourceRecord {
  const data = encodeRrsig({ typeCovered: type, algorithm, labels, originalTtl: 3600, expiration, inception, keyTag: tag, signer: zone, signature: Buffer.from(signature, "base64") });
  return { name: owner, type: RecordType.RRSIG, ttl: 3600, data };
}
