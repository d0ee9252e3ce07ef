import { RdataError, typeName } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";

/** One thing to know of a zone. An error keeps readers from using something; a note may be meant so. */
export interface Finding {
  readonly severity: "error" | "note";
  /** File, or server. */
  readonly source: string;
  readonly line: number | undefined;
  /** Owner, with the type where it is about an RRset. */
  readonly name: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Gathers what is found in one zone. */
export class Report {
  readonly findings: Finding[] = [];
  readonly #zone: ZoneView;

  constructor(zone: ZoneView) {
    this.#zone = zone;
  }

  error(place: PlacedRecord | string, problem: string, remedy: string): void {
    this.#add("error", place, problem, remedy);
  }

  note(place: PlacedRecord | string, problem: string, remedy: string): void {
    this.#add("note", place, problem, remedy);
  }

  /** What the data of a record says; undefined, and an error, where it is malformed. */
  decoded<T>(placed: PlacedRecord, decode: (data: Uint8Array) => T): T | undefined {
    try {
      return decode(placed.record.data);
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      this.error(placed, error.problem, "correct this record");
      return undefined;
    }
  }

  #add(severity: Finding["severity"], place: PlacedRecord | string, problem: string, remedy: string): void {
    const { source } = this.#zone;
    if (typeof place === "string") this.findings.push({ severity, source, line: this.#zone.records[0]?.line, name: place, problem, remedy });
    else this.findings.push({ severity, source, line: place.line, name: `${place.record.name} ${typeName(place.record.type)}`, problem, remedy });
  }
}
