import { createHash } from "node:crypto";
import { RecordType, decodeTxt, encodeName } from "../../dns/records/index.ts";
import { keyNode } from "../../dns/zone-model/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";

const ALGORITHMS: Readonly<Record<string, string>> = { 2: "sha256", 4: "sha384" };

/** DS data that the registry has for a DSOC's zone against the keys in that zone (RFC 4034 section 5.1.4). */
export function checkKeyData(registry: ZoneView, dsoc: ZoneView, report: Report): void {
  const keys = dsoc.at(dsoc.apex, RecordType.DNSKEY).map(({ record }) => record.data);
  const placed = registry.at(keyNode(dsoc.apex, registry.apex), RecordType.TXT);
  if (keys.length === 0) return;
  const [first] = placed;
  if (first === undefined) {
    report.note(`${keyNode(dsoc.apex, registry.apex)} TXT`, `is missing, and ${dsoc.apex} is signed: readers cannot check it`, "ask the DSOC for its DS data");
    return;
  }
  const known = placed.flatMap((one) => report.decoded(one, decodeTxt) ?? []);
  if (!known.some((text) => keys.some((key) => isDigestOf(text, dsoc.apex, key)))) {
    report.error(first, `fits no key of ${dsoc.source}: readers would refuse that zone`, "ask the DSOC for the DS data of its present key");
  }
}

function isDigestOf(text: string, apex: string, key: Uint8Array): boolean {
  const [, , digestType = "", digest = ""] = text.split(" ");
  const algorithm = ALGORITHMS[digestType];
  return algorithm !== undefined && createHash(algorithm).update(encodeName(apex)).update(key).digest("hex") === digest.toLowerCase();
}
