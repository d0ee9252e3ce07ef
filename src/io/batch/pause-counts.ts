/** Pauses are counted by length, up to these in microseconds; the last count is of longer ones. */
const BOUNDS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000] as const;

/** How many pauses there were that took so many milliseconds at most, but more than the bound before; `Infinity` for the longest. */
export type PauseReport = readonly (readonly [mostMs: number, count: number])[];

/** How long a thread that takes datagrams was at something else at one go, counted by length. */
export class PauseCounts {
  readonly #counts = new Float64Array(BOUNDS.length + 1);

  note(microseconds: number): void {
    let place = 0;
    while (place < BOUNDS.length && microseconds > BOUNDS[place]!) place++;
    this.#counts[place]!++;
  }

  /** Those lengths of which there were any. */
  report(): PauseReport {
    return Array.from(this.#counts, (count, place) => [(BOUNDS[place] ?? Infinity) / 1_000, count] as const).filter(([, count]) => count > 0);
  }
}
