import type { SignedAnswer } from "../dns/dnssec/index.ts";
import type { PlacedRecord } from "../dns/zone-file/index.ts";

/** A zone's records by owner and type, and where each was found. */
export class ZoneView {
  /** A file, or ADDRESS:PORT. */
  readonly source: string;
  readonly apex: string;
  readonly records: readonly PlacedRecord[];
  /** What a server says is not there, and what it proves that by; undefined where the zone is here whole, and shows that itself. */
  readonly absences: readonly SignedAnswer[] | undefined;
  readonly #byName = new Map<string, PlacedRecord[]>();

  constructor(source: string, apex: string, records: readonly PlacedRecord[], absences?: readonly SignedAnswer[]) {
    this.absences = absences;
    this.source = source;
    this.apex = apex;
    this.records = records;
    for (const placed of records) {
      const { name } = placed.record;
      const others = this.#byName.get(name);
      if (others === undefined) this.#byName.set(name, [placed]);
      else others.push(placed);
    }
  }

  /** False where only what readers ask for is here. */
  get isWhole(): boolean {
    return this.absences === undefined;
  }

  get names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** All records of an owner. */
  under(name: string): readonly PlacedRecord[] {
    return this.#byName.get(name) ?? [];
  }

  at(name: string, type: number): PlacedRecord[] {
    return this.under(name).filter(({ record }) => record.type === type);
  }

  ofType(type: number): PlacedRecord[] {
    return this.records.filter(({ record }) => record.type === type);
  }
}
