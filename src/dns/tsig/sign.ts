import { concatBytes, uint16Bytes } from "../records/index.ts";
import { HEADER_OCTETS, uint16At } from "../message/index.ts";
import type { TsigCrypto } from "./crypto.ts";
import { ALGORITHM, type TsigKey } from "./key.ts";
import { type Tsig, encodeTsig, variables } from "./record.ts";

/** RFC 8945 section 10: seconds. */
export const FUDGE = 300;

export interface Signing {
  readonly key: TsigKey;
  readonly crypto: TsigCrypto;
  /** Seconds since 1970. */
  readonly now: number;
  /** That of the query, where a response is signed. */
  readonly requestMac?: Uint8Array;
  readonly error?: number;
  readonly other?: Uint8Array;
}

export interface Signed {
  readonly bytes: Uint8Array;
  /** What the signature of the answer will stand on. */
  readonly mac: Uint8Array;
}

/** Signs a query, or an answer in one message (RFC 8945 sections 4.3 and 5.1). */
export function signMessage(message: Uint8Array, signing: Signing): Signed {
  const { key, crypto, now, requestMac, error = 0, other = new Uint8Array() } = signing;
  const unsigned: Tsig = { keyName: key.name, algorithm: ALGORITHM, timeSigned: now, fudge: FUDGE, mac: new Uint8Array(), originalId: uint16At(message, 0), error, other };
  const hmac = key.hmac(crypto);
  if (requestMac !== undefined) hmac.update(withLength(requestMac));
  hmac.update(message);
  hmac.update(variables(unsigned));
  const mac = hmac.digest();
  return { bytes: withTsig(message, { ...unsigned, mac }), mac };
}

/** A message with this as its last record (RFC 8945 section 5.1). */
export function withTsig(message: Uint8Array, tsig: Tsig): Uint8Array {
  const bytes = concatBytes([message, encodeTsig(tsig)]);
  bytes.set(uint16Bytes(uint16At(message, 10) + 1), 10);
  return bytes;
}

/** A message as it was before its TSIG record was put to it, in two parts (RFC 8945 section 4.3.2). */
export function withoutTsig(message: Uint8Array, tsigAt: number, { originalId }: Tsig): readonly [Uint8Array, Uint8Array] {
  const header = Uint8Array.from(message.subarray(0, HEADER_OCTETS));
  header.set(uint16Bytes(originalId), 0);
  header.set(uint16Bytes(uint16At(message, 10) - 1), 10);
  return [header, message.subarray(HEADER_OCTETS, tsigAt)];
}

/** How the MAC of the message before goes into the next (RFC 8945 section 4.3.1). */
export function withLength(mac: Uint8Array): Uint8Array {
  return concatBytes([uint16Bytes(mac.length), mac]);
}
