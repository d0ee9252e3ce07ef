import type { ResourceRecord } from "../records/index.ts";
import { ZoneFileError } from "./error.ts";
import { type Context, type ZoneFileOptions, newContext, readEntry } from "./parse.ts";
import { type Entry, readEntries } from "./tokens.ts";
import { ZoneCollector } from "./zone-collector.ts";

/** A record and the line that it begins on; none where it came from a server. */
export interface PlacedRecord {
  readonly record: ResourceRecord;
  readonly line?: number | undefined;
}

/** All that can be read of a zone file, and all that cannot. */
export interface ZoneSurvey {
  /** Undefined where even the SOA is missing. */
  readonly apex: string | undefined;
  readonly records: readonly PlacedRecord[];
  readonly faults: readonly ZoneFileError[];
}

/** Reads on after a fault, so that one reading finds all of them. */
export function surveyZoneFile(text: string, { file, origin }: ZoneFileOptions): ZoneSurvey {
  const survey = new Survey(newContext(file, origin));
  try {
    for (const entry of readEntries(text, file)) if (!survey.take(entry)) break;
  } catch (error) {
    // After a broken lexeme it cannot be told where the next record begins.
    survey.note(error);
  }
  return survey.finish(file);
}

class Survey {
  readonly #context: Context;
  readonly #zone: ZoneCollector;
  readonly #records: PlacedRecord[] = [];
  readonly #faults: ZoneFileError[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#zone = new ZoneCollector(context.file);
  }

  /** False where going on would only repeat what is wrong: without an SOA, nothing is in its zone. */
  take(entry: Entry): boolean {
    try {
      const record = readEntry(this.#context, entry);
      if (record !== undefined && this.#zone.add(record, entry.line)) this.#records.push({ record, line: entry.line });
      return true;
    } catch (error) {
      this.note(error);
      return this.#zone.apex !== undefined;
    }
  }

  note(error: unknown): void {
    if (!(error instanceof ZoneFileError)) throw error;
    this.#faults.push(error);
  }

  finish(file: string): ZoneSurvey {
    const { apex } = this.#zone;
    const empty = apex === undefined && this.#faults.length === 0;
    const faults = empty ? [new ZoneFileError(file, 1, "the file has no records: a zone begins with its SOA")] : this.#faults;
    return { apex, records: this.#records, faults };
  }
}
