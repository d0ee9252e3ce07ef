import { RecordType, decodeHostName, decodeTxt, isSubdomain, printable } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import { INDEX_DIGITS, REGISTRY_VERSION, indexNode, setNode, versionNode } from "../../dns/zone-model/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";

/** What the index says of a set. */
export interface IndexEntry {
  readonly digest: string;
  readonly placed: PlacedRecord;
}

const ENTRY = /^([0-9a-f]{10}) ([0-9a-f]{16})$/;

/** Whether a zone is meant as a registry: it says so, or is laid out like one. */
export function isRegistry(zone: ZoneView): boolean {
  if (zone.at(versionNode(zone.apex), RecordType.TXT).length > 0) return true;
  return [...zone.names].some((name) => isSubdomain(name, `sets.${zone.apex}`) || isSubdomain(name, `idx.${zone.apex}`));
}

export function checkVersion(zone: ZoneView, report: Report): void {
  const node = versionNode(zone.apex);
  const records = zone.at(node, RecordType.TXT);
  const texts = records.flatMap((placed) => report.decoded(placed, decodeTxt) ?? []);
  if (texts.includes(REGISTRY_VERSION)) return;
  const problem = records.length === 0 ? "is missing: readers take this for no registry" : `says ${printable(JSON.stringify(texts))}: readers stop here`;
  report.error(records[0] ?? `${node} TXT`, problem, `write ${node} TXT "${REGISTRY_VERSION}"`);
}

/** The sets that the index names. */
export function checkIndex(zone: ZoneView, report: Report): Map<string, IndexEntry> {
  const index = new Map<string, IndexEntry>();
  for (const digit of INDEX_DIGITS) checkDigit(zone, digit, index, report);
  return index;
}

function checkDigit(zone: ZoneView, digit: string, index: Map<string, IndexEntry>, report: Report): void {
  const node = indexNode(digit, zone.apex);
  for (const placed of zone.at(node, RecordType.TXT)) {
    for (const text of report.decoded(placed, decodeTxt) ?? []) checkEntry(placed, text, digit, index, report);
  }
  checkPointers(zone, node, [...index.keys()].filter((id) => id.startsWith(digit)), report);
}

function checkEntry(placed: PlacedRecord, text: string, digit: string, index: Map<string, IndexEntry>, report: Report): void {
  const [, id, digest] = ENTRY.exec(text) ?? [];
  if (id === undefined || digest === undefined) report.error(placed, `has "${printable(text)}"`, 'write "<set> <digest>", of 10 and 16 hex digits');
  else if (!id.startsWith(digit)) report.error(placed, `names the set ${id}, which does not begin with ${digit}`, `move it to the node ${id[0]}.idx`);
  else if (index.has(id)) report.error(placed, `names the set ${id} twice`, "keep the one with the right digest");
  else index.set(id, { digest, placed });
}

/** The same sets as in TXT, for those who follow names. */
function checkPointers(zone: ZoneView, node: string, ids: readonly string[], report: Report): void {
  const pointers = zone.at(node, RecordType.PTR);
  const targets = new Set(pointers.map((placed) => report.decoded(placed, decodeHostName)));
  const wanted = new Set(ids.map((id) => setNode(id, zone.apex)));
  for (const target of wanted) if (!targets.has(target)) report.error(zone.at(node, RecordType.TXT)[0]!, `names a set without a PTR to ${target}`, `write ${node} PTR ${target}`);
  for (const placed of pointers) {
    const target = report.decoded(placed, decodeHostName);
    if (target !== undefined && !wanted.has(target)) report.error(placed, `points to ${target}, for which there is no TXT`, `write "<set> <digest>" at ${node} TXT, or remove the PTR`);
  }
}
