import { RdataReader, concatBytes, decodeNsec, encodeNsec, encodeTypeBitmap, readTypeBitmap, typeName, uint16Bytes } from "../records/index.ts";
import { decodeBase32Hex, encodeBase32Hex } from "./base-n.ts";
import { parseType } from "./dnssec-text.ts";
import type { Fields } from "./fields.ts";
import { hexOf } from "./hex.ts";

/** `b.example. A RRSIG NSEC` (RFC 4034 section 4.2). */
export function parseNsecText(fields: Fields): Uint8Array {
  return encodeNsec({ next: fields.name("next name"), types: parseTypes(fields) });
}

export function formatNsecText(data: Uint8Array, relative: (name: string) => string): string[] {
  const { next, types } = decodeNsec(data);
  return [relative(next), ...types.map(typeName)];
}

/** `1 1 12 aabbccdd <base32hex> A RRSIG` (RFC 5155 section 3.3). */
export function parseNsec3Text(fields: Fields): Uint8Array {
  const head = parseNsec3paramText(fields);
  const text = fields.word("next hashed name");
  const next = decodeBase32Hex(text);
  if (next === undefined || next.length === 0 || next.length > 255) return fields.fail(`"${text}" is no next hashed name: write it in base32hex`);
  return concatBytes([head, Uint8Array.of(next.length), next, encodeTypeBitmap(parseTypes(fields))]);
}

export function formatNsec3Text(data: Uint8Array): string[] {
  const reader = new RdataReader("NSEC3", data);
  const head = formatParameters(reader);
  const next = reader.bytes(reader.uint8("hash length"), "next hashed name");
  if (next.length === 0) reader.fail("has no next hashed name");
  return [...head, encodeBase32Hex(next), ...readTypeBitmap(reader).map(typeName)];
}

/** `1 0 12 aabbccdd`, or `-` for no salt (RFC 5155 section 4.3). */
export function parseNsec3paramText(fields: Fields): Uint8Array {
  const numbers = [fields.number("hash algorithm", 255), fields.number("flags", 255)];
  const iterations = fields.number("iterations", 0xffff);
  const salt = parseSalt(fields);
  return concatBytes([Uint8Array.from(numbers), uint16Bytes(iterations), Uint8Array.of(salt.length), salt]);
}

export function formatNsec3paramText(data: Uint8Array): string[] {
  const reader = new RdataReader("NSEC3PARAM", data);
  const words = formatParameters(reader);
  reader.end();
  return words;
}

function parseSalt(fields: Fields): Uint8Array {
  const text = fields.word("salt");
  if (text === "-") return new Uint8Array();
  if (!/^(?:[0-9a-f]{2}){1,255}$/i.test(text)) fields.fail(`"${text}" is no salt: write pairs of hex digits, or -`);
  return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

function formatParameters(reader: RdataReader): string[] {
  const numbers = [reader.uint8("hash algorithm"), reader.uint8("flags"), reader.uint16("iterations")];
  const salt = reader.bytes(reader.uint8("salt length"), "salt");
  return [...numbers.map(String), salt.length === 0 ? "-" : hexOf(salt)];
}

function parseTypes(fields: Fields): number[] {
  const types: number[] = [];
  while (fields.remaining > 0) types.push(parseType(fields));
  return types;
}
