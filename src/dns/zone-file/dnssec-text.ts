import {
  type Ds,
  algorithmFromName,
  decodeDnskey,
  decodeDs,
  decodeRrsig,
  decodeZonemd,
  encodeDnskey,
  encodeDs,
  encodeRrsig,
  encodeZonemd,
  typeFromName,
  typeName,
} from "../records/index.ts";
import { encodeBase64 } from "./base-n.ts";
import type { Fields } from "./fields.ts";
import { hexOf } from "./hex.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";

/** `257 3 13 <base64>` (RFC 4034 section 2.2); CDNSKEY too (RFC 7344 section 3.2). */
export function parseDnskeyText(fields: Fields): Uint8Array {
  return encodeDnskey({
    flags: fields.number("flags", 0xffff),
    protocol: fields.number("protocol", 255),
    algorithm: parseAlgorithm(fields),
    publicKey: fields.base64("public key"),
  });
}

export function formatDnskeyText(data: Uint8Array): string[] {
  const { flags, protocol, algorithm, publicKey } = decodeDnskey(data);
  return [`${flags}`, `${protocol}`, `${algorithm}`, ...words(encodeBase64(publicKey))];
}

/** `60485 13 2 <hex>` (RFC 4034 section 5.3); CDS too (RFC 7344 section 3.1). */
export function parseDsText(fields: Fields): Uint8Array {
  const ds: Ds = {
    keyTag: fields.number("key tag", 0xffff),
    algorithm: parseAlgorithm(fields),
    digestType: fields.number("digest type", 255),
    digest: fields.hex("digest"),
  };
  if (ds.digest.length === 0) fields.fail("the digest is missing");
  return encodeDs(ds);
}

export function formatDsText(data: Uint8Array): string[] {
  const { keyTag, algorithm, digestType, digest } = decodeDs(data);
  return [`${keyTag}`, `${algorithm}`, `${digestType}`, hexOf(digest)];
}

/** `A 13 2 3600 20300101000000 20000101000000 9033 example. <base64>` (RFC 4034 section 3.2). */
export function parseRrsigText(fields: Fields): Uint8Array {
  return encodeRrsig({
    typeCovered: parseType(fields),
    algorithm: parseAlgorithm(fields),
    labels: fields.number("number of labels", 255),
    originalTtl: fields.number("original TTL", 0xffffffff),
    expiration: parseTimestamp(fields, "expiration"),
    inception: parseTimestamp(fields, "inception"),
    keyTag: fields.number("key tag", 0xffff),
    signer: fields.name("signer's name"),
    signature: fields.base64("signature"),
  });
}

export function formatRrsigText(data: Uint8Array, relative: (name: string) => string): string[] {
  const { typeCovered, algorithm, labels, originalTtl, expiration, inception, keyTag, signer, signature } = decodeRrsig(data);
  const times = [formatTimestamp(expiration), formatTimestamp(inception)];
  return [typeName(typeCovered), `${algorithm}`, `${labels}`, `${originalTtl}`, ...times, `${keyTag}`, relative(signer), ...words(encodeBase64(signature))];
}

/** `2018031900 1 1 <hex>` (RFC 8976 section 2.3). */
export function parseZonemdText(fields: Fields): Uint8Array {
  const data = encodeZonemd({
    serial: fields.number("serial", 0xffffffff),
    scheme: fields.number("scheme", 255),
    hashAlgorithm: fields.number("hash algorithm", 255),
    digest: fields.hex("digest"),
  });
  decodeZonemd(data); // refuses a digest that is too short
  return data;
}

export function formatZonemdText(data: Uint8Array): string[] {
  const { serial, scheme, hashAlgorithm, digest } = decodeZonemd(data);
  return [`${serial}`, `${scheme}`, `${hashAlgorithm}`, ...words(hexOf(digest))];
}

/** A type's mnemonic. */
export function parseType(fields: Fields): number {
  const text = fields.word("type");
  return typeFromName(text.toUpperCase()) ?? fields.fail(`"${text}" is no known type: write TYPEn (RFC 3597)`);
}

function parseAlgorithm(fields: Fields): number {
  const known = algorithmFromName(fields.peek()?.text.toUpperCase() ?? "");
  if (known === undefined) return fields.number("algorithm", 255);
  fields.token("algorithm");
  return known;
}

/** Long texts in pieces, so that lines can be broken between them. */
function words(text: string): string[] {
  return text.match(/.{1,64}/g) ?? [];
}
