/** Signatures of zones and RRsets (RFC 4033 to 4035, RFC 8976), without cryptography of its own. */
export type { SignedAnswer } from "./absence.ts";
export { DnssecError, type Fault } from "./error.ts";
export { type KeyMaterial, isTaken, keyMaterial } from "./key-material.ts";
export type { Digest, DnssecTools, HashAlgorithm, Verifier } from "./tools.ts";
export { MOST_ANCHORS, type ReadAnchors, type TrustAnchor, dsDigest, parseTrustAnchor, readTrustAnchors } from "./trust-anchor.ts";
export type { TrustedKeys } from "./trusted-keys.ts";
export { validateAbsence, validateDigest, validateKeys, validateRrset, validateZone } from "./validate.ts";
export type { Refusal, Verdict } from "./verdict.ts";
export type { Setting, Verified } from "./verify-rrset.ts";
export { zonemdOf } from "./zone-digest.ts";
export { type ZoneKey, keyTag, readZoneKey } from "./zone-key.ts";
