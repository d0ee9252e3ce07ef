import { type Ds, RdataError, RecordType, algorithmLabel, decodeDs, encodeName, normaliseName, printable } from "../records/index.ts";
import { ZoneFileError, parseRecordData } from "../zone-file/index.ts";
import { DnssecError } from "./error.ts";
import { isTaken } from "./key-material.ts";
import { sameOctets } from "./same-octets.ts";
import type { Digest, HashAlgorithm } from "./tools.ts";
import { type ZoneKey, readZoneKey } from "./zone-key.ts";

/** A key of a zone that is trusted because the configuration, or the registry, says so: whole, or by its digest. */
export type TrustAnchor =
  | { readonly kind: "dnskey"; readonly tag: number; readonly algorithm: number; readonly data: Uint8Array }
  | { readonly kind: "ds"; readonly tag: number; readonly algorithm: number; readonly hash: HashAlgorithm; readonly digest: Uint8Array };

interface DsDigestType {
  readonly hash: HashAlgorithm;
  readonly octets: number;
}

/** RFC 4509, RFC 6605 section 3. SHA-1 is left out: RFC 8624 section 3.3 says MUST NOT for new ones. */
const DIGEST_TYPES: ReadonlyMap<number, DsDigestType> = new Map([
  [2, { hash: "sha256", octets: 32 }],
  [4, { hash: "sha384", octets: 48 }],
]);

/** Each may cost the digest of a key. A zone in the midst of a roll has two keys to anchor, with two digests each. */
export const MOST_ANCHORS = 16;

/** `[owner [TTL] [IN] DS|DNSKEY] data`. */
const ANCHOR = /^(?:(?:(?<owner>\S+)\s+)?(?:\d+\s+)?(?:IN\s+)?(?<type>DS|DNSKEY)\s+)?(?<data>[^\s].*)$/is;
/** The second field of a DNSKEY is 3, and no DS has that: it would be the algorithm DSA. */
const DNSKEY_DATA = /^\d+\s+3\s/;

/**
 * A trust anchor of a zone as the data of its DS or DNSKEY record, or as the whole record, as the tools of name servers print
 * them: `60485 13 2 D4B7...`, `example. IN DNSKEY 257 3 13 oJB1...`. Throws DnssecError.
 */
export function parseTrustAnchor(text: string, zone: string): TrustAnchor {
  try {
    const { owner, type, data } = ANCHOR.exec(text.trim())?.groups ?? {};
    if (data === undefined) throw new DnssecError("anchor", `the trust anchor of ${zone} is empty: give the data of its DS or DNSKEY record`);
    if (owner !== undefined && normaliseName(owner) !== zone) throw new DnssecError("anchor", `the trust anchor is one of ${printable(owner)}, not of ${zone}`);
    const isKey = type === undefined ? DNSKEY_DATA.test(data) : type.toUpperCase() === "DNSKEY";
    return isKey ? keyAnchor(parseRecordData(data, RecordType.DNSKEY, "trust anchor")) : dsAnchor(decodeDs(parseRecordData(data, RecordType.DS, "trust anchor")));
  } catch (error) {
    if (error instanceof ZoneFileError) throw new DnssecError("anchor", `the trust anchor of ${zone} cannot be read: ${error.problem}`, { cause: error });
    if (error instanceof RdataError) throw new DnssecError("anchor", `the trust anchor of ${zone} cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Anchors that can be used, and what is wrong with the others. */
export interface ReadAnchors {
  readonly anchors: readonly TrustAnchor[];
  readonly problems: readonly string[];
}

/**
 * The anchors that a registry gives for a DSOC's zone, the strings of its TXT records at `<zone>.keys`. One of an algorithm or
 * digest that is not taken may stand beside others, and then does no harm. Throws DnssecError where there are too many.
 */
export function readTrustAnchors(texts: readonly string[], zone: string): ReadAnchors {
  if (texts.length > MOST_ANCHORS) throw new DnssecError("limit", `${zone} has more than ${MOST_ANCHORS} trust anchors`);
  const anchors: TrustAnchor[] = [];
  const problems: string[] = [];
  for (const text of texts) {
    try {
      anchors.push(parseTrustAnchor(text, zone));
    } catch (error) {
      if (!(error instanceof DnssecError)) throw error;
      problems.push(error.message);
    }
  }
  return { anchors, problems };
}

export function matchesAnchor(anchor: TrustAnchor, zone: string, { tag, key, record }: ZoneKey, digest: Digest): boolean {
  if (anchor.tag !== tag || anchor.algorithm !== key.algorithm) return false;
  if (anchor.kind === "dnskey") return sameOctets(anchor.data, record.data);
  return sameOctets(anchor.digest, dsDigest(zone, record.data, anchor.hash, digest));
}

/** RFC 4034 section 5.1.4. */
export function dsDigest(zone: string, key: Uint8Array, hash: HashAlgorithm, digest: Digest): Uint8Array {
  return digest(hash, [encodeName(zone), key]);
}

function keyAnchor(data: Uint8Array): TrustAnchor {
  const { key, tag, material } = readZoneKey({ name: ".", type: RecordType.DNSKEY, ttl: 0, data });
  if (material instanceof DnssecError) throw new DnssecError(material.fault, `the trust anchor with key tag ${tag} cannot be used: ${material.message}`, { cause: material });
  return { kind: "dnskey", tag, algorithm: key.algorithm, data };
}

function dsAnchor({ keyTag, algorithm, digestType, digest }: Ds): TrustAnchor {
  const type = DIGEST_TYPES.get(digestType);
  const what = `the trust anchor with key tag ${keyTag}`;
  if (!isTaken(algorithm)) throw new DnssecError("unsupported", `${what} is for ${algorithmLabel(algorithm)}: sign with 8, 13 or 15`);
  if (type === undefined) throw new DnssecError("unsupported", `${what} has digest type ${digestType}: give one of type 2 (SHA-256) or 4 (SHA-384)`);
  if (digest.length !== type.octets) throw new DnssecError("anchor", `${what} has a digest of ${digest.length} octets: ${type.octets} are right for type ${digestType}`);
  return { kind: "ds", tag: keyTag, algorithm, hash: type.hash, digest };
}
