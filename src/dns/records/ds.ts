import { RdataReader, concatBytes, uint16Bytes } from "./rdata-reader.ts";

/** The digest of a key, kept outside the zone that it signs (RFC 4034 section 5). */
export interface Ds {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
}

/** Throws RdataError. */
export function decodeDs(bytes: Uint8Array): Ds {
  const reader = new RdataReader("DS", bytes);
  const head = { keyTag: reader.uint16("key tag"), algorithm: reader.uint8("algorithm"), digestType: reader.uint8("digest type") };
  if (reader.remaining === 0) reader.fail("has no digest");
  return { ...head, digest: reader.bytes(reader.remaining, "digest") };
}

export function encodeDs({ keyTag, algorithm, digestType, digest }: Ds): Uint8Array {
  return concatBytes([uint16Bytes(keyTag), Uint8Array.of(algorithm, digestType), digest]);
}
