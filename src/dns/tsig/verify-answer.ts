import type { Outline } from "../message/index.ts";
import { checkKey, checkMac, checkTime, toldError } from "./checks.ts";
import type { Hmac, TsigCrypto } from "./crypto.ts";
import { TsigError, TsigRcode } from "./error.ts";
import type { TsigKey } from "./key.ts";
import { readTsig, timers, variables } from "./record.ts";
import { withLength, withoutTsig } from "./sign.ts";

/** RFC 8945 section 5.3.1: messages without a signature of their own that may stand between two that have one. */
const MOST_UNSIGNED = 99;

/** Checks the signatures of an answer, which may be many messages on one TCP connection (RFC 8945 section 5.3.1). */
export class AnswerVerifier {
  readonly #key: TsigKey;
  readonly #crypto: TsigCrypto;
  #hmac: Hmac;
  #isFirst = true;
  #unsigned = 0;

  /** `requestMac`: that of the query. */
  constructor(key: TsigKey, crypto: TsigCrypto, requestMac: Uint8Array) {
    this.#key = key;
    this.#crypto = crypto;
    this.#hmac = this.#after(requestMac);
  }

  /** Whether all that has come is covered by a signature: at the end of a transfer it must be. */
  get isCovered(): boolean {
    return !this.#isFirst && this.#unsigned === 0;
  }

  /** Takes the next message; `now` is in seconds since 1970. Throws TsigError, and MessageError or RdataError. */
  check(message: Uint8Array, { tsigAt }: Outline, now: number): void {
    if (tsigAt === undefined) this.#takeUnsigned(message);
    else this.#checkSigned(message, tsigAt, now);
  }

  #takeUnsigned(message: Uint8Array): void {
    if (this.#isFirst) throw new TsigError(TsigRcode.BADSIG, `it is not signed: have the server use TSIG key ${this.#key.name} for this client`);
    if (++this.#unsigned > MOST_UNSIGNED) throw new TsigError(TsigRcode.BADSIG, `more than ${MOST_UNSIGNED} messages in a row are not signed (RFC 8945 section 5.3.1)`);
    this.#hmac.update(message);
  }

  #checkSigned(message: Uint8Array, tsigAt: number, now: number): void {
    const tsig = readTsig(message, tsigAt);
    // BADKEY and BADSIG come unsigned: who does not know our key cannot sign with it.
    if (tsig.mac.length === 0) throw toldError(tsig, this.#key, now) ?? new TsigError(TsigRcode.BADSIG, "its TSIG record has no signature");
    checkKey(tsig, this.#key);
    for (const part of withoutTsig(message, tsigAt, tsig)) this.#hmac.update(part);
    this.#hmac.update(this.#isFirst ? variables(tsig) : timers(tsig));
    checkMac(tsig, this.#hmac.digest(), this.#crypto);
    const told = toldError(tsig, this.#key, now);
    if (told !== undefined) throw told;
    checkTime(tsig, now);
    this.#isFirst = false;
    this.#unsigned = 0;
    this.#hmac = this.#after(tsig.mac);
  }

  #after(mac: Uint8Array): Hmac {
    const hmac = this.#key.hmac(this.#crypto);
    hmac.update(withLength(mac));
    return hmac;
  }
}
