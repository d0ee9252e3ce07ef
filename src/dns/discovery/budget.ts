import { WalkError } from "./errors.ts";
import type { SetState } from "./types.ts";

/** What one registry may have: far more than any needs (200,000 MABs, some hundred DSOCs), and what memory can hold. */
export const MOST = { sets: 4_096, services: 4_096, zones: 16_384, buckets: 65_536, MABs: 1_048_576 } as const;

/** Names without an answer after which it is DNS that fails, and not a set. */
const MOST_UNANSWERED = 64;

/** Of buckets that stay from walk to walk. */
const counted = new WeakMap<SetState["buckets"], number>();

function mabsIn(buckets: SetState["buckets"]): number {
  const known = counted.get(buckets);
  if (known !== undefined) return known;
  let mabs = 0;
  for (const { prefixes } of buckets.values()) mabs += prefixes.size;
  counted.set(buckets, mabs);
  return mabs;
}

/** Counts what one walk finds, and ends it when that is too much. */
export class Budget {
  readonly #apex: string;
  readonly #used = { sets: 0, zones: 0, buckets: 0, MABs: 0 };
  readonly #services = new Set<string>();
  #unanswered = 0;

  constructor(apex: string) {
    this.#apex = apex;
  }

  /** Throws WalkError. */
  take(what: "sets" | "zones" | "buckets" | "MABs", count: number): void {
    this.#used[what] += count;
    this.#check(what, this.#used[what]);
  }

  /** Throws WalkError. */
  takeServices(names: readonly string[]): void {
    for (const name of names) this.#services.add(name);
    this.#check("services", this.#services.size);
  }

  /** What has been read. Throws WalkError. */
  takeSet({ services, buckets }: SetState): void {
    this.takeServices(services);
    this.take("buckets", buckets.size);
    this.take("MABs", mabsIn(buckets));
  }

  /** Throws WalkError. */
  takeSets(sets: ReadonlyMap<string, SetState>): void {
    this.take("sets", sets.size);
    for (const set of sets.values()) this.takeSet(set);
  }

  /** Throws WalkError when this is one too many. */
  takeUnanswered(error: Error): void {
    if (++this.#unanswered > MOST_UNANSWERED) {
      throw new WalkError(`${this.#apex}: ${this.#unanswered} names have no answer, so this walk ends; the last: ${error.message}`, { cause: error });
    }
  }

  #check(what: keyof typeof MOST, used: number): void {
    if (used > MOST[what]) throw new WalkError(`${this.#apex} has more than ${MOST[what].toLocaleString("en")} ${what}: refused; divide it into several registries`);
  }
}
