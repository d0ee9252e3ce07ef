import { RdataReader, concatBytes, uint16Bytes } from "./rdata-reader.ts";

/** A public key of a zone (RFC 4034 section 2). */
export interface Dnskey {
  readonly flags: number;
  /** Always 3 (section 2.1.2). */
  readonly protocol: number;
  readonly algorithm: number;
  /** In the form that the algorithm has for it. */
  readonly publicKey: Uint8Array;
}

/** RFC 4034 section 2.1.1, RFC 5011 section 2.1. */
export const DnskeyFlag = { zone: 0x0100, revoked: 0x0080, secureEntryPoint: 0x0001 } as const;

/** Throws RdataError. */
export function decodeDnskey(bytes: Uint8Array): Dnskey {
  const reader = new RdataReader("DNSKEY", bytes);
  const head = { flags: reader.uint16("flags"), protocol: reader.uint8("protocol"), algorithm: reader.uint8("algorithm") };
  if (reader.remaining === 0) reader.fail("has no public key");
  return { ...head, publicKey: reader.bytes(reader.remaining, "public key") };
}

export function encodeDnskey({ flags, protocol, algorithm, publicKey }: Dnskey): Uint8Array {
  return concatBytes([uint16Bytes(flags), Uint8Array.of(protocol, algorithm), publicKey]);
}
