import { RecordType } from "../../dns/records/index.ts";
import { keyNode } from "../../dns/zone-model/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";
import { anchorsIn, keysOf } from "./trust.ts";

/** DS data that the registry has for a DSOC's zone, as readers use it: one of its keys must have signed the keys (RFC 4035 section 5.2). */
export function checkKeyData(registry: ZoneView, dsoc: ZoneView, nowSeconds: number, report: Report): void {
  const node = keyNode(dsoc.apex, registry.apex);
  const [first] = registry.at(node, RecordType.TXT);
  const isSigned = dsoc.at(dsoc.apex, RecordType.DNSKEY).length > 0;
  if (!isSigned && first !== undefined) return report.error(first, `is DS data, and ${dsoc.source} is not signed: readers would refuse that zone`, "have the zone signed, or take the DS data out");
  if (isSigned && first === undefined) return report.note(`${node} TXT`, `is missing, and ${dsoc.apex} is signed: readers cannot check it`, "ask the DSOC for its DS data");
  if (first === undefined) return;
  const { anchors, problems } = anchorsIn(registry, dsoc.apex);
  if (anchors.length === 0) return report.error(first, `cannot be used, so that readers would refuse that zone: ${problems.join("; ")}`, "ask the DSOC for DS data of digest type 2 or 4");
  const keys = keysOf(dsoc, anchors, nowSeconds);
  if (!keys.valid) return report.error(first, `${keys.fault === "anchor" ? "fits no key" : "does not vouch for the keys"} of ${dsoc.source}: readers would refuse that zone (${keys.reason})`, "ask the DSOC for the DS data of its present key");
  const stale = anchors.filter((anchor) => isForNoKey(dsoc, anchor, nowSeconds)).map(({ tag }) => tag);
  if (stale.length > 0) report.note(first, `has DS data of key ${stale.join(", ")} too, which is not in ${dsoc.source}`, "take it out, unless that key is yet to come");
}

function isForNoKey(dsoc: ZoneView, anchor: Parameters<typeof keysOf>[1][number], nowSeconds: number): boolean {
  const alone = keysOf(dsoc, [anchor], nowSeconds);
  return !alone.valid && alone.fault === "anchor";
}
