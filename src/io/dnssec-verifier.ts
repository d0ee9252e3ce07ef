import { type KeyObject, createHash, createPublicKey, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { DnssecTools, HashAlgorithm, KeyMaterial, Verifier } from "../dns/dnssec/index.ts";

/** Some for each zone: a registry, and the DSOCs that it lists. */
const MOST_KEYS = 4096;

/** Verifies with node:crypto. Reading a key takes about as long as using it, so keys are kept. */
export class DnssecVerifier implements Verifier {
  /** False stands for what is no key. */
  readonly #keys = new LRUCache<string, KeyObject | false>({ max: MOST_KEYS });

  verify(key: KeyMaterial, octets: Uint8Array, signature: Uint8Array): boolean {
    const object = this.#keyObject(key);
    if (object === false) return false;
    // ECDSA signatures are the two numbers side by side (RFC 6605 section 4), not DER.
    return verify(key.kind === "ed25519" ? null : "sha256", octets, { key: object, dsaEncoding: "ieee-p1363" }, signature);
  }

  #keyObject(key: KeyMaterial): KeyObject | false {
    const jwk = jwkOf(key);
    const name = Object.values(jwk).join(" ");
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const object = importKey(jwk);
    this.#keys.set(name, object);
    return object;
  }
}

/** Over parts, for one call a record would cost more than the hash. */
export function digestOctets(algorithm: HashAlgorithm, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function dnssecTools(): DnssecTools {
  return { verifier: new DnssecVerifier(), digest: digestOctets };
}

/** RFC 7517, RFC 8037. */
function jwkOf(key: KeyMaterial): Record<string, string> {
  switch (key.kind) {
    case "rsa-sha256":
      return { kty: "RSA", n: base64url(key.modulus), e: base64url(key.exponent) };
    case "p256":
      return { kty: "EC", crv: "P-256", x: base64url(key.x), y: base64url(key.y) };
    case "ed25519":
      return { kty: "OKP", crv: "Ed25519", x: base64url(key.x) };
  }
}

/** A point that is not on the curve, for one, is refused by throwing. */
function importKey(jwk: Record<string, string>): KeyObject | false {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return false;
  }
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}
