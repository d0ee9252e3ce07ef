import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { encodeAxfrQuery, outlineOf } from "../../src/dns/message/index.ts";
import { type ResourceRecord, concatBytes } from "../../src/dns/records/index.ts";
import { TransferError } from "../../src/dns/transfer/index.ts";
import { AnswerVerifier, TsigKey, TsigKeyError, readTsig, signAnswer, signMessage, timeOctets, verifyRequest } from "../../src/dns/tsig/index.ts";
import { tsigCrypto } from "../../src/io/tsig-crypto.ts";
import { KEY_NAME, SECRET, type Signature, macIn, queryMac, signAnswers, withTsigError } from "../support/tsig-server.ts";
import { APEX, ID, answer, answers, read, soa, txt } from "../support/transfers.ts";

const NOW = 1_800_000_000;
const KEY = TsigKey.parse(KEY_NAME, SECRET.toString("base64"));
const OTHER_KEY = TsigKey.parse("other.example.", SECRET.toString("base64"));
const QUERY = signMessage(encodeAxfrQuery(ID, APEX), { key: KEY, crypto: tsigCrypto, now: NOW });

describe("keys", () => {
  test("never show their secret", () => {
    const shown = inspect(KEY, { depth: 9, showHidden: true }) + JSON.stringify(KEY) + String(KEY);
    expect(shown).toContain(KEY_NAME);
    expect(shown).not.toContain("0123");
    expect(shown).not.toContain(SECRET.toString("base64").slice(0, 8));
  });

  test.each([
    ["a..b", SECRET.toString("base64"), /must be a domain name/],
    ["key.", "not base64!", /not base64/],
    ["key.", "YWJj", /has 3 octets/],
    ["key.", "", /has 0 octets/],
    ["key.", `${SECRET.toString("base64")}=`, /not base64/],
  ])("%s %s is refused, without its secret in the message", (name, secret, problem) => {
    const make = (): TsigKey => TsigKey.parse(name, secret);
    expect(make).toThrow(TsigKeyError);
    expect(make).toThrow(problem);
    expect(() => { make(); }).not.toThrow(secret || "=");
  });

  test.each(["transfer", "", "a..b"])("a name and a secret that are swapped: %j", (name) => {
    const [secret, long] = [SECRET.toString("base64"), Buffer.alloc(64, 7).toString("base64")];
    for (const swapped of [secret, long]) {
      expect(() => TsigKey.parse(swapped, name)).toThrow(/are the two swapped\?/);
      expect(() => TsigKey.parse(swapped, name)).not.toThrow(swapped.slice(0, 8));
    }
  });

  test("names are normalised", () => {
    expect(TsigKey.parse("Transfer.Example", SECRET.toString("base64")).name).toBe(KEY_NAME);
  });
});

test("a query is signed as RFC 8945 section 4.3 says", () => {
  const mac = queryMac(encodeAxfrQuery(ID, APEX), { time: NOW });
  const tsig = readTsig(QUERY.bytes, outlineOf(QUERY.bytes).tsigAt!);
  expect(tsig).toMatchObject({ keyName: KEY_NAME, algorithm: "hmac-sha256.", timeSigned: NOW, fudge: 300, originalId: ID, error: 0 });
  expect([QUERY.mac, tsig.mac, macIn(QUERY.bytes)].map(hex)).toEqual([mac, mac, mac].map(hex));
});

const ZONE = [soa(3), ...Array.from({ length: 250 }, (_, index) => txt(`t${index}`)), soa(3)];
const MESSAGES = answers(ZONE, "AXFR", 1);

function check(messages: readonly Uint8Array[], now = NOW): boolean {
  return read(messages, { verifier: new AnswerVerifier(KEY, tsigCrypto, QUERY.mac), now, limits: { octets: 1e6, records: 1e4, messages: 1e4 } }).isDone;
}

function sign(messages: readonly Uint8Array[], changes: Partial<Signature> = {}, isSigned?: (index: number) => boolean): Uint8Array[] {
  return signAnswers(messages, QUERY.mac, { time: NOW, ...changes }, isSigned);
}

describe("answers", () => {
  test("in one message, in many, and with 99 unsigned between", () => {
    expect(check(sign(answers(ZONE)))).toBe(true);
    expect(check(sign(MESSAGES))).toBe(true);
    expect(check(sign(MESSAGES, {}, (index) => index % 100 === 0 || index === MESSAGES.length - 1))).toBe(true);
  });

  const last = MESSAGES.length - 1;

  test.each<[string, () => Uint8Array[], RegExp]>([
    ["unsigned", () => MESSAGES, /not signed: have the server use TSIG key transfer\.example\./],
    ["100 unsigned between", () => sign(MESSAGES, {}, (index) => index % 101 === 0 || index === last), /more than 99 messages/],
    ["an unsigned end", () => sign(MESSAGES, {}, (index) => index % 50 === 0), /last message is not signed/],
    ["another secret", () => sign(MESSAGES, { secret: Buffer.from("x".repeat(32)) }), /is wrong: it was changed/],
    ["another key name", () => sign(MESSAGES, { name: "other.example." }), /signed with key other\.example\./],
    ["the MAC of another query", () => signAnswers(MESSAGES, new Uint8Array(32), { time: NOW }), /is wrong/],
    ["a shortened MAC", () => sign(MESSAGES, { macLength: 16 }), /has 16 octets in place of 32/],
    ["signed 301 s ago", () => sign(MESSAGES, { time: NOW - 301 }), /301 s behind ours, and 300 s are allowed/],
    ["signed in the future", () => sign(MESSAGES, { time: NOW + 301 }), /301 s ahead of ours/],
    ["a changed octet in a signed message", () => changed(sign(MESSAGES)), /message 4: its signature/],
    ["a changed octet in an unsigned one", () => changed(sign(MESSAGES, {}, (index) => index % 10 === 0 || index === last)), /message 11: its signature/],
    ["a message left out", () => sign(MESSAGES).toSpliced(5, 1), /message 6: its signature/],
    ["two changed places", () => { const signed = sign(MESSAGES); return [...signed.slice(0, 5), signed[6]!, signed[5]!]; }, /message 6: its signature/],
    ["BADKEY", () => [withTsigError(answer([], "AXFR", { rcode: 9 }), { time: NOW, error: 17 })], /does not know TSIG key transfer\.example\. \(BADKEY\)/],
    ["BADSIG", () => [withTsigError(answer([], "AXFR", { rcode: 9 }), { time: NOW, error: 16 })], /wrong \(BADSIG\): the secret/],
    ["BADTIME", () => sign([answer([], "AXFR", { rcode: 9 })], { error: 18, other: timeOctets(NOW + 4_000) }), /BADTIME; its clock is 4000 s ahead of ours\): set the clocks/],
    ["another error", () => [withTsigError(answer([], "AXFR", { rcode: 9 }), { time: NOW, error: 99 })], /reports error 99/],
    ["a TSIG record without a signature", () => [withTsigError(answer([soa(1), soa(1)]), { time: NOW })], /no signature/],
  ])("%s: refused", (_what, messages, problem) => {
    expect(() => check(messages())).toThrow(TransferError);
    expect(() => check(messages())).toThrow(problem);
  });

  test("a refusal without a signature is told as what it says", () => {
    expect(() => check([answer([], "AXFR", { rcode: 5 })])).toThrow(/REFUSED/);
  });

  test("a signed answer to an unsigned query is refused", () => {
    expect(() => read(sign(answers(ZONE)))).toThrow(/the query was not/);
  });

  test("nothing of a message with a wrong signature reaches the zone", () => {
    const seen: ResourceRecord[] = [];
    expect(() => seen.push(...read(sign(answers(ZONE), { secret: Buffer.from("x".repeat(32)) }), { verifier: new AnswerVerifier(KEY, tsigCrypto, QUERY.mac), now: NOW }).collector.records)).toThrow(/is wrong/);
    expect(seen).toEqual([]);
  });
});

describe("requests of others", () => {
  const verify = (bytes: Uint8Array, keys = [OTHER_KEY, KEY], now = NOW): ReturnType<typeof verifyRequest> => verifyRequest(bytes, outlineOf(bytes).tsigAt!, keys, tsigCrypto, now);

  test("are checked, and the answer is signed", () => {
    const checked = verify(QUERY.bytes)!;
    expect(checked).toMatchObject({ key: KEY, error: undefined });
    const signed = signAnswer(answers(ZONE.slice(0, 1).concat(soa(3)))[0]!, checked, tsigCrypto, NOW);
    expect(check([signed])).toBe(true);
  });

  test.each([
    ["an unknown key", [OTHER_KEY], NOW, 17, /BADKEY/],
    ["a wrong secret", [TsigKey.parse(KEY_NAME, Buffer.from("y".repeat(32)).toString("base64"))], NOW, 16, /BADSIG/],
    ["a wrong time", [KEY], NOW + 1_000, 18, /BADTIME; its clock is 1000 s ahead/],
  ])("%s: told so", (_what, keys, now, rcode, problem) => {
    const checked = verify(QUERY.bytes, keys, now)!;
    expect(checked.error?.rcode).toBe(rcode);
    const told = signAnswer(answer([], "AXFR", { rcode: 9 }), checked, tsigCrypto, now);
    expect(() => check([told])).toThrow(problem);
  });

  test("a malformed TSIG record is none", () => {
    const { bytes } = QUERY;
    const at = outlineOf(bytes).tsigAt!;
    const cut = concatBytes([bytes.subarray(0, at), bytes.subarray(at, -16)]);
    const length = at + KEY_NAME.length + 1 + 8;
    cut[length + 1]! -= 16;
    expect(verify(cut)).toBeUndefined();
  });
});

/** The last octet of the fourth message's only record is another. */
function changed(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.with(3, Uint8Array.from(messages[3]!, (octet, place) => (place === MESSAGES[3]!.length - 1 ? octet ^ 1 : octet)));
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}
