import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader, outlineOf, skipName } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord, uint16Bytes } from "../../src/dns/records/index.ts";
import { DEFAULT_BOUNDS, TransferCollector, TransferError, TransferReader, calledForAxfr, failed, hasExpired, readSoaAnswer, refreshed, refreshedInPart, unknownZone } from "../../src/dns/transfer/index.ts";
import { AnswerVerifier, TsigKey } from "../../src/dns/tsig/index.ts";
import { tsigCrypto } from "../../src/io/tsig-crypto.ts";
import { KEY_NAME, SECRET, signAnswers } from "../support/tsig-server.ts";
import { APEX, ID, LIMITS, a, answer, answers, flood, read, soa, stream, txt } from "../support/transfers.ts";

const WHOLE = [soa(3), txt("version"), a("a", "192.0.2.1"), a("b", "192.0.2.2"), soa(3)];
/** 1 to 2 to 3. */
const INCREMENTS = [soa(3), soa(1), txt("old"), soa(2), txt("new"), txt("newer"), soa(2), soa(3), a("c", "192.0.2.3"), soa(3)];

/** Serials across the end of their circle (RFC 1982). */
const WRAP = [soa(1), soa(0xfffffffe), soa(1), txt("new"), soa(1)];

describe("AXFR", () => {
  test.each([1, 2, 5])("with %i records in a message", (perMessage) => {
    const { summary, collector, isDone } = read(answers(WHOLE, "AXFR", perMessage));
    expect(isDone).toBe(true);
    expect(summary).toMatchObject({ kind: "whole", serial: 3, recordCount: 5, messageCount: Math.ceil(5 / perMessage) });
    expect(collector.records).toEqual(WHOLE.slice(0, -1));
  });

  test("later messages may leave the question out (RFC 5936 section 2.2.2)", () => {
    const [first, ...rest] = answers(WHOLE, "AXFR", 2);
    const bare = rest.map((_, index) => answer(WHOLE.slice(2 + index * 2, 4 + index * 2), "AXFR", { question: undefined! }));
    expect(read([first!, ...bare]).isDone).toBe(true);
  });

  test("a zone that is an SOA and nothing else", () => {
    expect(read([answer([soa(1), soa(1)])]).collector.records).toEqual([soa(1)]);
  });

  test("the serial that we have already may be fetched again, an older one not", () => {
    expect(read(answers(WHOLE, "AXFR", 1), { from: 3 }).collector.records).toEqual(WHOLE.slice(0, -1));
    expect(read([answer(WHOLE)], { from: 3 }).isDone).toBe(true);
    expect(faultOf(() => read([answer(WHOLE)], { from: 4 }))).toBe("serial");
  });
});

describe("IXFR", () => {
  test.each([1, 2, 3, 10])("increments, with %i records in a message", (perMessage) => {
    const { summary, collector, isDone } = read(answers(INCREMENTS, "IXFR", perMessage), { type: "IXFR", from: 1 });
    expect(isDone).toBe(true);
    expect(summary).toMatchObject({ kind: "increments", serial: 3 });
    expect(collector.steps).toEqual([
      { from: 1, removed: [soa(1), txt("old")], added: [soa(2), txt("new"), txt("newer")] },
      { from: 2, removed: [soa(2)], added: [soa(3), a("c", "192.0.2.3")] },
    ]);
  });

  test("one SOA of our own serial: nothing has changed", () => {
    const { summary, isDone } = read([answer([soa(3)], "IXFR")], { type: "IXFR", from: 3 });
    expect({ isDone, kind: summary.kind, serial: summary.serial }).toEqual({ isDone: true, kind: "unchanged", serial: 3 });
  });

  test.each([1, 2, 5])("the whole zone in place of increments, with %i records in a message", (perMessage) => {
    const { summary, collector } = read(answers(WHOLE, "IXFR", perMessage), { type: "IXFR", from: 1 });
    expect(summary.kind).toBe("whole");
    expect(collector.records).toEqual(WHOLE.slice(0, -1));
  });

  test("the whole zone of an SOA only", () => {
    expect(read(answers([soa(3), soa(3)], "IXFR", 1), { type: "IXFR", from: 1 }).summary.kind).toBe("whole");
  });

  test("one SOA of a newer serial is not the end; where nothing follows, the whole zone is needed", () => {
    const reader = new TransferReader({ id: ID, apex: APEX, type: "IXFR", from: 1, verifier: undefined }, LIMITS, new TransferCollector());
    expect(reader.isOnlySoa).toBe(false);
    reader.accept(answer([soa(3)], "IXFR"), 0);
    expect([reader.isDone, reader.isOnlySoa]).toEqual([false, true]);
    expect(faultOf(() => { reader.end(); })).toBe("increments");
    reader.accept(answer([soa(1)], "IXFR"), 0);
    expect(reader.isOnlySoa).toBe(false);
    expect(faultOf(() => { reader.end(); })).toBe("cut");
  });

  test("serials wrap", () => {
    expect(read([answer(WRAP, "IXFR")], { type: "IXFR", from: 0xfffffffe }).summary).toMatchObject({ kind: "increments", serial: 1 });
  });

  test.each<[string, ResourceRecord[], number, string]>([
    ["begin at another serial", INCREMENTS, 0, "increments"],
    ["go back within", [soa(3), soa(1), soa(1), soa(1)], 1, "increments"],
    ["go beyond the end", [soa(3), soa(1), soa(4), soa(4)], 1, "increments"],
    ["have a hole", [soa(9), soa(1), soa(2), soa(3), soa(4)], 1, "increments"],
    ["go back as a whole", INCREMENTS, 4, "serial"],
    ["are 2^31 away, which has no order", [soa(1 + 2 ** 31), soa(1)], 1, "serial"],
    ["end with another SOA", [soa(3), soa(1), soa(3), { ...soa(3), data: soa(3).data.map((octet, at) => (at === 1 ? octet + 1 : octet)) }], 1, "changed"],
  ])("increments that %s are refused", (_what, records, from, fault) => {
    for (const perMessage of [1, 100]) expect(faultOf(() => read(answers(records, "IXFR", perMessage), { type: "IXFR", from }))).toBe(fault);
  });
});

describe("what is refused", () => {
  const inZone = { name: `x.${APEX}`, type: 16, ttl: 1, data: Uint8Array.of(1, 65) };

  test.each<[string, Uint8Array[], string, RegExp]>([
    ["another id", [answer(WHOLE, "AXFR", { id: ID + 1 })], "foreign", /its id is 4712/],
    ["a query", [answer(WHOLE, "AXFR", { flags: 0 })], "foreign", /no response/],
    ["another opcode", [answer(WHOLE, "AXFR", { opcode: 4 })], "foreign", /no response to a query/],
    ["another zone's question", [answer(WHOLE, "AXFR", { question: { name: "other.example.", type: 252 } })], "foreign", /another question: other/],
    ["another type of question", [answer(WHOLE, "IXFR")], "foreign", /another question/],
    ["another question later", [answer(WHOLE.slice(0, 2)), answer(WHOLE.slice(2), "IXFR")], "foreign", /message 2: it answers another/],
    ["another class", [withClass(answer(WHOLE), 3)], "foreign", /class 3/],
    ["another zone's SOA", [answer([soa(3, "other.example.")])], "foreign", /other\.example\. is not in the zone/],
    ["the SOA of a zone below", [answer([soa(3), soa(3, `sub.${APEX}`)])], "foreign", /SOA of another zone/],
    ["a record outside", [answer([soa(3), { ...inZone, name: "x.example." }])], "foreign", /x\.example\. is not in the zone/],
    ["a name that only ends alike", [answer([soa(3), { ...inZone, name: `x${APEX}` }])], "foreign", /is not in the zone/],
    ["a record behind the end", [answer([...WHOLE, inZone])], "trailing", /records follow/],
    ["a message behind the end", [answer(WHOLE), answer([inZone])], "trailing", /messages follow/],
    ["no SOA at first", [answer([inZone, ...WHOLE])], "lame", /does not begin with the SOA/],
    ["no records", [answer([])], "lame", /no records in its first message/],
    ["another SOA at the end", [answer([soa(3), inZone, soa(4)])], "changed", /serial 4/],
    ["an OPT record as data", [answer([soa(3), { ...inZone, type: 41 }])], "malformed", /no zone has/],
    ["a question type as data", [answer([soa(3), { ...inZone, type: 255 }])], "malformed", /no zone has/],
    ["an SOA that is none", [answer([{ ...soa(3), data: Uint8Array.of(0, 0, 1) }])], "malformed", /length/],
    ["truncation", [answer(WHOLE, "AXFR", { flags: 0x8200 })], "malformed", /truncated/],
    ["octets that are no message", [Uint8Array.of(1, 2, 3)], "malformed", /3 octets/],
    ["REFUSED", [answer([], "AXFR", { rcode: 5 })], "refused", /REFUSED: allow transfers/],
    ["NOTAUTH", [answer([], "AXFR", { rcode: 9 })], "refused", /NOTAUTH: ask a server/],
    ["SERVFAIL in the middle", [answer(WHOLE.slice(0, 2)), answer([], "AXFR", { rcode: 2 })], "refused", /message 2: the server says SERVFAIL/],
  ])("%s", (_what, messages, fault, problem) => {
    expect(faultOf(() => read(messages))).toBe(fault);
    expect(() => read(messages)).toThrow(problem);
    expect(() => read(messages)).toThrow(`of ${APEX}`);
  });

  test("an end too early", () => {
    const reader = new TransferReader({ id: ID, apex: APEX, type: "AXFR", from: undefined, verifier: undefined }, LIMITS, new TransferCollector());
    reader.accept(answer(WHOLE.slice(0, -1)), 0);
    expect(faultOf(() => { reader.end(); })).toBe("cut");
  });

  test.each(["octets", "records", "messages"] as const)("too many %s", (what) => {
    const limits = { octets: 10_000, records: 40, messages: 30, [what]: 20 };
    const many = answers(Array.from({ length: 60 }, (_, index) => (index === 0 ? soa(3) : txt(`t${index}`))), "AXFR", 2);
    expect(() => read(many, { limits })).toThrow(new RegExp(`more than 20 ${what}.*raise the limit`));
    expect(faultOf(() => read(many, { limits }))).toBe("bounds");
  });

  test("which faults call for the whole zone", () => {
    const refused = [4, 5, 9].map((rcode) => new TransferError("refused", "", { rcode }));
    const others = (["increments", "serial", "foreign"] as const).map((fault) => new TransferError(fault, ""));
    expect([...refused, ...others].map(calledForAxfr)).toEqual([true, true, false, true, false, false]);
  });
});

test("whatever the chunks and however the records are divided, a stream gives the same", () => {
  const arbitrary = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }));
  const expected = read(answers(INCREMENTS, "IXFR"), { type: "IXFR", from: 1 }).collector.steps;
  fc.assert(
    fc.property(arbitrary, ([perMessage, sizes]) => {
      expect(read(inChunks(stream(answers(INCREMENTS, "IXFR", perMessage)), sizes), { type: "IXFR", from: 1 }).collector.steps).toEqual(expected);
    }),
  );
});

test("changed octets are read or refused by name, nothing else", () => {
  const [whole] = answers(INCREMENTS, "IXFR");
  const change = fc.tuple(fc.nat({ max: whole!.length - 1 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const message = Uint8Array.from(whole!);
      for (const [at, octet] of changes) message[at] = octet;
      // Another error than a TransferError goes through.
      expect(faultOf(() => read([message], { type: "IXFR", from: 1 }))).not.toBe("");
    }),
    { numRuns: 3_000 },
  );
});

test("a million records are read and bounded without being held", () => {
  const message = flood();
  let heard = 0;
  const sink = { begin: () => undefined, beginStep: () => undefined, removed: () => undefined, added: () => void heard++ };
  const reader = new TransferReader({ id: ID, apex: APEX, type: "AXFR", from: undefined, verifier: undefined }, { octets: 1e9, records: 1_000_000, messages: 1e6 }, sink);
  reader.accept(answer([soa(1)]), 0);
  expect(faultOf(() => { for (;;) reader.accept(message, 0); })).toBe("bounds");
  expect(heard).toBeGreaterThan(990_000);
});

describe("the SOA by a datagram", () => {
  const question = { name: APEX, type: RecordType.SOA };
  const right = answer([txt("a"), soa(5)], "AXFR", { question });

  test("is found among what else is there", () => {
    expect(ask(right)).toBe(5);
  });

  test.each([
    ["another id", answer([soa(5)], "AXFR", { question, id: ID + 1 })],
    ["from a cache", answer([soa(5)], "AXFR", { question, flags: 0x8000 })],
    ["the query itself", answer([soa(5)], "AXFR", { question, flags: 0x0400 })],
    ["truncated", answer([soa(5)], "AXFR", { question, flags: 0x8600 })],
    ["refused", answer([soa(5)], "AXFR", { question, rcode: 5 })],
    ["another question", answer([soa(5)])],
    ["no question", answer([soa(5)], "AXFR", { question: undefined! })],
    ["another zone's", answer([soa(5, "example.")], "AXFR", { question })],
    ["an SOA that is none", answer([{ ...soa(5), data: Uint8Array.of(0) }], "AXFR", { question })],
    ["nothing", answer([], "AXFR", { question })],
    ["garbage", Uint8Array.of(1, 2, 3)],
  ])("%s is none", (_what, message) => {
    expect(ask(message)).toBeUndefined();
  });

  test("must be signed where the query was", () => {
    const key = TsigKey.parse(KEY_NAME, SECRET.toString("base64"));
    const mac = new Uint8Array(32).fill(1);
    const verifier = (): AnswerVerifier => new AnswerVerifier(key, tsigCrypto, mac);
    const [signed] = signAnswers([right], mac, { time: 1_000 });
    expect([ask(signed!, 1_000, verifier()), ask(right, 1_000, verifier()), ask(signed!, 2_000, verifier())]).toEqual([5, undefined, undefined]);
  });
});

describe("timers of an SOA", () => {
  const times = { refresh: 3_600, retry: 600, expire: 604_800 };

  test("a zone of which nothing is known is due at once, and then ever later", () => {
    let state = unknownZone(100);
    expect(state.due).toBe(100);
    const waits = Array.from({ length: 14 }, () => {
      state = failed(state, 100, DEFAULT_BOUNDS, 0);
      return state.due - 100;
    });
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(waits.at(-1)).toBe(DEFAULT_BOUNDS.retryMax);
    expect(hasExpired(state, 1e9)).toBe(false);
  });

  test("refresh, retry and expire as the SOA has them; the first retries are sooner", () => {
    const state = refreshed(0, times, DEFAULT_BOUNDS, 0);
    expect(state).toMatchObject({ due: 3_600, expires: 604_800, failures: 0 });
    let later = state;
    const waits = Array.from({ length: 12 }, () => {
      later = failed(later, 3_600, DEFAULT_BOUNDS, 0);
      return later.due - 3_600;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    expect(later).toMatchObject({ expires: 604_800, failures: 12 });
    expect(hasExpired(later, 604_799)).toBe(false);
    expect(hasExpired(later, 604_800)).toBe(true);
    expect(refreshed(9_000, times, DEFAULT_BOUNDS, 0)).toMatchObject({ due: 12_600, expires: 613_800, failures: 0 });
  });

  test("what could be read in part is looked at again after the retry time", () => {
    expect(refreshedInPart(100, times, DEFAULT_BOUNDS, 0)).toMatchObject({ due: 700, expires: 604_900 });
    expect(refreshedInPart(100, { ...times, refresh: 60 }, DEFAULT_BOUNDS, 0).due).toBe(160);
  });

  test("a zone that expires is looked at then, at the latest, and later on goes on being tried", () => {
    let state = refreshed(0, { refresh: 3_600, retry: 3_600, expire: 86_400 }, DEFAULT_BOUNDS, 0);
    for (let count = 0; count < 20; count++) state = failed(state, 86_000, DEFAULT_BOUNDS, 0);
    expect(state.due).toBe(86_400);
    expect(failed(state, 86_400, DEFAULT_BOUNDS, 0).due).toBe(90_000);
  });

  test("whatever a zone asks for is kept within bounds, and looked at before it expires", () => {
    const any = fc.nat({ max: 0x7fffffff });
    fc.assert(
      fc.property(fc.record({ refresh: any, retry: any, expire: any }), fc.double({ min: 0, max: 1, noNaN: true }), (asked, random) => {
        const state = refreshed(0, asked, DEFAULT_BOUNDS, random);
        expect(state.due).toBeGreaterThanOrEqual(DEFAULT_BOUNDS.refreshMin * 0.9);
        expect(state.due).toBeLessThanOrEqual(DEFAULT_BOUNDS.refreshMax);
        expect(state.due).toBeLessThan(state.expires);
        expect(state.expires).toBeLessThanOrEqual(DEFAULT_BOUNDS.expireMax);
        const { due } = failed({ ...state, failures: 30 }, 0, DEFAULT_BOUNDS, random);
        expect(due).toBeGreaterThanOrEqual(DEFAULT_BOUNDS.retryMin * 0.9);
        expect(due).toBeLessThanOrEqual(DEFAULT_BOUNDS.retryMax);
      }),
    );
  });
});

/** The serial that a datagram answers the question for the SOA with. */
function ask(message: Uint8Array, now = 0, verifier?: AnswerVerifier): number | undefined {
  return readSoaAnswer(message, { id: ID, apex: APEX, verifier }, now)?.serial;
}

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof TransferError) return error.fault;
    throw error;
  }
  return "none";
}

function inChunks(octets: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const frames = new FrameReader();
  const messages: Uint8Array[] = [];
  for (let at = 0, chunk = 0; at < octets.length; chunk++) {
    const size = sizes[chunk % sizes.length]!;
    frames.push(octets.subarray(at, at + size));
    at += size;
    for (let message = frames.next(); message !== undefined; message = frames.next()) messages.push(message);
  }
  return messages;
}

/** Gives the first record of an answer, an SOA at the apex, another class. */
function withClass(message: Uint8Array, value: number): Uint8Array {
  message.set(uint16Bytes(value), skipName(message, outlineOf(message).answersAt) + 2);
  return message;
}
