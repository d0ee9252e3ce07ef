/** Where the names are in the data of a type. */
export interface NameShape {
  /** Octets before the first name; `naptr` has strings there. */
  readonly head: number | "naptr";
  readonly names: 1 | 2;
  /** Octets after the last name. */
  readonly tail: number | "any";
  /** Whether a receiver must take them compressed (RFC 3597 section 4). */
  readonly isCompressible: boolean;
}

const NAME: NameShape = { head: 0, names: 1, tail: 0, isCompressible: true };
const TWO_NAMES: NameShape = { ...NAME, names: 2 };
const PREFERENCE_NAME: NameShape = { ...NAME, head: 2 };

/**
 * The types whose names are lower-cased in canonical form (RFC 4034 section 6.2). As RFC 6840 section 5.1 corrects the list,
 * HINFO and NSEC are not among them, and RRSIG is. A6 is left out: it has been given up (RFC 6563).
 */
export const NAME_SHAPES: ReadonlyMap<number, NameShape> = new Map<number, NameShape>([
  [2, NAME], // NS
  [3, NAME], // MD
  [4, NAME], // MF
  [5, NAME], // CNAME
  [6, { ...TWO_NAMES, tail: 20 }], // SOA
  [7, NAME], // MB
  [8, NAME], // MG
  [9, NAME], // MR
  [12, NAME], // PTR
  [14, TWO_NAMES], // MINFO
  [15, PREFERENCE_NAME], // MX
  [17, TWO_NAMES], // RP
  [18, PREFERENCE_NAME], // AFSDB
  [21, PREFERENCE_NAME], // RT
  [24, { ...NAME, head: 18, tail: "any" }], // SIG
  [26, { ...TWO_NAMES, head: 2 }], // PX
  [30, { ...NAME, tail: "any" }], // NXT
  [33, { ...NAME, head: 6 }], // SRV
  [35, { ...NAME, head: "naptr" }], // NAPTR
  [36, { ...PREFERENCE_NAME, isCompressible: false }], // KX
  [39, { ...NAME, isCompressible: false }], // DNAME
  [46, { ...NAME, head: 18, tail: "any", isCompressible: false }], // RRSIG
]);

/** How many octets of the data at `start` come before its first name; beyond `end` where they are cut off. */
export function octetsBeforeNames({ head }: NameShape, bytes: Uint8Array, start: number, end: number): number {
  return head === "naptr" ? naptrHead(bytes, start, end) : head;
}

/** ORDER, PREFERENCE, and the strings FLAGS, SERVICES and REGEXP (RFC 3403 section 4.1). */
function naptrHead(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 4;
  for (let string = 0; string < 3; string++) at += 1 + (at < end ? bytes[at]! : 0);
  return at - start;
}
