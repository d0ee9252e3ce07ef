import { AnswerVerifier, type TsigKey, signMessage } from "../dns/tsig/index.ts";
import { tsigCrypto } from "./tsig-crypto.ts";

export interface SignedQuery {
  readonly bytes: Uint8Array;
  /** What checks one answer, or gives undefined where there is no key. */
  newVerifier(): AnswerVerifier | undefined;
}

/** A query as it goes out, signed where there is a key. */
export function signedQuery(query: Uint8Array, key: TsigKey | undefined): SignedQuery {
  if (key === undefined) return { bytes: query, newVerifier: () => undefined };
  const { bytes, mac } = signMessage(query, { key, crypto: tsigCrypto, now: unixSeconds() });
  return { bytes, newVerifier: () => new AnswerVerifier(key, tsigCrypto, mac) };
}

/** The clock that signatures go by: seconds since 1970. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
