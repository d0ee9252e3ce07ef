import { RdataError, type ResourceRecord, canonicalRecord, isSubdomain, printable, typeName } from "../records/index.ts";
import { ZoneImageError } from "./error.ts";

/** The record as an image has it. Throws ZoneImageError. */
export function canonicalIn(record: ResourceRecord): ResourceRecord {
  try {
    return canonicalRecord(record);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    throw new ZoneImageError(`${labelOf(record)} ${error.problem}`, { cause: error });
  }
}

/** Throws ZoneImageError for a record that cannot be in a zone. */
export function requireInZone(apex: string, record: ResourceRecord): void {
  if (!isSubdomain(record.name, apex)) throw new ZoneImageError(`${labelOf(record)} is outside the zone ${apex}`);
}

/** A record as messages name it. */
export function labelOf({ name, type }: ResourceRecord): string {
  return `${printable(name)} ${typeName(type)}`;
}
