import type { PlacedRecord } from "../dns/zone-file/index.ts";

/** A zone's records by owner and type, and where each was found. */
export class ZoneView {
  /** A file, or ADDRESS:PORT. */
  readonly source: string;
  readonly apex: string;
  readonly records: readonly PlacedRecord[];
  /** False where only what readers ask for is here, without signatures. */
  readonly isWhole: boolean;
  readonly #byName = new Map<string, PlacedRecord[]>();

  constructor(source: string, apex: string, records: readonly PlacedRecord[], isWhole = true) {
    this.isWhole = isWhole;
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
