import { RdataError, RecordType, type ResourceRecord, decodeSoa, isSubdomain, readRecord } from "../records/index.ts";
import { INDEX_DIGITS, indexNode, keysNode } from "../zone-model/index.ts";
import type { Query, RecordAnswer, RegistryState } from "./types.ts";

/** Caches count in whole seconds: what has a TTL of 0 left may be given for nearly one more, and by a cache behind it for another. */
const ROUNDED_OFF_SECONDS = 2;

/**
 * What caches do to a walk. Just after a change a resolver may give the new SOA, and for the rest of their TTL index nodes of
 * before: all digests agree, but this is the zone of before under the serial of now. So a walk settles nothing until it
 * has begun when no such node can be in a cache any more. Times in milliseconds on a clock of the caller's.
 */
export class CacheDoubt {
  readonly #indexNodes: ReadonlySet<string>;
  /** Above the DS data of zones, which no digest covers either. */
  readonly #keysNode: string;
  /** Seconds for which such nodes of the present walk may be in a cache, and those that are not there. */
  #longestTtl = 0;
  #negativeTtl = 0;
  #serial: number | undefined;
  #over = 0;

  constructor(apex: string) {
    this.#indexNodes = new Set(INDEX_DIGITS.map((digit) => indexNode(digit, apex)));
    this.#keysNode = keysNode(apex);
  }

  /** Notes the TTLs of what comes through it. */
  noting(query: Query): Query {
    this.#longestTtl = 0;
    return async (name, type, signal) => {
      const answer = await query(name, type, signal);
      if (type === RecordType.SOA) this.#noteSoa(answer.records);
      else if (this.#indexNodes.has(name) || isSubdomain(name, this.#keysNode)) this.#noteNode(answer);
      return answer;
    };
  }

  /** The state that a walk from `begun` to `ended` has found: not settled where it may be that of an older serial. */
  judge(state: RegistryState, begun: number, ended: number): RegistryState {
    if (this.#serial !== state.serial) {
      this.#serial = state.serial;
      this.#over = ended + (this.#longestTtl + ROUNDED_OFF_SECONDS) * 1000;
    }
    return this.mayBeBehind(begun) ? { ...state, settled: false } : state;
  }

  /** Whether what a walk from `begun` on has found may be that of an older serial than was judged last. */
  mayBeBehind(begun: number): boolean {
    return begun < this.#over;
  }

  #noteNode({ records, sections = [] }: RecordAnswer): void {
    const ttls = records.length === 0 ? [this.#ttlOfAbsence(sections)] : records.map(({ ttl }) => ttl);
    this.#longestTtl = Math.max(this.#longestTtl, ...ttls);
  }

  /** RFC 2308 section 5: that of the SOA which came with the answer, within its minimum. */
  #ttlOfAbsence(sections: readonly ResourceRecord[]): number {
    const soa = sections.find(({ type }) => type === RecordType.SOA);
    return soa === undefined ? this.#negativeTtl : Math.min(soa.ttl, minimumOf(soa) ?? this.#negativeTtl);
  }

  /** The SOA of the apex may be older in a cache than what is not there: its own TTL says nothing. */
  #noteSoa([soa]: readonly ResourceRecord[]): void {
    this.#negativeTtl = (soa && minimumOf(soa)) ?? this.#negativeTtl;
  }
}

/** Undefined for one that is malformed: the walk will say so of that of the apex. */
function minimumOf(soa: ResourceRecord): number | undefined {
  try {
    return readRecord(soa, decodeSoa).minimum;
  } catch (error) {
    if (error instanceof RdataError) return undefined;
    throw error;
  }
}
