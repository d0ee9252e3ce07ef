import { describe, expect, test } from "vitest";
import { Fault, WireError, decodeDatagram } from "../../src/wire/index.ts";
import { encodeVector } from "./vector-encoder.ts";
import { extensionFields, fieldsOf } from "./vector-fields.ts";
import { type MessageVector, readVectors } from "./vector.ts";

const { messages, refused } = readVectors();

describe("message vectors", () => {
  test.each(messages)("$name: read", (vector) => {
    const bytes = Buffer.from(vector.hex, "hex");
    const decoded = decodeDatagram(bytes);
    expect(bytes).toHaveLength(vector.octets);
    expect(fieldsOf(decoded)).toEqual(withoutExtensions(vector));
    const handedOut = vector.extensions.filter(({ type }) => type === "loadShift" || type === "trace");
    expect(extensionFields(decoded.extensions)).toEqual(handedOut);
  });

  test.each(messages.filter(({ decodeOnly }) => !decodeOnly))("$name: written", (vector) => {
    expect(Buffer.from(encodeVector(vector)).toString("hex")).toBe(vector.hex);
  });

  test("show every type, result and action", () => {
    expect(new Set(messages.map(({ type }) => type)).size).toBe(6);
    const results = messages.flatMap((vector) => (vector.type === "mapReply" ? [vector.result] : []));
    expect(new Set(results)).toEqual(new Set(Array.from({ length: 12 }, (_, result) => result)));
    const actions = messages.flatMap((vector) => (vector.type === "cacheUpdate" ? [vector.action] : []));
    expect(new Set(actions)).toEqual(new Set([1, 2, 3, 4]));
  });
});

describe("refused vectors", () => {
  test.each(refused)("$name: $fault", ({ hex, fault }) => {
    const decode = (): unknown => decodeDatagram(Buffer.from(hex, "hex"));
    expect(decode).toThrow(WireError);
    expect(decode).toThrow(expect.objectContaining({ code: "DRTM_WIRE", fault: Fault[fault] }));
    expect(decode).toThrow(`(${fault}): `);
  });

  test("show every fault that a datagram by itself can have", () => {
    const shown = new Set<string>(refused.map(({ fault }) => fault));
    expect(shown).toEqual(new Set(Object.keys(Fault).filter((name) => name !== "none" && name !== "wrongType")));
  });
});

function withoutExtensions(vector: MessageVector): unknown {
  const { name: _name, hex: _hex, octets: _octets, decodeOnly: _decodeOnly, extensions: _extensions, ...fields } = vector;
  return fields;
}
