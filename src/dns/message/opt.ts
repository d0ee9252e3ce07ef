import { concatBytes, uint16Bytes } from "../records/index.ts";
import { MessageError } from "./error.ts";
import type { RecordCursor } from "./record-cursor.ts";

/** RFC 6891 section 6.2.5 and the DNS flag day of 2020: what passes nearly everywhere without fragments. */
export const UDP_PAYLOAD = 1232;
export const OPT = 41;
const DNSSEC_OK = 0x8000;

export interface Opt {
  /** Octets that its sender takes over UDP. */
  readonly payload: number;
  /** The upper eight of the twelve bits of the code. */
  readonly extendedRcode: number;
}

/** The OPT record among the next `count` records, all of which are read (RFC 6891 section 6.1). Throws MessageError. */
export function readOpt(cursor: RecordCursor, count: number): Opt | undefined {
  let found: Opt | undefined;
  for (let ordinal = 0; ordinal < count; ordinal++) {
    cursor.next();
    if (cursor.type !== OPT) continue;
    // RFC 6891 section 6.1.1.
    if (found !== undefined) throw new MessageError("it has more than one OPT record");
    found = { payload: cursor.class, extendedRcode: cursor.ttlOctets >>> 24 };
  }
  return found;
}

/** RFC 6891 section 6.1.2; RFC 3225 for the DO bit. */
export function encodeOpt(wantsSignatures = false): Uint8Array {
  return concatBytes([Uint8Array.of(0), ...[OPT, UDP_PAYLOAD, 0, wantsSignatures ? DNSSEC_OK : 0, 0].map(uint16Bytes)]);
}
