import { RecordType, decodeHostName, decodeTxt, isSubdomain } from "../../dns/records/index.ts";
import { INDEX_DIGITS, indexNode, versionNode } from "../../dns/zone-model/index.ts";
import { normaliseDs } from "../description/ds-data.ts";
import type { ZoneView } from "../zone-view.ts";
import { checkMabs } from "./mabs.ts";
import { OF_SIGNERS } from "./of-signers.ts";
import type { RegistryContent } from "./registry-content.ts";
import { checkIndex, checkVersion } from "./registry-index.ts";
import { checkSets, isSetName } from "./registry-sets.ts";
import type { Report } from "./report.ts";

export function checkRegistry(zone: ZoneView, report: Report): RegistryContent {
  checkVersion(zone, report);
  const content = checkSets(zone, checkIndex(zone, report), report);
  checkMabs(content, zone.apex, report);
  checkKeys(zone, content, report);
  checkNames(zone, report);
  return content;
}

/** DS data of DSOCs' zones: well written, and of zones that some service is in. */
function checkKeys(zone: ZoneView, { services }: RegistryContent, report: Report): void {
  const suffix = `.keys.${zone.apex}`;
  for (const placed of zone.ofType(RecordType.TXT)) {
    const { name } = placed.record;
    if (!name.endsWith(suffix)) continue;
    for (const text of report.decoded(placed, decodeTxt) ?? []) {
      const problem = dsProblem(text);
      if (problem !== undefined) report.error(placed, problem, "copy the DS data of the zone's key: four fields");
    }
    const dsoc = `${name.slice(0, -suffix.length)}.`;
    if (!services.some((service) => isSubdomain(service.name, dsoc))) report.note(placed, `is the key of ${dsoc}, which has no service in any set`, "remove it, or correct its name");
  }
}

function dsProblem(text: string): string | undefined {
  try {
    normaliseDs(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Names that no reader asks for are misspelt, or forgotten. */
function checkNames(zone: ZoneView, report: Report): void {
  const servers = zone.at(zone.apex, RecordType.NS).flatMap((placed) => report.decoded(placed, decodeHostName) ?? []);
  const known = new Set([zone.apex, versionNode(zone.apex), ...INDEX_DIGITS.map((digit) => indexNode(digit, zone.apex)), ...servers]);
  const told = new Set<string>();
  for (const placed of zone.records) {
    const { name, type } = placed.record;
    if (known.has(name) || told.has(name) || OF_SIGNERS.has(type) || isSetName(name, zone.apex) || name.endsWith(`.keys.${zone.apex}`)) continue;
    told.add(name);
    report.note(placed, "is no name of a registry: no reader asks for it", "correct it, or remove it (docs/zones.md has the names)");
  }
}
