import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { respond } from "../../src/dns/authority/respond.ts";
import { Zone } from "../../src/dns/authority/zone.ts";
import { Flag, MessageError, Opcode, Rcode, encodeMessage, encodeOpt, makeQuery, outlineOf, readHeader, readReply } from "../../src/dns/message/index.ts";
import { RecordType, concatBytes, uint16Bytes } from "../../src/dns/records/index.ts";
import { registry } from "../support/registry.ts";

const ZONES = [new Zone(registry(7, [{ services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] }]))];
const QUESTION = { name: "version.drtm.example.", type: RecordType.TXT };
const PLAIN = encodeMessage({ id: 7, flags: Flag.recursionDesired, question: QUESTION });

function answerTo(message: Uint8Array): Uint8Array | undefined {
  return respond(message, ZONES, (udpRoom) => udpRoom);
}

/** A message with some of its octets replaced: `[offset, value]`. */
function changed(message: Uint8Array, ...octets: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(message);
  for (const [at, octet] of octets) copy[at] = octet;
  return copy;
}

describe("what is no query of a zone", () => {
  test("a response draws nothing; without a header it is no message", () => {
    expect(answerTo(encodeMessage({ id: 7, flags: Flag.response, question: QUESTION }))).toBeUndefined();
    expect(() => answerTo(PLAIN.subarray(0, 11))).toThrow(MessageError);
  });

  test.each([
    ["no question", encodeMessage({ id: 7 }), Rcode.FORMERR],
    ["two questions", changed(PLAIN, [5, 2]), Rcode.FORMERR],
    ["an octet too many", concatBytes([PLAIN, Uint8Array.of(0)]), Rcode.FORMERR],
    ["a cut question", PLAIN.subarray(0, 20), Rcode.FORMERR],
    ["two OPT records", concatBytes([changed(PLAIN, [11, 2]), encodeOpt(), encodeOpt()]), Rcode.FORMERR],
    ["another opcode", encodeMessage({ id: 7, opcode: Opcode.NOTIFY, question: QUESTION }), Rcode.NOTIMP],
  ])("%s is refused by a header alone", (_what, message, rcode) => {
    const response = answerTo(message)!;
    expect(response).toHaveLength(12);
    expect(readHeader(response)).toMatchObject({ id: 7, isResponse: true, rcode, questions: 0 });
  });

  test("another class is refused", () => {
    expect(readHeader(answerTo(changed(PLAIN, [PLAIN.length - 1, 3]))!)).toMatchObject({ rcode: Rcode.REFUSED, authoritative: false });
  });
});

test("a right query is answered: with its flags, with EDNS where it has that, by what a client reads", () => {
  const plain = answerTo(PLAIN)!;
  expect(readHeader(plain)).toMatchObject({ recursionDesired: true, authoritative: true, answers: 1, additional: 0 });
  const query = makeQuery(QUESTION.name, QUESTION.type, "none", () => 0x5a5a5a5a);
  const response = answerTo(query.bytes)!;
  expect(readHeader(response).additional).toBe(1);
  expect(readReply(response, query)!.records).toMatchObject([{ ...QUESTION, ttl: expect.any(Number) as number }]);
});

/** 8,000 pointers in the data of one record, each to the one before it, and thousands of owners that point to the last. */
function pointerChain(): Uint8Array {
  const links = 8_000;
  const dataAt = 12 + 5 + 11;
  const link = (index: number): Uint8Array => uint16Bytes(0xc000 + dataAt + 2 * index);
  const opaque = [65_400, 1, 0, 0].map(uint16Bytes);
  const chain = [Uint8Array.of(0, 0), ...Array.from({ length: links - 1 }, (_, index) => link(index))];
  const pointers = Array.from({ length: 4_000 }, () => [link(links - 1), ...opaque, uint16Bytes(0)]);
  return concatBytes([
    ...[7, 0, 1, 1 + pointers.length, 0, 0].map(uint16Bytes),
    Uint8Array.of(0, 0, 1, 0, 1),
    Uint8Array.of(0), ...opaque, uint16Bytes(2 * links), ...chain,
    ...pointers.flat(),
  ]);
}

test("a chain of pointers costs its reader nothing", () => {
  const message = pointerChain();
  expect(message.length).toBeGreaterThan(60_000);
  const started = performance.now();
  expect(readHeader(answerTo(message)!).rcode).toBe(Rcode.FORMERR);
  // A reader that follows each chain to its end needs seconds.
  expect(performance.now() - started).toBeLessThan(500);
});

test("changed and cut queries are answered by what can be read, within the limit, or are no messages", () => {
  const whole = makeQuery(QUESTION.name, QUESTION.type, "signatures", () => 0x12345678).bytes;
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.integer({ min: 12, max: whole.length }), fc.boolean(), (octets, end, isNear) => {
      const message = changed(whole, ...octets).subarray(0, end);
      const response = respond(message, ZONES, (udpRoom) => (isNear ? udpRoom : Math.min(udpRoom, message.length)));
      if (response === undefined) return;
      expect(outlineOf(response).header.isResponse).toBe(true);
      expect(response.length).toBeLessThanOrEqual(isNear ? 1232 : message.length);
    }),
    { numRuns: 2_000 },
  );
});
