import { encodeName } from "./name.ts";
import { RdataReader, concatBytes, uint16Bytes, uint32Bytes } from "./rdata-reader.ts";

/** The signature of one RRset (RFC 4034 section 3). */
export interface Rrsig {
  readonly typeCovered: number;
  readonly algorithm: number;
  /** Labels of the owner, without the root and without a leading `*`. */
  readonly labels: number;
  /** Seconds. */
  readonly originalTtl: number;
  /** Seconds since 1970 modulo 2^32, compared as serial numbers (section 3.1.5). */
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: string;
  readonly signature: Uint8Array;
}

/** Throws RdataError. */
export function decodeRrsig(bytes: Uint8Array): Rrsig {
  const reader = new RdataReader("RRSIG", bytes);
  const head = {
    typeCovered: reader.uint16("type covered"),
    algorithm: reader.uint8("algorithm"),
    labels: reader.uint8("labels"),
    originalTtl: reader.uint32("original TTL"),
    expiration: reader.uint32("expiration"),
    inception: reader.uint32("inception"),
    keyTag: reader.uint16("key tag"),
    signer: reader.name("signer's name"),
  };
  if (reader.remaining === 0) reader.fail("has no signature");
  return { ...head, signature: reader.bytes(reader.remaining, "signature") };
}

export function encodeRrsig(rrsig: Rrsig): Uint8Array {
  return concatBytes([encodeRrsigHead(rrsig), rrsig.signature]);
}

/** All but the signature, the signer's name in canonical form: what the signature covers of the record (section 3.1.8.1). */
export function encodeRrsigHead(head: Omit<Rrsig, "signature">): Uint8Array {
  return concatBytes([
    uint16Bytes(head.typeCovered),
    Uint8Array.of(head.algorithm, head.labels),
    ...[head.originalTtl, head.expiration, head.inception].map(uint32Bytes),
    uint16Bytes(head.keyTag),
    encodeName(head.signer),
  ]);
}

/** The type that a signature covers, without reading on; undefined where the data is too short for it. */
export function typeCoveredBy(data: Uint8Array): number | undefined {
  return data.length < 2 ? undefined : data[0]! * 256 + data[1]!;
}
