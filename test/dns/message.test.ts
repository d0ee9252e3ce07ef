import { encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader, MessageError, NameReader, RecordCursor, encodeMessage, framed, outlineOf, skipName } from "../../src/dns/message/index.ts";
import { type ResourceRecord, concatBytes, encodeHostName, encodeName, encodeSoa, uint16Bytes } from "../../src/dns/records/index.ts";

const HEADER = new Uint8Array(12);

/** A message body behind a header, for the reader of names. */
function body(hex: string): Uint8Array {
  return concatBytes([HEADER, Buffer.from(hex.replaceAll(" ", ""), "hex")]);
}

describe("names", () => {
  test.each([
    ["the root", "00", 12, ".", 13],
    ["plain", "01 41 02 6263 00", 12, "a.bc.", 18],
    ["a pointer alone", "01 61 00 c00c", 15, "a.", 17],
    ["labels, then a pointer", "01 61 00 01 62 c00c", 15, "b.a.", 19],
    ["a pointer to a pointer", "01 61 00 c00c c00f", 17, "a.", 19],
    ["escapes", "03 612e62 00", 12, "a\\.b.", 17],
  ])("%s", (_what, hex, at, name, end) => {
    const message = body(hex);
    const reader = new NameReader(message);
    expect(reader.read(at)).toBe(name);
    expect(reader.end).toBe(end);
    expect(skipName(message, at)).toBe(end);
    expect(reader.read(at)).toBe(name);
  });

  test.each([
    ["a pointer to itself", "c00c", 12, /cannot be|can be/],
    ["a pointer forward", "c010 0000 00", 12, /can be/],
    ["a loop through a label", "01 61 c00c", 12, /can be/],
    ["a pointer into the header", "c004", 12, /can be/],
    ["a label that is cut off", "05 6161", 12, /cut off/],
    ["no end", "01 61", 12, /cut off/],
    ["half a pointer", "c0", 12, /cut off/],
    ["a label of type 01", "41 00", 12, /unknown type/],
    ["a label of type 10", "81 00", 12, /unknown type/],
    ["256 octets", `${`3f${"61".repeat(63)}`.repeat(4)}00`, 12, /longer than 255/],
    ["256 octets by a pointer", `${`3f${"61".repeat(63)}`.repeat(3)}00 ${`3f${"61".repeat(63)}`} c00c`, 12 + 193, /longer than 255/],
  ])("%s is refused", (_what, hex, at, problem) => {
    const message = body(hex);
    expect(() => new NameReader(message).read(at)).toThrow(problem);
    expect(() => new NameReader(message).read(at)).toThrow(MessageError);
  });

  test("a long chain of pointers is refused, whatever its order", () => {
    const chain = Array.from({ length: 4000 }, (_, index) => uint16Bytes(0xc000 + (index === 0 ? 12 : 12 + 1 + (index - 1) * 2)));
    const message = concatBytes([HEADER, Uint8Array.of(0), ...chain]);
    expect(() => new NameReader(message).read(message.length - 2)).toThrow(/more than 127 pointers/);
  });
});

test("names in the data of the types that may compress them are read whole, in lower case", () => {
  const zone = "example.org";
  const bytes = encode({
    type: "response",
    questions: [{ type: "SOA", name: zone, class: "IN" }],
    answers: [
      { type: "NS", name: zone, ttl: 5, data: `NS.${zone}` },
      { type: "PTR", name: zone, ttl: 5, data: `x.${zone}` },
      { type: "CNAME", name: `w.${zone}`, ttl: 5, data: zone },
      { type: "MX", name: zone, ttl: 5, data: { preference: 10, exchange: `mail.${zone}` } },
      { type: "SRV", name: zone, ttl: 5, data: { priority: 1, weight: 2, port: 3, target: `s.${zone}` } },
      { type: "RP", name: zone, ttl: 5, data: { mbox: `a.${zone}`, txt: `b.${zone}` } },
      { type: "SOA", name: zone, ttl: 5, data: { mname: `m.${zone}`, rname: `r.${zone}`, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 } },
      { type: "NAPTR", name: zone, ttl: 5, data: { order: 1, preference: 2, flags: "u", services: "s", regexp: "", replacement: `t.${zone}` } },
    ],
  });
  expect(recordsOf(bytes).map(({ data }) => hexOf(data))).toEqual(
    [
      wireName("ns."),
      wireName("x."),
      wireName(""),
      concatBytes([uint16Bytes(10), wireName("mail.")]),
      concatBytes([uint16Bytes(1), uint16Bytes(2), uint16Bytes(3), wireName("s.")]),
      concatBytes([wireName("a."), wireName("b.")]),
      encodeSoa({ mname: "m.example.org.", rname: "r.example.org.", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }),
      concatBytes([uint16Bytes(1), uint16Bytes(2), Buffer.from("\u0001u\u0001s\u0000"), wireName("t.")]),
    ].map(hexOf),
  );
});

test.each([
  ["no octets", 12, ""],
  ["a name and more", 12, "0000"],
  ["a name that goes on behind the data", 12, "0161"],
  ["an SOA without its numbers", 6, "00 00 00000001"],
  ["an SOA with one name", 6, "00"],
  ["a NAPTR that ends in a string", 35, "0001 0002 05"],
])("data of a wrong length are refused: %s", (_what, type, data) => {
  const record = { name: "a.", type, ttl: 0, data: Buffer.from(data.replaceAll(" ", ""), "hex") };
  expect(() => recordsOf(encodeMessage({ id: 1, answers: [record, record] }))).toThrow(MessageError);
});

test("what is written is read", () => {
  const records = [
    { name: "a.example.", type: 16, ttl: 7, data: Uint8Array.of(1, 65) },
    { name: ".", type: 65_000, ttl: 0, data: new Uint8Array() },
  ];
  expect(recordsOf(encodeMessage({ id: 1, question: { name: ".", type: 1 }, answers: records }))).toEqual(records);
});

test("a TTL with the highest bit set is zero", () => {
  const bytes = encodeMessage({ id: 1, answers: [{ name: ".", type: 1, ttl: 0x80000001, data: new Uint8Array() }] });
  expect(recordsOf(bytes)[0]!.ttl).toBe(0);
});

describe("outlines", () => {
  const whole = encodeMessage({ id: 1, question: { name: "a.example.", type: 252 }, answers: [{ name: "a.example.", type: 16, ttl: 7, data: Uint8Array.of(1, 65) }] });

  test("every cut is noticed, and so is every octet too many", () => {
    for (let length = 0; length < whole.length; length++) expect(() => outlineOf(whole.subarray(0, length))).toThrow(MessageError);
    expect(() => outlineOf(concatBytes([whole, Uint8Array.of(0)]))).toThrow(/1 octets follow/);
    expect(outlineOf(whole).question).toEqual({ name: "a.example.", type: 252, class: 1 });
  });

  test("two questions, and a TSIG record in the wrong place, are refused", () => {
    expect(() => outlineOf(Uint8Array.from(whole, (octet, at) => (at === 5 ? 2 : octet)))).toThrow(/2 questions/);
    expect(() => outlineOf(encodeMessage({ id: 1, answers: [{ name: ".", type: 250, ttl: 0, data: new Uint8Array() }] }))).toThrow(/not the last/);
  });
});

test("random octets are read or refused, nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 3 }), (octets, answers) => {
      const message = concatBytes([HEADER, octets]);
      message[7] = answers;
      expect([undefined, "MessageError", "RdataError"]).toContain(failureOf(() => recordsOf(message))?.name);
    }),
    { numRuns: 2_000 },
  );
});

test("a stream gives the same messages in whatever chunks it comes", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sent, sizes) => {
      expect(unframed(concatBytes(sent.map(framed)), sizes)).toEqual(sent.map(hexOf));
    }),
  );
});

test("the longest message in chunks of one octet takes no more than its length", () => {
  const message = new Uint8Array(65_535).fill(7);
  const started = performance.now();
  for (let round = 0; round < 5; round++) expect(unframed(framed(message), [1])).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("of a message that comes in pieces no chunk is kept", () => {
  const frames = new FrameReader();
  const chunk = new Uint8Array(3);
  const octets = framed(Uint8Array.from({ length: 1_000 }, (_, at) => at % 251));
  for (let at = 0; at < octets.length; at += chunk.length) {
    expect(frames.next()).toBeUndefined();
    chunk.set(octets.subarray(at, at + chunk.length));
    frames.push(chunk);
  }
  expect(hexOf(frames.next()!)).toBe(hexOf(octets.subarray(2)));
});

function failureOf(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function unframed(octets: Uint8Array, sizes: readonly number[]): string[] {
  const frames = new FrameReader();
  const messages: string[] = [];
  for (let at = 0, chunk = 0; at < octets.length; chunk++) {
    const size = sizes[chunk % sizes.length]!;
    frames.push(octets.subarray(at, at + size));
    at += size;
    for (let message = frames.next(); message !== undefined; message = frames.next()) messages.push(hexOf(message));
  }
  return messages;
}

function recordsOf(message: Uint8Array): ResourceRecord[] {
  const { answersAt, header } = outlineOf(message);
  const cursor = new RecordCursor(message, answersAt);
  return Array.from({ length: header.answers }, () => {
    cursor.next();
    const { name, type, ttl } = cursor;
    encodeName(name);
    return { name, type, ttl, data: Uint8Array.from(cursor.data()) };
  });
}

function wireName(prefix: string): Uint8Array {
  return encodeHostName(`${prefix}example.org.`);
}

function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}
