import type { Prefix } from "../../address/index.ts";
import { type Agenda, Task } from "../agenda.ts";
import { Version } from "../version.ts";
import type { MappingCache } from "./mapping-cache.ts";

/** Rows looked at in one go; one that is withdrawn, and told of, counts as some. Steps have this between them for everything else; microseconds. */
const STEP_ROWS = 1024;
const WITHDRAWN_ROWS = 16;
const STEP_PAUSE = 300;

/** No row: nothing waits to be looked at. */
const NOWHERE = Infinity;

/**
 * Looks at what is cached again when who answers for what has changed: at all in the places that are named, or at everything. Where that is
 * much it is done step by step; rows that are still to come are then looked at when they are used (`doubts`), so that none is given out
 * that holds no longer.
 */
export class Revalidation {
  readonly #cache: MappingCache;
  readonly #stillHolds: (entry: number) => boolean;
  readonly #unknown = new Version();
  /** Rows from this on are still to be looked at. */
  #row = NOWHERE;
  readonly #agenda: Agenda;

  constructor(cache: MappingCache, agenda: Agenda, stillHolds: (entry: number) => boolean) {
    this.#cache = cache;
    this.#agenda = agenda;
    this.#stillHolds = stillHolds;
    agenda.assign(Task.revalidation, (now) => {
      this.#step(now);
    });
  }

  /** Whether an entry has not been looked at since, and holds no longer. */
  doubts(entry: number): boolean {
    return entry >= this.#row && !this.#stillHolds(entry);
  }

  /** Has everything looked at when it is used, until `begin`. */
  postpone(): void {
    this.#row = 0;
    this.#agenda.set(Task.revalidation, Infinity);
  }

  /** Withdraws what holds no longer in these places, or anywhere (undefined): now, or in steps. */
  begin(now: number, places: readonly Prefix[] | undefined): void {
    if (places !== undefined && this.#look(now, places)) return;
    this.#row = 0;
    this.#step(now);
  }

  /** False when there is too much in the places to be looked at in one go. */
  #look(now: number, places: readonly Prefix[]): boolean {
    let left = STEP_ROWS;
    for (const place of places) left -= this.#cache.withdrawIn(now, place, left, (entry) => !this.#stillHolds(entry));
    return left > 0;
  }

  #step(now: number): void {
    const { entries } = this.#cache;
    for (let left = STEP_ROWS; left > 0 && this.#row < entries.highWater; left--) {
      const entry = this.#row++;
      if (!entries.isTaken(entry) || this.#stillHolds(entry)) continue;
      this.#cache.withdraw(now, entry, this.#unknown);
      left -= WITHDRAWN_ROWS;
    }
    const isDone = this.#row >= entries.highWater;
    this.#agenda.set(Task.revalidation, isDone ? Infinity : now + STEP_PAUSE);
    if (isDone) this.#row = NOWHERE;
  }
}
