import { describe, expect, test } from "vitest";
import { DnssecError, parseTrustAnchor, readTrustAnchors } from "../../../src/dns/dnssec/index.ts";

const ZONE = "example.net.";
const KEY = "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
const DIGEST = "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17";

describe("a trust anchor", () => {
  test.each([
    [`55648 13 2 ${DIGEST}`],
    [`55648 ECDSAP256SHA256 2 ( ${DIGEST.slice(0, 20)} ${DIGEST.slice(20).toUpperCase()} )`],
    [`DS 55648 13 2 ${DIGEST}`],
    [`example.net. IN DS 55648 13 2 ${DIGEST} ; from dsset`],
    [`Example.NET 3600 IN ds 55648 13 2 ${DIGEST}`],
    [`\n  example.net.\tIN\tDS\t55648 13 2 ${DIGEST}\n`],
  ])("as DS: %j", (text) => {
    expect(parseTrustAnchor(text, ZONE)).toMatchObject({ kind: "ds", tag: 55_648, algorithm: 13, hash: "sha256", digest: Uint8Array.from(Buffer.from(DIGEST, "hex")) });
  });

  test.each([
    [`257 3 13 ${KEY}`],
    [`257 3 13 ${KEY.slice(0, 30)} ${KEY.slice(30)}`],
    [`example.net. 3600 IN DNSKEY 257 3 13 ${KEY} ;{id = 55648 (ksk), size = 256b}`],
  ])("as DNSKEY: %j", (text) => {
    expect(parseTrustAnchor(text, ZONE)).toMatchObject({ kind: "dnskey", tag: 55_648, algorithm: 13 });
  });

  test.each([
    ["", "anchor", /is empty/],
    ["secret", "anchor", /"secret" is no key tag/],
    ["55648 13 2", "anchor", /the digest is missing/],
    ["55648 13 2 abc", "anchor", /pairs of hex digits/],
    [`55648 13 2 ${DIGEST}00`, "anchor", /has a digest of 33 octets: 32 are right/],
    [`55648 13 1 ${DIGEST}`, "unsupported", /digest type 1: give one of type 2/],
    [`55648 5 2 ${DIGEST}`, "unsupported", /is for algorithm 5 \(RSASHA1\): sign with 8, 13 or 15/],
    [`example.org. IN DS 55648 13 2 ${DIGEST}`, "anchor", /is one of example\.org\., not of example\.net\./],
    [`257 3 13 ${KEY.slice(4)}`, "malformed", /key has 61 octets: 64 are right/],
    [`257 3 14 ${KEY}`, "unsupported", /algorithm 14/],
    [`385 3 13 ${KEY}`, "key", /is revoked/],
    [`1 3 13 ${KEY}`, "key", /no zone key/],
    [`257 3 13 ${KEY.slice(0, -1)}`, "anchor", /write it in base64/],
    [`55648 13 2 ${DIGEST}\n55649 13 2 ${DIGEST}`, "anchor", /a second record: give one/],
  ])("%j is refused", (text, fault, message) => {
    const error = errorOf(text);
    expect(error).toBeInstanceOf(DnssecError);
    expect(error).toMatchObject({ code: "DRTM_DNSSEC", fault, message: expect.stringMatching(message) });
  });
});

describe("the anchors that a registry gives for a zone", () => {
  test("those that can be used, and what is wrong with the others", () => {
    const { anchors, problems } = readTrustAnchors([`55648 13 2 ${DIGEST}`, `55648 13 1 ${DIGEST.slice(0, 40)}`, "junk\u001b[2J"], ZONE);
    expect(anchors).toMatchObject([{ kind: "ds", tag: 55_648 }]);
    expect(problems).toEqual([expect.stringMatching(/digest type 1/), expect.stringMatching(/cannot be read: "junk\\x1b\[2J" is no key tag/)]);
  });

  test("too many", () => {
    expect(() => readTrustAnchors(Array.from({ length: 17 }, () => `55648 13 2 ${DIGEST}`), ZONE)).toThrow(/has more than 16 trust anchors/);
  });
});

function errorOf(text: string): unknown {
  try {
    parseTrustAnchor(text, ZONE);
    return undefined;
  } catch (error) {
    return error;
  }
}
