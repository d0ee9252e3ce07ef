import { type ResourceRecord, RecordType, decodeSoa } from "../../dns/records/index.ts";
import { ZoneFileError, formatZoneFile, parseZoneFile } from "../../dns/zone-file/index.ts";
import type { Description } from "../description/description.ts";
import { type ZoneDraft, draftZones } from "./drafts.ts";
import { type RrsetChange, rrsetChanges } from "./rrset-changes.ts";
import { nextSerial } from "./serial.ts";

/** What is to be done about one zone file. */
export interface ZonePlan {
  readonly apex: string;
  readonly fileName: string;
  /** "comments": no record differs, so that name servers need not load it again. */
  readonly state: "new" | "changed" | "comments" | "unchanged";
  readonly serialBefore: number | undefined;
  readonly serial: number;
  /** Besides the SOA's serial. */
  readonly changes: readonly RrsetChange[];
  readonly text: string;
}

/** A zone file that is there and cannot be compared. */
export class PreviousZoneError extends Error {
  override readonly name = "PreviousZoneError";
  readonly code = "DRTM_PREVIOUS_ZONE";
}

/** Text of a file as it was built last; undefined where there is none. */
export type ReadPrevious = (fileName: string) => string | undefined;

/** Compares a description with what was built from it last. Throws ZoneModelError and PreviousZoneError. */
export function planZones(description: Description, previous: ReadPrevious, nowSeconds: number): ZonePlan[] {
  return draftZones(description).map((draft) => planZone(draft, description.serial, previous, nowSeconds));
}

function planZone(draft: ZoneDraft, style: Description["serial"], previous: ReadPrevious, nowSeconds: number): ZonePlan {
  const fileName = `${draft.apex}zone`;
  const textBefore = previous(fileName);
  const recordsBefore = textBefore === undefined ? [] : recordsOf(textBefore, fileName, draft.apex);
  const serialBefore = serialOf(recordsBefore);
  const changes = rrsetChanges(recordsBefore, draft.records(serialBefore ?? 0));
  const serial = serialBefore !== undefined && changes.length === 0 ? serialBefore : nextSerial(style, serialBefore, nowSeconds);
  const text = formatZoneFile(draft.records(serial), draft);
  return { apex: draft.apex, fileName, state: stateOf(textBefore, text, changes), serialBefore, serial, changes, text };
}

function stateOf(before: string | undefined, text: string, changes: readonly RrsetChange[]): ZonePlan["state"] {
  if (before === undefined) return "new";
  if (changes.length > 0) return "changed";
  return before === text ? "unchanged" : "comments";
}

function recordsOf(text: string, file: string, apex: string): readonly ResourceRecord[] {
  try {
    const zone = parseZoneFile(text, { file, origin: apex });
    if (zone.apex === apex) return zone.records;
    throw new PreviousZoneError(`${file} holds the zone ${zone.apex} and not ${apex}: move it away, or name another directory with --out`);
  } catch (error) {
    if (!(error instanceof ZoneFileError)) throw error;
    throw new PreviousZoneError(`${error.message}: the serial must go on from this file, so repair it, or remove it and tell your secondaries (the serial begins anew)`, { cause: error });
  }
}

function serialOf(records: readonly ResourceRecord[]): number | undefined {
  const soa = records.find(({ type }) => type === RecordType.SOA);
  return soa === undefined ? undefined : decodeSoa(soa.data).serial;
}
