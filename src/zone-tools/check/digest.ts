import { validateDigest } from "../../dns/dnssec/index.ts";
import { RecordType } from "../../dns/records/index.ts";
import { ZoneImage, ZoneImageError } from "../../dns/zone-image/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";
import { TOOLS, withoutLabel } from "./trust.ts";

/** Whether the digest that a zone carries is its own (RFC 8976 section 4); a signed one should carry it. */
export function checkDigest(zone: ZoneView, isSigned: boolean, report: Report): void {
  const [placed] = zone.at(zone.apex, RecordType.ZONEMD);
  if (placed === undefined) {
    if (isSigned) report.note(`${zone.apex} ZONEMD`, "is missing: a transfer cannot be checked as a whole", "have the signer add it (Knot: zonemd-generate)");
    return;
  }
  const reason = problemOf(zone);
  if (reason !== undefined) report.error(placed, `is not right: ${withoutLabel(reason)}`, "have the signer make it again after every change (Knot: zonemd-generate)");
}

function problemOf(zone: ZoneView): string | undefined {
  try {
    const verdict = validateDigest(ZoneImage.of(zone.apex, zone.records.map(({ record }) => record)), TOOLS.digest);
    return verdict.valid ? undefined : verdict.reason;
  } catch (error) {
    if (!(error instanceof ZoneImageError)) throw error;
    return error.message;
  }
}
