import { createHmac } from "node:crypto";
import { concatBytes, encodeName, uint16Bytes, uint32Bytes } from "../../src/dns/records/index.ts";

/** The server's side of TSIG, written for itself from RFC 8945, so that the client is not checked by its own code. */
export const KEY_NAME = "transfer.example.";
export const SECRET = Buffer.from("0123456789abcdef0123456789abcdef");

const ALGORITHM = encodeName("hmac-sha256.");
const ANY = uint16Bytes(255);

export interface Signature {
  readonly secret?: Uint8Array;
  readonly name?: string;
  readonly time: number;
  readonly fudge?: number;
  readonly error?: number;
  readonly other?: Uint8Array;
  /** Octets of the MAC that are sent. */
  readonly macLength?: number;
}

/** Signs the messages of an answer for which `isSigned` is true. */
export function signAnswers(messages: readonly Uint8Array[], requestMac: Uint8Array, signature: Signature, isSigned: (index: number) => boolean = () => true): Uint8Array[] {
  let before = requestMac;
  let pending: Uint8Array[] = [];
  let isFirst = true;
  return messages.map((message, index) => {
    pending.push(message);
    if (!isSigned(index)) return message;
    const mac = macOf([uint16Bytes(before.length), before, ...pending, isFirst ? variables(signature) : timers(signature)], signature);
    before = mac;
    pending = [];
    isFirst = false;
    return withRecord(message, mac, signature);
  });
}

/** The MAC that a query must have. */
export function queryMac(query: Uint8Array, signature: Signature): Uint8Array {
  return macOf([query, variables(signature)], signature);
}

/** The MAC in a query signed by the client: the last 38 octets are MAC, original id, error and other length. */
export function macIn(query: Uint8Array): Uint8Array {
  return query.subarray(query.length - 38, query.length - 6);
}

/** An unsigned TSIG record: how BADKEY and BADSIG are told (RFC 8945 section 5.3.2). */
export function withTsigError(message: Uint8Array, signature: Signature): Uint8Array {
  return withRecord(message, new Uint8Array(), signature);
}

function macOf(parts: readonly Uint8Array[], { secret = SECRET, macLength = 32 }: Signature): Uint8Array {
  return createHmac("sha256", secret).update(concatBytes(parts)).digest().subarray(0, macLength);
}

function variables(signature: Signature): Uint8Array {
  const { name = KEY_NAME, error = 0, other = new Uint8Array() } = signature;
  return concatBytes([encodeName(name), ANY, uint32Bytes(0), ALGORITHM, timers(signature), uint16Bytes(error), uint16Bytes(other.length), other]);
}

function timers({ time, fudge = 300 }: Signature): Uint8Array {
  return concatBytes([uint16Bytes(Math.floor(time / 2 ** 32)), uint32Bytes(time % 2 ** 32), uint16Bytes(fudge)]);
}

function withRecord(message: Uint8Array, mac: Uint8Array, signature: Signature): Uint8Array {
  const { name = KEY_NAME, error = 0, other = new Uint8Array() } = signature;
  const data = concatBytes([ALGORITHM, timers(signature), uint16Bytes(mac.length), mac, message.subarray(0, 2), uint16Bytes(error), uint16Bytes(other.length), other]);
  const record = concatBytes([encodeName(name), uint16Bytes(250), ANY, uint32Bytes(0), uint16Bytes(data.length), data]);
  const whole = concatBytes([message, record]);
  whole[11]!++;
  return whole;
}
