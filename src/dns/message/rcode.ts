export const Rcode = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, NOTAUTH: 9 } as const;

/** RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
const NAMES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"];

/** REFUSED and its kind, as operators know them. */
export function rcodeName(rcode: number): string {
  return NAMES[rcode] ?? `RCODE ${rcode}`;
}
