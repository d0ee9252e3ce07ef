import { Algorithm, type Dnskey, RdataReader, algorithmLabel } from "../records/index.ts";
import { DnssecError } from "./error.ts";

/** A public key by its numbers, as octets with the most significant first. */
export type KeyMaterial =
  | { readonly kind: "rsa-sha256"; readonly exponent: Uint8Array; readonly modulus: Uint8Array }
  | { readonly kind: "p256"; readonly x: Uint8Array; readonly y: Uint8Array }
  | { readonly kind: "ed25519"; readonly x: Uint8Array };

/** RFC 5702 section 2.1 allows 512 to 4096 bits: below 1024 a key can be broken, and a larger one costs us time. */
const RSA_BITS = { least: 1024, most: 4096 } as const;
/** 65537 has three octets. A long exponent makes every verification slow. */
const MOST_EXPONENT_OCTETS = 4;
const P256_OCTETS = 32;
const ED25519_OCTETS = 32;

const TAKEN: ReadonlySet<number> = new Set([Algorithm.RSASHA256, Algorithm.ECDSAP256SHA256, Algorithm.ED25519]);

/** Whether signatures of an algorithm can be verified here. */
export function isTaken(algorithm: number): boolean {
  return TAKEN.has(algorithm);
}

/** Throws DnssecError for an algorithm that is not taken, or a key that is none, or that is too weak or too dear. */
export function keyMaterial({ algorithm, publicKey }: Dnskey): KeyMaterial {
  switch (algorithm) {
    case Algorithm.RSASHA256:
      return rsaKey(publicKey);
    case Algorithm.ECDSAP256SHA256:
      checkLength(publicKey, 2 * P256_OCTETS);
      return { kind: "p256", x: publicKey.subarray(0, P256_OCTETS), y: publicKey.subarray(P256_OCTETS) };
    case Algorithm.ED25519:
      checkLength(publicKey, ED25519_OCTETS);
      return { kind: "ed25519", x: publicKey };
    default:
      throw new DnssecError("unsupported", `${algorithmLabel(algorithm)} is not taken: sign with 8, 13 or 15`);
  }
}

/** Octets that a signature by this key has (RFC 5702 section 3, RFC 6605 section 4, RFC 8080 section 4). */
export function signatureLength(key: KeyMaterial): number {
  return key.kind === "rsa-sha256" ? key.modulus.length : 64;
}

/** RFC 3110 section 2. */
function rsaKey(publicKey: Uint8Array): KeyMaterial {
  const reader = new RdataReader("RSA key", publicKey);
  const short = reader.uint8("exponent length");
  const exponent = reader.bytes(short === 0 ? reader.uint16("exponent length") : short, "exponent");
  const modulus = reader.bytes(reader.remaining, "modulus");
  const bits = modulus.length === 0 ? 0 : modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (modulus[0] === 0 || exponent.length === 0 || exponent[0] === 0) throw new DnssecError("malformed", "RSA key has a number that begins with zero");
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) throw new DnssecError("unsupported", `RSA key has ${bits} bits: ${RSA_BITS.least} to ${RSA_BITS.most} are taken`);
  if (exponent.length > MOST_EXPONENT_OCTETS) throw new DnssecError("unsupported", `RSA key has an exponent of ${exponent.length} octets: 65537 is enough`);
  return { kind: "rsa-sha256", exponent, modulus };
}

function checkLength(publicKey: Uint8Array, length: number): void {
  if (publicKey.length !== length) throw new DnssecError("malformed", `the key has ${publicKey.length} octets: ${length} are right`);
}
