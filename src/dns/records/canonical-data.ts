import { decodeName } from "./name.ts";
import { RdataError, typeName } from "./record.ts";

/** Where the names are in the data of a type. */
interface Shape {
  /** Octets before the first name, or a function that finds their number. */
  readonly head: number | ((data: Uint8Array) => number);
  readonly names: 1 | 2;
}

const NAME: Shape = { head: 0, names: 1 };
const TWO_NAMES: Shape = { head: 0, names: 2 };
const PREFERENCE_NAME: Shape = { head: 2, names: 1 };

/**
 * The types whose names are lower-cased (RFC 4034 section 6.2). As RFC 6840 section 5.1 corrects the list, HINFO and NSEC are
 * not among them, and RRSIG is. A6 is left out: it has been given up (RFC 6563).
 */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [2, NAME], // NS
  [3, NAME], // MD
  [4, NAME], // MF
  [5, NAME], // CNAME
  [6, TWO_NAMES], // SOA
  [7, NAME], // MB
  [8, NAME], // MG
  [9, NAME], // MR
  [12, NAME], // PTR
  [14, TWO_NAMES], // MINFO
  [15, PREFERENCE_NAME], // MX
  [17, TWO_NAMES], // RP
  [18, PREFERENCE_NAME], // AFSDB
  [21, PREFERENCE_NAME], // RT
  [24, { head: 18, names: 1 }], // SIG
  [26, { head: 2, names: 2 }], // PX
  [30, NAME], // NXT
  [33, { head: 6, names: 1 }], // SRV
  [35, { head: naptrHead, names: 1 }], // NAPTR
  [36, PREFERENCE_NAME], // KX
  [39, NAME], // DNAME
  [46, { head: 18, names: 1 }], // RRSIG
]);

/** The data in canonical form (RFC 4034 section 6.2): the same array where nothing changes. Throws RdataError. */
export function canonicalData(type: number, data: Uint8Array): Uint8Array {
  const shape = SHAPES.get(type);
  if (shape === undefined) return data;
  const head = typeof shape.head === "number" ? shape.head : shape.head(data);
  let end = head;
  try {
    for (let count = 0; count < shape.names; count++) end = decodeName(data, end).next;
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    throw new RdataError(typeName(type), `has a name that ${error.problem}`, { cause: error });
  }
  return hasUpperCase(data, head, end) ? lowerCased(data, head, end) : data;
}

/** Lengths of labels are below 0x40, so the only octets in this range are letters. */
function hasUpperCase(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (data[at]! >= 0x41 && data[at]! <= 0x5a) return true;
  }
  return false;
}

function lowerCased(data: Uint8Array, from: number, to: number): Uint8Array {
  return data.map((octet, at) => (at >= from && at < to && octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));
}

/** ORDER, PREFERENCE, and the strings FLAGS, SERVICES and REGEXP (RFC 3403 section 4.1). */
function naptrHead(data: Uint8Array): number {
  let at = 4;
  for (let string = 0; string < 3; string++) at += 1 + (data[at] ?? 0);
  return at;
}
