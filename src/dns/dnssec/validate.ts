import { RecordType, type ResourceRecord, type Rrset, rrsetOf } from "../records/index.ts";
import type { ZoneImage } from "../zone-image/index.ts";
import { type SignedAnswer, verifyAbsence } from "./absence.ts";
import { DnssecError } from "./error.ts";
import { type SignedRrset, covering } from "./signed-data.ts";
import type { Digest, DnssecTools } from "./tools.ts";
import type { TrustAnchor } from "./trust-anchor.ts";
import { type TrustedKeys, trustedKeys } from "./trusted-keys.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { type Setting, type Verified, rrsetLabel, verifyRrset } from "./verify-rrset.ts";
import { checkZoneDigest } from "./zone-digest.ts";

/**
 * Whether a zone that was transferred is the one that the holder of the anchored key has signed: its DNSKEY, SOA and ZONEMD
 * RRsets are, and its ZONEMD is of this serial and fits all the rest (RFC 8976 section 4). `until`: when the first of these
 * signatures expires, in seconds since 1970, as `now` is.
 */
export function validateZone(image: ZoneImage, anchors: readonly TrustAnchor[], now: number, tools: DnssecTools): Verdict<{ readonly until: number }> {
  return verdictOf(() => {
    const setting = { zone: image.apex, now, verifier: tools.verifier };
    const { keys, until } = trustedKeys(signedRrset(image, RecordType.DNSKEY), anchors, tools.digest, setting);
    const signed = [RecordType.SOA, RecordType.ZONEMD].map((type) => verifyRrset(signedRrset(image, type), keys, setting));
    checkZoneDigest(image, tools.digest);
    return { until: Math.min(until, ...signed.map((verified) => verified.until)) };
  });
}

/** Whether the digest that a zone carries is its own (RFC 8976 section 4), whoever may have signed it. */
export function validateDigest(image: ZoneImage, digest: Digest): Verdict<object> {
  return verdictOf(() => {
    checkZoneDigest(image, digest);
    return {};
  });
}

/** The keys of a zone, from the answer to a query for them: for `validateRrset`. */
export function validateKeys(zone: string, records: readonly ResourceRecord[], anchors: readonly TrustAnchor[], now: number, tools: DnssecTools): Verdict<TrustedKeys> {
  const answer = { name: zone, type: RecordType.DNSKEY, records };
  return verdictOf(() => trustedKeys(signedAnswer(answer), anchors, tools.digest, { zone, now, verifier: tools.verifier }));
}

/** Whether an RRset of an answer is signed by a key of its zone; `until` is when that, or what is known of the keys, expires. */
export function validateRrset(answer: SignedAnswer, trusted: TrustedKeys, setting: Setting): Verdict<Verified & { readonly rrset: Rrset }> {
  return verdictOf(() => {
    const signed = signedAnswer(answer);
    return { rrset: signed.rrset, ...withinKeys(trusted, setting, () => verifyRrset(signed, trusted.keys, setting)) };
  });
}

/** Whether an answer proves that it lacks an RRset because there is none; its NSEC records are in the authority section. */
export function validateAbsence(answer: SignedAnswer, trusted: TrustedKeys, setting: Setting): Verdict<Verified> {
  return verdictOf(() => withinKeys(trusted, setting, () => verifyAbsence(answer, trusted.keys, setting)));
}

/** Nothing is known for longer than the keys are. */
function withinKeys(trusted: TrustedKeys, { zone, now }: Setting, verify: () => Verified): Verified {
  if (Math.floor(now) > trusted.until) throw new DnssecError("expired", `${zone}: the signature of its keys has expired`);
  const { until, ttl } = verify();
  return { until: Math.min(until, trusted.until), ttl };
}

function signedRrset(image: ZoneImage, type: number): SignedRrset {
  const rrset = image.rrset(image.apex, type);
  if (rrset === undefined) throw missing({ name: image.apex, type });
  return { rrset, signatures: covering(type, image.rrset(image.apex, RecordType.RRSIG)?.records ?? []) };
}

function signedAnswer({ name, type, records }: SignedAnswer): SignedRrset {
  const own = records.filter((record) => record.name === name);
  const rrset = rrsetOf(name, type, own.filter((record) => record.type === type));
  if (rrset.records.length === 0) throw missing({ name, type });
  return { rrset, signatures: covering(type, own) };
}

function missing(rrset: { readonly name: string; readonly type: number }): DnssecError {
  return new DnssecError("missing", `${rrsetLabel(rrset)}: there is none`);
}
