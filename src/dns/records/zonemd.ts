import { RdataReader, concatBytes, uint32Bytes } from "./rdata-reader.ts";

/** The digest of a whole zone (RFC 8976 section 2). */
export interface Zonemd {
  readonly serial: number;
  readonly scheme: number;
  readonly hashAlgorithm: number;
  readonly digest: Uint8Array;
}

/** RFC 8976 section 2.2.4: shorter ones MUST NOT be used. */
const LEAST_DIGEST_OCTETS = 12;

/** Throws RdataError. */
export function decodeZonemd(bytes: Uint8Array): Zonemd {
  const reader = new RdataReader("ZONEMD", bytes);
  const head = { serial: reader.uint32("serial"), scheme: reader.uint8("scheme"), hashAlgorithm: reader.uint8("hash algorithm") };
  if (reader.remaining < LEAST_DIGEST_OCTETS) reader.fail(`has a digest of ${reader.remaining} octets: ${LEAST_DIGEST_OCTETS} is the least`);
  return { ...head, digest: reader.bytes(reader.remaining, "digest") };
}

export function encodeZonemd({ serial, scheme, hashAlgorithm, digest }: Zonemd): Uint8Array {
  return concatBytes([uint32Bytes(serial), Uint8Array.of(scheme, hashAlgorithm), digest]);
}
