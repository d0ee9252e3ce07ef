/** Those of the IANA registry "DNS Security Algorithm Numbers" that zones are found signed with. */
export const Algorithm = {
  RSASHA1: 5,
  "RSASHA1-NSEC3-SHA1": 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
} as const;

const NAMES = new Map<number, string>(Object.entries(Algorithm).map(([name, number]) => [number, name]));

/** `algorithm 13 (ECDSAP256SHA256)`, for messages. */
export function algorithmLabel(algorithm: number): string {
  const name = NAMES.get(algorithm);
  return name === undefined ? `algorithm ${algorithm}` : `algorithm ${algorithm} (${name})`;
}

/** The number of a mnemonic (RFC 4034 appendix A.1), upper-case; undefined for anything else. */
export function algorithmFromName(text: string): number | undefined {
  return Object.hasOwn(Algorithm, text) ? Algorithm[text as keyof typeof Algorithm] : undefined;
}
