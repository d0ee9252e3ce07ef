import { RecordType } from "../../src/dns/records/index.ts";
import type { Query } from "../../src/dns/discovery/types.ts";
import type { RecordTable } from "./registry.ts";

/** Of the zone: TTL of its records and of what is not there. */
export const TTL_MS = 60_000;
/** After so long no cache gives it any more: caches count in whole seconds, and one may be behind another. */
export const GONE_MS = TTL_MS + 2_000;

/** A resolver that keeps answers for their TTL in whole seconds, as Unbound does, the last second included, but asks for each SOA anew, as one does whose SOA has just run out. */
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
    if (type === RecordType.SOA || known === undefined || known.until < this.#seconds) {
      this.#kept.set(key, { answer: this.#table.query(name, type), until: this.#seconds + TTL_MS / 1000 });
    }
    const { answer, until } = this.#kept.get(key)!;
    const { rcode, records } = await answer;
    return { rcode, records: records.map((record) => ({ name: record.name, type: record.type, ttl: until - this.#seconds, data: record.data })) };
  };

  get #seconds(): number {
    return Math.floor(this.now / 1000);
  }

  /** Somebody else asks for it, so that it is kept from now on. */
  async warm(name: string, type: number): Promise<void> {
    await this.query(name, type);
  }
}
