import type { Family } from "../../address/index.ts";
import type { Header } from "../../wire/index.ts";
import { SipHash } from "./siphash.ts";

/** 16 octets, as four uint32 in network byte order. */
export type Secret = readonly [number, number, number, number];

/** What a server cookie is worth. */
export const CookieState = {
  absent: 0,
  valid: 1,
  /** Valid, but to be renewed. */
  aging: 2,
  bad: 3,
} as const;

export type CookieState = (typeof CookieState)[keyof typeof CookieState];

/** RFC 9018 section 4.3, in seconds. */
const ACCEPTED_AGE = 3600;
const ACCEPTED_AHEAD = 300;
const RENEWAL_AGE = 1800;

/** Version 1 with its three reserved octets zero (RFC 9018 sections 4.1 and 4.2). */
const VERSION_AND_RESERVED = 0x01000000;

/**
 * Makes and checks server cookies: RFC 9018 section 4, over the client cookie, the cookie's own first half and the
 * client's address. Times are seconds, on one scale for all servers that share a secret.
 */
export class ServerCookies {
  #current: SipHash;
  #previous: SipHash | undefined;

  constructor(secret: Secret) {
    this.#current = new SipHash(secret);
  }

  /** Issues from a new secret; what the one before has issued stays good until the next rotation. */
  rotate(secret: Secret): void {
    this.#previous = this.#current;
    this.#current = new SipHash(secret);
  }

  /** Puts a fresh server cookie for this client beside the client cookie in `header`. */
  issue(header: Header, family: Family, w0: number, w1: number, w2: number, w3: number, nowSeconds: number): void {
    header.server0 = VERSION_AND_RESERVED;
    header.server1 = nowSeconds >>> 0;
    hash(this.#current, header, family, w0, w1, w2, w3);
    header.server2 = this.#current.hi;
    header.server3 = this.#current.lo;
  }

  check(header: Header, family: Family, w0: number, w1: number, w2: number, w3: number, nowSeconds: number): CookieState {
    if (!header.hasServerCookie) return CookieState.absent;
    // Reserved octets are hashed as they came, and not required to be zero (RFC 9018 section 4.2).
    if (header.server0 >>> 24 !== VERSION_AND_RESERVED >>> 24) return CookieState.bad;
    const state = stateByAge(header, nowSeconds);
    if (state === CookieState.bad) return state;
    hash(this.#current, header, family, w0, w1, w2, w3);
    if (hashFits(this.#current, header)) return state;
    if (this.#previous === undefined) return CookieState.bad;
    hash(this.#previous, header, family, w0, w1, w2, w3);
    return hashFits(this.#previous, header) ? CookieState.aging : CookieState.bad;
  }
}

/** What a server cookie is worth whose hash is right: valid, aging or, too old or from the future, bad. */
export function stateByAge({ server1 }: Header, nowSeconds: number): CookieState {
  // RFC 1982: the difference of two serial numbers, as an int32.
  const age = ((nowSeconds >>> 0) - server1) | 0;
  if (age > ACCEPTED_AGE || age < -ACCEPTED_AHEAD) return CookieState.bad;
  return age > RENEWAL_AGE ? CookieState.aging : CookieState.valid;
}

function hash(into: SipHash, header: Header, family: Family, w0: number, w1: number, w2: number, w3: number): void {
  into.reset();
  into.update(header.clientCookieHi);
  into.update(header.clientCookieLo);
  into.update(header.server0);
  into.update(header.server1);
  into.update(w0);
  if (family === 6) {
    into.update(w1);
    into.update(w2);
    into.update(w3);
  }
  into.finish();
}

/** One comparison of all bits, so that its time does not tell how many octets were right. */
function hashFits(computed: SipHash, header: Header): boolean {
  return ((computed.hi ^ header.server2) | (computed.lo ^ header.server3)) === 0;
}
