import { RecordType, type ResourceRecord, isSubdomain, parentOf } from "../records/index.ts";

/** What a zone says to a question. */
export interface ZoneAnswer {
  readonly exists: boolean;
  readonly answers: readonly ResourceRecord[];
  /** The SOA, where there is no answer (RFC 2308 section 3). */
  readonly authority: readonly ResourceRecord[];
}

/** Zone data that cannot be served; the message names the zone and what is missing. */
export class ZoneDataError extends Error {
  override readonly name = "ZoneDataError";
  readonly code = "DRTM_ZONE_DATA";
}

/** One zone without delegations, wildcards or aliases: the kind that DRTM publishes. */
export class Zone {
  readonly apex: string;
  readonly #soa: ResourceRecord;
  readonly #records = new Map<string, ResourceRecord[]>();
  readonly #names = new Set<string>();

  /** Throws ZoneDataError without exactly one SOA, or with a record outside the zone. */
  constructor(records: readonly ResourceRecord[]) {
    const soas = records.filter(({ type }) => type === RecordType.SOA);
    if (soas.length !== 1) throw new ZoneDataError(`a zone needs one SOA record, this one has ${soas.length}`);
    this.#soa = soas[0]!;
    this.apex = this.#soa.name;
    for (const record of records) this.#add(record);
  }

  lookUp(name: string, type: number): ZoneAnswer {
    const answers = this.#records.get(key(name, type)) ?? [];
    return { exists: this.#names.has(name), answers, authority: answers.length > 0 ? [] : [this.#soa] };
  }

  #add(record: ResourceRecord): void {
    if (!isSubdomain(record.name, this.apex)) throw new ZoneDataError(`${record.name} is not in the zone ${this.apex}`);
    const place = key(record.name, record.type);
    const list = this.#records.get(place);
    if (list === undefined) this.#records.set(place, [record]);
    else list.push(record);
    // Names between the apex and an owner exist without records of their own (RFC 4592 section 2.2.2).
    for (let name = record.name; !this.#names.has(name) && isSubdomain(name, this.apex); name = parentOf(name)) {
      this.#names.add(name);
      if (name === this.apex) return;
    }
  }
}

function key(name: string, type: number): string {
  return `${type} ${name}`;
}
