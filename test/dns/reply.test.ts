import { Buffer } from "node:buffer";
import { decode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MessageError, encodeMessage, makeQuery, outlineOf, readReply, repeatsQuestion } from "../../src/dns/message/index.ts";
import { RdataError, RecordType, type ResourceRecord, encodeHostName, encodeTxt } from "../../src/dns/records/index.ts";

const NAME = "version.drtm.example.";
const TXT: ResourceRecord = { name: NAME, type: RecordType.TXT, ttl: 60, data: encodeTxt(["drtm1"]) };

const query = makeQuery(NAME, RecordType.TXT, "signatures", () => 0x5a5a5a5a);

/** A right reply to the query, its question in the same letters. */
function reply(answers: readonly ResourceRecord[], authority: readonly ResourceRecord[] = []): Uint8Array {
  const message = encodeMessage({ id: query.id, flags: 0x8000, question: { name: NAME, type: RecordType.TXT }, answers, authority });
  message.set(query.question, 12);
  return message;
}

describe("a query", () => {
  test("is what another's decoder reads, with the letters of its name in either case", () => {
    const names = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { bytes } = makeQuery(NAME, RecordType.TXT, "signatures", () => Math.imul(seed + 1, 0x9e3779b9) >>> 0);
      const [question] = decode(Buffer.from(bytes)).questions!;
      names.add(question!.name);
      expect(`${question!.name.toLowerCase()}.`).toBe(NAME);
      expect(outlineOf(bytes)).toMatchObject({ question: { name: NAME, type: RecordType.TXT, class: 1 } });
    }
    expect(names.size).toBeGreaterThan(15);
  });

  test("is repeated only by a message with the same letters", () => {
    expect(repeatsQuestion(reply([TXT]), query)).toBe(true);
    const other = reply([TXT]);
    other[13]! ^= 0x20;
    expect(repeatsQuestion(other, query)).toBe(false);
    expect(repeatsQuestion(reply([TXT]).subarray(0, 20), query)).toBe(false);
  });
});

describe("a reply", () => {
  test("has the records asked for, and all that came with them", () => {
    const soa: ResourceRecord = { name: "drtm.example.", type: RecordType.NS, ttl: 5, data: encodeHostName("ns.drtm.example.") };
    expect(readReply(reply([TXT], [soa]), query)).toEqual({ rcode: 0, truncated: false, authenticated: false, records: [TXT], sections: [TXT, soa] });
  });

  test("of aliases that go round has none", () => {
    expect(readReply(reply([alias(NAME, "a.example."), alias("a.example.", NAME)]), query)).toMatchObject({ records: [] });
  });

  test("changed in any octets is read, or none of ours, or broken: never anything else", () => {
    const right = reply([TXT, { ...TXT, type: RecordType.CNAME, data: encodeHostName("a.example.") }], [TXT]);
    const changes = fc.array(fc.tuple(fc.nat(right.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat(right.length), (some, cut) => {
        const message = Uint8Array.from(right);
        for (const [at, octet] of some) message[at] = octet;
        for (const octets of [message, message.subarray(0, cut)]) {
          const outcome = outcomeOf(octets);
          expect(outcome === undefined || outcome instanceof MessageError || outcome instanceof RdataError || "records" in (outcome as object)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function alias(name: string, target: string): ResourceRecord {
  return { name, type: RecordType.CNAME, ttl: 60, data: encodeHostName(target) };
}

function outcomeOf(octets: Uint8Array): unknown {
  try {
    return readReply(octets, query);
  } catch (error) {
    return error;
  }
}
