/** One HMAC in the making. */
export interface Hmac {
  update(octets: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** The cryptography that TSIG stands on, given from outside. */
export interface TsigCrypto {
  hmacSha256(secret: Uint8Array): Hmac;
  /** Compares two arrays of one length in a time that tells nothing of where they differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}
