import { type Fault, type TrustedKeys, validateRrset } from "../../dns/dnssec/index.ts";
import { RecordType } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import { isDelegated } from "./delegation.ts";
import type { Report } from "./report.ts";
import { TOOLS, type Trust, keysOf, withoutLabel } from "./trust.ts";

/** Signatures of a zone that are right. */
export interface VerifiedZone {
  readonly zone: string;
  readonly by: Trust["by"];
  readonly signatures: number;
  /** When the first of them ends; seconds since 1970. */
  readonly until: number;
}

interface Refused {
  readonly placed: PlacedRecord;
  readonly reason: string;
}

/** Signatures that are missing, over or not valid yet are told of without keys. */
const TOLD: ReadonlySet<Fault> = new Set(["missing", "early", "expired"]);
/** A wrong key spoils all; the first say enough. */
const MOST_TOLD = 5;

/** Whether the signatures of a signed zone are right (RFC 4035 section 5.3). Undefined where its keys cannot be trusted. */
export function verifySignatures(zone: ZoneView, trust: Trust, nowSeconds: number, report: Report): VerifiedZone | undefined {
  const [first] = zone.at(zone.apex, RecordType.DNSKEY);
  const keys = keysOf(zone, trust.anchors, nowSeconds);
  if (keys.valid) return verifyWith(zone, keys, trust, nowSeconds, report);
  if (first === undefined) report.error(zone.ofType(RecordType.RRSIG)[0]!, "is a signature, and the zone has no DNSKEY", "have the zone signed again, or publish it without signatures");
  else if (!TOLD.has(keys.fault)) report.error(first, `is not trusted, by ${trust.by}: ${withoutLabel(keys.reason)}`, remedyFor(trust.by));
  return undefined;
}

function verifyWith(zone: ZoneView, trusted: TrustedKeys, { by }: Trust, now: number, report: Report): VerifiedZone {
  const setting = { zone: zone.apex, now, verifier: TOOLS.verifier };
  const refused: Refused[] = [];
  let [signatures, until] = [0, trusted.until];
  for (const placed of rrsetsOf(zone)) {
    const { name, type } = placed.record;
    const verdict = validateRrset({ name, type, records: zone.under(name).map(({ record }) => record) }, trusted, setting);
    if (verdict.valid) [signatures, until] = [signatures + 1, Math.min(until, verdict.until)];
    else if (!TOLD.has(verdict.fault)) refused.push({ placed, reason: withoutLabel(verdict.reason) });
  }
  tell(refused, report);
  return { zone: zone.apex, by, signatures, until };
}

/** The first record of each RRset that this zone signs. */
function* rrsetsOf(zone: ZoneView): Generator<PlacedRecord> {
  for (const name of zone.names) {
    const seen = new Set<number>([RecordType.RRSIG]);
    for (const placed of zone.under(name)) {
      const { type } = placed.record;
      if (seen.has(type) || isDelegated(zone, name, type)) continue;
      seen.add(type);
      yield placed;
    }
  }
}

function tell(refused: readonly Refused[], report: Report): void {
  const hidden = refused.length - MOST_TOLD;
  for (const [index, { placed, reason }] of refused.slice(0, MOST_TOLD).entries()) {
    const more = index === MOST_TOLD - 1 && hidden > 0 ? `, and so are ${hidden.toLocaleString("en")} more` : "";
    report.error(placed, `is not signed rightly${more}: ${reason}`, "have the zone signed again, and load what the signer wrote, unchanged");
  }
}

function remedyFor(by: Trust["by"]): string {
  return by === "own keys" ? "have the zone signed again" : "have it signed by that key, or correct the anchors";
}
