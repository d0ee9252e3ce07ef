import { type KeyObject, createHash, createPublicKey, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { DnssecTools, HashAlgorithm, KeyMaterial, Verifier } from "../dns/dnssec/index.ts";

/** Some for each zone: a registry, and the DSOCs that it lists. */
const MOST_KEYS = 4096;
/** Of DNSKEY RRsets, which stay when all else of a zone changes; those of the rest pass by. */
const MOST_VERIFIED = 64;

/** A key as node:crypto has it; `object` is false for what is no key. */
interface ReadKey {
  readonly name: string;
  readonly object: KeyObject | false;
}

/** Verifies with node:crypto. Reading a key takes about as long as using it, so keys are kept, and what was found to be signed last. */
export class DnssecVerifier implements Verifier {
  readonly #keys = new LRUCache<string, ReadKey>({ max: MOST_KEYS });
  /** What a signature by a key is of. */
  readonly #verified = new LRUCache<string, Uint8Array>({ max: MOST_VERIFIED });

  verify(key: KeyMaterial, octets: Uint8Array, signature: Uint8Array): boolean {
    const { name, object } = this.#read(key);
    if (object === false) return false;
    const by = `${name} ${base64url(signature)}`;
    const known = this.#verified.get(by);
    if (known !== undefined && Buffer.compare(known, octets) === 0) return true;
    // ECDSA signatures are the two numbers side by side (RFC 6605 section 4), not DER.
    const isRight = verify(key.kind === "ed25519" ? null : "sha256", octets, { key: object, dsaEncoding: "ieee-p1363" }, signature);
    if (isRight) this.#verified.set(by, octets.slice());
    return isRight;
  }

  #read(key: KeyMaterial): ReadKey {
    const jwk = jwkOf(key);
    const name = Object.values(jwk).join(" ");
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const read = { name, object: importKey(jwk) };
    this.#keys.set(name, read);
    return read;
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
