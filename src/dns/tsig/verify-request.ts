import { MessageError } from "../message/index.ts";
import { RdataError } from "../records/index.ts";
import { checkKey, checkMac, checkTime } from "./checks.ts";
import type { TsigCrypto } from "./crypto.ts";
import { TsigError, TsigRcode } from "./error.ts";
import { ALGORITHM, type TsigKey } from "./key.ts";
import { type Tsig, readTsig, timeOctets, variables } from "./record.ts";
import { FUDGE, signMessage, withTsig, withoutTsig } from "./sign.ts";

/** A signed request, as far as it could be checked. */
export interface CheckedRequest {
  readonly tsig: Tsig;
  /** Undefined where we have none of this name. */
  readonly key: TsigKey | undefined;
  readonly error: TsigError | undefined;
}

/** Checks a request that others have signed; `now` is in seconds since 1970. Undefined where its TSIG record is malformed. */
export function verifyRequest(message: Uint8Array, tsigAt: number, keys: readonly TsigKey[], crypto: TsigCrypto, now: number): CheckedRequest | undefined {
  const tsig = readable(message, tsigAt);
  if (tsig === undefined) return undefined;
  const key = keys.find(({ name }) => name === tsig.keyName);
  return { tsig, key, error: problemOf(message, tsigAt, tsig, key, crypto, now) };
}

/** Signs the answer; says in it what was wrong with the request's signature, without one where it was worth nothing. */
export function signAnswer(answer: Uint8Array, { tsig, key, error }: CheckedRequest, crypto: TsigCrypto, now: number): Uint8Array {
  if (key !== undefined && error === undefined) return signMessage(answer, { key, crypto, now, requestMac: tsig.mac }).bytes;
  if (key !== undefined && error?.rcode === TsigRcode.BADTIME) {
    // By the asker's own clock, so that it can be checked, with ours beside it (RFC 8945 section 5.2.3).
    return signMessage(answer, { key, crypto, now: tsig.timeSigned, requestMac: tsig.mac, error: error.rcode, other: timeOctets(now) }).bytes;
  }
  const none = new Uint8Array();
  const { keyName, timeSigned, originalId } = tsig;
  return withTsig(answer, { keyName, algorithm: ALGORITHM, timeSigned, fudge: FUDGE, mac: none, originalId, error: error?.rcode ?? TsigRcode.BADKEY, other: none });
}

function readable(message: Uint8Array, tsigAt: number): Tsig | undefined {
  try {
    return readTsig(message, tsigAt);
  } catch (error) {
    if (error instanceof MessageError || error instanceof RdataError) return undefined;
    throw error;
  }
}

function problemOf(message: Uint8Array, tsigAt: number, tsig: Tsig, key: TsigKey | undefined, crypto: TsigCrypto, now: number): TsigError | undefined {
  try {
    if (key === undefined) throw new TsigError(TsigRcode.BADKEY, `it is signed with key ${tsig.keyName}, which is not known here: configure it at both ends`);
    checkKey(tsig, key);
    const hmac = key.hmac(crypto);
    for (const part of [...withoutTsig(message, tsigAt, tsig), variables(tsig)]) hmac.update(part);
    checkMac(tsig, hmac.digest(), crypto);
    checkTime(tsig, now);
    return undefined;
  } catch (error) {
    if (error instanceof TsigError) return error;
    throw error;
  }
}
