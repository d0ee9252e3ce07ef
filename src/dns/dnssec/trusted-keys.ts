import { readRecord } from "../records/index.ts";
import { DnssecError } from "./error.ts";
import type { SignedRrset } from "./signed-data.ts";
import type { Digest } from "./tools.ts";
import { type TrustAnchor, matchesAnchor } from "./trust-anchor.ts";
import { type Setting, type Verified, keyList, verifyRrset } from "./verify-rrset.ts";
import { type ZoneKey, readZoneKey } from "./zone-key.ts";

/** The keys that may sign in a zone, and how long that is known. */
export interface TrustedKeys extends Verified {
  readonly keys: readonly ZoneKey[];
}

/** A zone in the midst of rolling both its keys to another algorithm has six. */
const MOST_KEYS = 32;

/**
 * The DNSKEY RRset of a zone, if a key that an anchor stands for has signed it (RFC 4035 section 5.2). With several anchors any
 * will do: while the zone rolls its key, the old one and the new one are configured side by side. Throws DnssecError, RdataError.
 */
export function trustedKeys(set: SignedRrset, anchors: readonly TrustAnchor[], digest: Digest, setting: Setting): TrustedKeys {
  const { records } = set.rrset;
  if (records.length > MOST_KEYS) throw new DnssecError("limit", `${setting.zone} has ${records.length} DNSKEY records: ${MOST_KEYS} are the most`);
  const keys = records.map((record) => readRecord(record, () => readZoneKey(record)));
  return { keys, ...verifyRrset(set, anchoredKeys(keys, anchors, digest, setting.zone), setting) };
}

function anchoredKeys(keys: readonly ZoneKey[], anchors: readonly TrustAnchor[], digest: Digest, zone: string): ZoneKey[] {
  // The digest of a key that cannot be used need not be made: it may be long.
  const anchored = keys.filter((key) => !(key.material instanceof DnssecError) && anchors.some((anchor) => matchesAnchor(anchor, zone, key, digest)));
  if (anchored.length > 0) return anchored;
  const tags = anchors.map(({ tag }) => tag).join(", ");
  throw new DnssecError("anchor", `${zone}: no key of the zone is one of its trust anchors (anchors: ${tags || "none"}; keys: ${keyList(keys)})`);
}
