import { RecordType } from "../../src/dns/records/index.ts";
import type { Query } from "../../src/dns/discovery/types.ts";
import type { RecordTable } from "./registry.ts";

/** Of the zone: TTL of its records and of what is not there. */
export const TTL_MS = 60_000;

/** A resolver that keeps answers for their TTL, but asks for each SOA anew, as one does whose SOA has just run out. */
export class ResolverCache {
  now = 0;
  readonly #table: RecordTable;
  readonly #kept = new Map<string, { answer: ReturnType<Query>; until: number }>();

  constructor(table: RecordTable) {
    this.#table = table;
  }

  readonly query: Query = async (name, type) => {
    const key = `${name} ${type}`;
    const known = this.#kept.get(key);
    if (type === RecordType.SOA || known === undefined || known.until <= this.now) {
      this.#kept.set(key, { answer: this.#table.query(name, type), until: this.now + TTL_MS });
    }
    const { answer, until } = this.#kept.get(key)!;
    const { rcode, records } = await answer;
    return { rcode, records: records.map((record) => ({ name: record.name, type: record.type, ttl: Math.ceil((until - this.now) / 1000), data: record.data })) };
  };

  /** Somebody else asks for it, so that it is kept from now on. */
  async warm(name: string, type: number): Promise<void> {
    await this.query(name, type);
  }
}
