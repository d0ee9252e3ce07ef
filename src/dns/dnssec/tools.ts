import type { KeyMaterial } from "./key-material.ts";

/** A public key algorithm, given from outside: this folder does no cryptography. */
export interface Verifier {
  /** Whether the signature of these octets is that key's. What is no key, or no signature, is a wrong one. */
  verify(key: KeyMaterial, octets: Uint8Array, signature: Uint8Array): boolean;
}

export type HashAlgorithm = "sha256" | "sha384" | "sha512";

/** The digest of octets that come in parts: likewise. */
export type Digest = (algorithm: HashAlgorithm, parts: readonly Uint8Array[]) => Uint8Array;

export interface DnssecTools {
  readonly verifier: Verifier;
  readonly digest: Digest;
}
