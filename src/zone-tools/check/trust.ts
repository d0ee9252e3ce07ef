import { DnssecError, type ReadAnchors, type TrustAnchor, readTrustAnchors, readZoneKey, validateKeys } from "../../dns/dnssec/index.ts";
import { DnskeyFlag, RdataError, RecordType, decodeTxt, printable } from "../../dns/records/index.ts";
import { keyNode } from "../../dns/zone-model/index.ts";
import { dnssecTools } from "../../io/dnssec-verifier.ts";
import type { ZoneView } from "../zone-view.ts";

/** By apex: keys that must have signed. */
export type GivenAnchors = ReadonlyMap<string, readonly TrustAnchor[]>;

/** What the signatures of a zone are held against, the best that there is. */
export interface Trust {
  readonly by: "anchors given" | "DS data of the registry" | "own keys";
  readonly anchors: readonly TrustAnchor[];
}

export const TOOLS = dnssecTools();

/** DS data that does not fit is told of where the registry is checked; the zone is then held against its own keys. */
export function trustOf(zone: ZoneView, registries: readonly ZoneView[], given: GivenAnchors, nowSeconds: number): Trust {
  const named = given.get(zone.apex);
  if (named !== undefined) return { by: "anchors given", anchors: named };
  const anchors = registries.flatMap((registry) => anchorsIn(registry, zone.apex).anchors);
  if (anchors.length > 0 && keysOf(zone, anchors, nowSeconds).valid) return { by: "DS data of the registry", anchors };
  return { by: "own keys", anchors: ownKeys(zone) };
}

/** The keys of a zone that is there whole, if these anchors vouch for them. */
export function keysOf(zone: ZoneView, anchors: readonly TrustAnchor[], nowSeconds: number): ReturnType<typeof validateKeys> {
  return validateKeys(zone.apex, zone.under(zone.apex).map(({ record }) => record), anchors, nowSeconds, TOOLS);
}

/** What a registry has for a DSOC's zone, and what of that cannot be used. */
export function anchorsIn(registry: ZoneView, apex: string): ReadAnchors {
  try {
    const texts = registry.at(keyNode(apex, registry.apex), RecordType.TXT).flatMap(({ record }) => decodeTxt(record.data));
    return readTrustAnchors(texts, apex);
  } catch (error) {
    if (!(error instanceof RdataError || error instanceof DnssecError)) throw error;
    return { anchors: [], problems: [error.message] };
  }
}

/** Without the record in front, which a finding names already. */
export function withoutLabel(reason: string): string {
  return printable(reason.replace(/^(?:\S+ of )?\S+\.: /, ""));
}

/** Those that are marked as entry points (RFC 4034 section 2.1.1), or all where none is. */
function ownKeys(zone: ZoneView): TrustAnchor[] {
  const keys = zone.at(zone.apex, RecordType.DNSKEY).flatMap(({ record }) => {
    try {
      return [readZoneKey(record)];
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      return [];
    }
  });
  const entries = keys.filter(({ key }) => (key.flags & DnskeyFlag.secureEntryPoint) !== 0);
  return (entries.length > 0 ? entries : keys).map(({ tag, key, record }) => ({ kind: "dnskey", tag, algorithm: key.algorithm, data: record.data }));
}
