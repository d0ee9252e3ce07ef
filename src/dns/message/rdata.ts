import { concatBytes, encodeName } from "../records/index.ts";
import { MessageError } from "./error.ts";
import type { NameReader } from "./names.ts";
import { uint16At } from "./octets.ts";

/** Where the names are in the data of a type that may have them compressed. */
interface Shape {
  /** Octets before the first name; `naptr` has strings there. */
  readonly head: number | "naptr";
  readonly names: 1 | 2;
  /** Octets after the last name. */
  readonly tail: number | "any";
}

const NAME: Shape = { head: 0, names: 1, tail: 0 };
const TWO_NAMES: Shape = { head: 0, names: 2, tail: 0 };
const PREFERENCE_NAME: Shape = { head: 2, names: 1, tail: 0 };

/** The types of RFC 3597 section 4 whose names a receiver decompresses. In all others they are as they are. */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [2, NAME], // NS
  [3, NAME], // MD
  [4, NAME], // MF
  [5, NAME], // CNAME
  [6, { head: 0, names: 2, tail: 20 }], // SOA
  [7, NAME], // MB
  [8, NAME], // MG
  [9, NAME], // MR
  [12, NAME], // PTR
  [14, TWO_NAMES], // MINFO
  [15, PREFERENCE_NAME], // MX
  [17, TWO_NAMES], // RP
  [18, PREFERENCE_NAME], // AFSDB
  [21, PREFERENCE_NAME], // RT
  [24, { head: 18, names: 1, tail: "any" }], // SIG
  [26, { head: 2, names: 2, tail: 0 }], // PX
  [30, { head: 0, names: 1, tail: "any" }], // NXT
  [33, { head: 6, names: 1, tail: 0 }], // SRV
  [35, { head: "naptr", names: 1, tail: 0 }], // NAPTR
]);

/**
 * The data of one record with the names in it uncompressed and in lower case (the canonical form, RFC 4034 section 6.2);
 * that of other types as it is, a view of the message. Throws MessageError.
 */
export function readRdata(message: Uint8Array, names: NameReader, type: number, start: number, end: number): Uint8Array {
  const shape = SHAPES.get(type);
  return shape === undefined ? message.subarray(start, end) : uncompressed(message, names, shape, start, end);
}

function uncompressed(message: Uint8Array, names: NameReader, shape: Shape, start: number, end: number): Uint8Array {
  const head = shape.head === "naptr" ? naptrHead(message, start, end) : shape.head;
  let at = start + head;
  const parts = [message.subarray(start, at)];
  for (let count = 0; count < shape.names && at < end; count++) {
    parts.push(encodeName(names.read(at)));
    at = names.end;
  }
  parts.push(message.subarray(at, end));
  const tail = end - at;
  const fits = parts.length === shape.names + 2 && (shape.tail === "any" ? tail >= 0 : tail === shape.tail);
  if (!fits) throw new MessageError(`the data at octet ${start} are not of the length that their names give`);
  return concatBytes(parts);
}

/** ORDER, PREFERENCE, and the strings FLAGS, SERVICES and REGEXP (RFC 3403 section 4.1). */
function naptrHead(message: Uint8Array, start: number, end: number): number {
  uint16At(message, start + 2);
  let at = start + 4;
  for (let string = 0; string < 3 && at < end; string++) at += 1 + message[at]!;
  return at - start;
}
