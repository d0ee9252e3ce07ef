import { normaliseName, printable } from "../records/index.ts";
import type { Hmac, TsigCrypto } from "./crypto.ts";

/** RFC 8945 section 6: the one algorithm that all must have; the older ones are not offered. */
export const ALGORITHM = "hmac-sha256.";
export const MAC_OCTETS = 32;
/** RFC 2104 section 3 wants the secret as long as the MAC; many that are in use are half as long. Less can be tried out. */
const LEAST_SECRET_OCTETS = 16;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A key as configured cannot be used. The message says why, never the secret. */
export class TsigKeyError extends Error {
  override readonly name = "TsigKeyError";
  readonly code = "DRTM_TSIG_KEY";
}

/** A secret shared with a name server, and the name that both know it by. The secret cannot be printed by accident. */
export class TsigKey {
  readonly name: string;
  readonly #secret: Uint8Array;

  private constructor(name: string, secret: Uint8Array) {
    this.name = name;
    this.#secret = secret;
  }

  /** From a domain name and base64, as in the configuration of name servers. Throws TsigKeyError. */
  static parse(name: string, base64: string): TsigKey {
    const octets = secretFrom(name, base64);
    if (octets.length < LEAST_SECRET_OCTETS) {
      throw new TsigKeyError(`the secret of TSIG key ${shownKeyName(name)} has ${octets.length} octets: take at least ${LEAST_SECRET_OCTETS}, better ${MAC_OCTETS}, from a random source (tsig-keygen, keymgr -t)`);
    }
    return new TsigKey(keyName(name), octets);
  }

  hmac(crypto: TsigCrypto): Hmac {
    return crypto.hmacSha256(this.#secret);
  }
}

/** A key's name for a message: in its place somebody may have written the secret. */
export function shownKeyName(name: string): string {
  const looksSecret = BASE64.test(name) && name.length >= LEAST_SECRET_OCTETS;
  return looksSecret ? "(not shown: its name looks like a secret; are the two swapped?)" : printable(name);
}

function keyName(name: string): string {
  try {
    return normaliseName(name);
  } catch (cause) {
    throw new TsigKeyError(`${shownKeyName(name)} cannot name a TSIG key: it must be a domain name, the same at both ends`, { cause });
  }
}

function secretFrom(name: string, base64: string): Uint8Array {
  if (!BASE64.test(base64)) throw new TsigKeyError(`the secret of TSIG key ${shownKeyName(name)} is not base64: copy it whole, with the = at its end`);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
