import { CLASS_ANY, MessageError, RecordCursor, TSIG } from "../message/index.ts";
import { RdataReader, concatBytes, encodeName, uint16Bytes, uint32Bytes } from "../records/index.ts";

/** The TSIG record of a message (RFC 8945 section 4.2). */
export interface Tsig {
  readonly keyName: string;
  readonly algorithm: string;
  /** Seconds since 1970, 48 bits. */
  readonly timeSigned: number;
  /** Seconds by which clocks may differ. */
  readonly fudge: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
}

/** The record at this place of a message. Throws MessageError or RdataError. */
export function readTsig(message: Uint8Array, at: number): Tsig {
  const cursor = new RecordCursor(message, at);
  cursor.next();
  if (cursor.class !== CLASS_ANY || cursor.ttl !== 0) throw new MessageError("its TSIG record has another class than ANY, or a TTL");
  const reader = new RdataReader("TSIG", cursor.data());
  const tsig = {
    keyName: cursor.name,
    algorithm: reader.name("algorithm"),
    timeSigned: reader.uint16("time") * 2 ** 32 + reader.uint32("time"),
    fudge: reader.uint16("fudge"),
    mac: reader.bytes(reader.uint16("MAC length"), "MAC"),
    originalId: reader.uint16("original id"),
    error: reader.uint16("error"),
    other: reader.bytes(reader.uint16("other length"), "other data"),
  };
  reader.end();
  return tsig;
}

export function encodeTsig(tsig: Tsig): Uint8Array {
  const { keyName, algorithm, mac, originalId, error, other } = tsig;
  const data = concatBytes([encodeName(algorithm), timers(tsig), uint16Bytes(mac.length), mac, uint16Bytes(originalId), uint16Bytes(error), uint16Bytes(other.length), other]);
  return concatBytes([encodeName(keyName), uint16Bytes(TSIG), uint16Bytes(CLASS_ANY), uint32Bytes(0), uint16Bytes(data.length), data]);
}

/** What is signed of the record besides the message (RFC 8945 section 4.3.3). */
export function variables(tsig: Tsig): Uint8Array {
  const { keyName, algorithm, error, other } = tsig;
  return concatBytes([encodeName(keyName), uint16Bytes(CLASS_ANY), uint32Bytes(0), encodeName(algorithm), timers(tsig), uint16Bytes(error), uint16Bytes(other.length), other]);
}

/** The part of them that is signed in all messages of an answer but the first (RFC 8945 section 5.3.1). */
export function timers({ timeSigned, fudge }: Pick<Tsig, "timeSigned" | "fudge">): Uint8Array {
  return concatBytes([timeOctets(timeSigned), uint16Bytes(fudge)]);
}

/** 48 bits of seconds: the other data of BADTIME have this form too. */
export function timeOctets(seconds: number): Uint8Array {
  return concatBytes([uint16Bytes(Math.floor(seconds / 2 ** 32)), uint32Bytes(seconds % 2 ** 32)]);
}
