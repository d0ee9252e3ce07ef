import { RdataError, type Rrset, type Rrsig, algorithmLabel, compareSerials, decodeRrsig, printable, typeName } from "../records/index.ts";
import { DnssecError } from "./error.ts";
import { signatureLength } from "./key-material.ts";
import { type SignedRrset, signedData, signedLabels } from "./signed-data.ts";
import type { Verifier } from "./tools.ts";
import type { ZoneKey } from "./zone-key.ts";

/** In what an RRset is verified. */
export interface Setting {
  /** Apex of the zone, which must have signed. */
  readonly zone: string;
  /** Seconds since 1970. */
  readonly now: number;
  readonly verifier: Verifier;
}

/** An RRset that a signature vouches for. */
export interface Verified {
  /** Seconds since 1970: when that signature expires. */
  readonly until: number;
  /** Seconds that the RRset may be kept at most (RFC 4035 section 5.3.3). */
  readonly ttl: number;
}

/**
 * A hostile zone can have many keys of one tag and many signatures by them, each worth a try (CVE-2023-50387, "KeyTrap"). An
 * honest one, in the midst of a roll of key and algorithm, has four signatures, and no two keys of one tag.
 */
const MOST_SIGNATURES = 16;
const MOST_ATTEMPTS = 8;

/** RFC 4035 section 5.3: one good signature by one of these keys will do. Throws DnssecError, with the reason for each that is not. */
export function verifyRrset(set: SignedRrset, keys: readonly ZoneKey[], setting: Setting): Verified {
  const label = rrsetLabel(set.rrset);
  const { length } = set.signatures;
  if (length === 0) throw new DnssecError("missing", `${label}: no RRSIG covers it`);
  if (length > MOST_SIGNATURES) throw new DnssecError("limit", `${label}: ${length} RRSIG records cover it, ${MOST_SIGNATURES} are the most`);
  const refusals: DnssecError[] = [];
  const attempts = { left: MOST_ATTEMPTS };
  for (const rrsig of readSignatures(set, refusals)) {
    try {
      checkSignature(rrsig, set.rrset, setting);
      tryKeys(rrsig, set.rrset, keys, setting.verifier, attempts);
      return { until: timeOf(rrsig.expiration, setting.now), ttl: leastTtl(set.rrset, rrsig) };
    } catch (error) {
      if (!(error instanceof DnssecError) || error.fault === "limit") throw error;
      refusals.push(error);
    }
  }
  throw new DnssecError(refusals[0]!.fault, `${label}: ${refusals.map(({ message }) => message).join("; ")}`);
}

export function rrsetLabel({ name, type }: { readonly name: string; readonly type: number }): string {
  return `${typeName(type)} of ${printable(name)}`;
}

/** Those that can be read; the one that holds longest comes first, so that the result does not depend on their order. */
function readSignatures({ signatures }: SignedRrset, refusals: DnssecError[]): Rrsig[] {
  const read: Rrsig[] = [];
  for (const { data } of signatures) {
    try {
      read.push(decodeRrsig(data));
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      refusals.push(new DnssecError("malformed", error.message, { cause: error }));
    }
  }
  return read.toSorted((a, b) => compareSerials(b.expiration, a.expiration) ?? 0);
}

/** All that can be seen without a key (RFC 4035 section 5.3.1). */
function checkSignature(rrsig: Rrsig, { name, type }: Rrset, { zone, now }: Setting): void {
  const by = signatureLabel(rrsig);
  if (rrsig.typeCovered !== type) throw new DnssecError("signature", `${by} covers ${typeName(rrsig.typeCovered)}`);
  if (rrsig.signer !== zone) throw new DnssecError("key", `${by} is signed by ${printable(rrsig.signer)}, not by the zone ${zone}`);
  // A smaller number is an answer made from a wildcard, which needs a proof that the name itself is not there. DRTM has none.
  if (rrsig.labels !== signedLabels(name)) throw new DnssecError("signature", `${by} is for an owner of ${rrsig.labels} labels: wildcards are not taken`);
  checkTimes(rrsig, by, now);
}

/** RFC 4034 section 3.1.5, in serial number arithmetic. */
function checkTimes({ inception, expiration }: Rrsig, by: string, now: number): void {
  const before = compareSerials(inception, serialOf(now));
  const after = compareSerials(serialOf(now), expiration);
  if (before === undefined || after === undefined) throw new DnssecError("expired", `${by} is of a time that has no order to now`);
  if (before > 0) throw new DnssecError("early", `${by} begins only at ${timeText(timeOf(inception, now))}`);
  if (after > 0) throw new DnssecError("expired", `${by} expired at ${timeText(timeOf(expiration, now))}`);
}

function tryKeys(rrsig: Rrsig, rrset: Rrset, keys: readonly ZoneKey[], verifier: Verifier, attempts: { left: number }): void {
  const by = signatureLabel(rrsig);
  const candidates = keys.filter(({ tag, key }) => tag === rrsig.keyTag && key.algorithm === rrsig.algorithm);
  if (candidates.length === 0) throw new DnssecError("key", `${by} is by no key that is trusted (${keyList(keys)})`);
  const octets = signedData(rrsig, rrset);
  let unusable: DnssecError | undefined;
  for (const { material } of candidates) {
    if (attempts.left-- === 0) throw new DnssecError("limit", `${rrsetLabel(rrset)}: ${MOST_ATTEMPTS} signatures do not fit, and no more are tried`);
    if (material instanceof DnssecError) unusable = material;
    else if (rrsig.signature.length === signatureLength(material) && verifier.verify(material, octets, rrsig.signature)) return;
  }
  throw new DnssecError(unusable?.fault ?? "signature", `${by} ${unusable === undefined ? "does not fit the records" : `is worth nothing: ${unusable.message}`}`);
}

/** RFC 4035 section 5.3.3; the time to the expiration is the caller's to keep. */
function leastTtl({ records }: Rrset, { originalTtl }: Rrsig): number {
  return records.reduce((least, { ttl }) => Math.min(least, ttl), originalTtl);
}

function signatureLabel({ keyTag, algorithm }: Rrsig): string {
  return `the signature by key ${keyTag}, ${algorithmLabel(algorithm)},`;
}

export function keyList(keys: readonly ZoneKey[]): string {
  return keys.length === 0 ? "none" : keys.map(({ tag, key }) => `${tag}, ${algorithmLabel(key.algorithm)}`).join("; ");
}

function serialOf(now: number): number {
  return Math.floor(now) >>> 0;
}

/** The time around now that a serial stands for. */
function timeOf(serial: number, now: number): number {
  return Math.floor(now) + ((serial - serialOf(now)) | 0);
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000", "");
}
