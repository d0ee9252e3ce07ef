/** In place of how far a row has moved: it is no more. */
const GONE = Infinity;

/** Where rows of an older list are in a new one that differs from it in few places: runs of rows that have moved equally far. */
export class MovedRows {
  /** The first row of each run. */
  readonly #starts: number[] = [0];
  readonly #shifts: number[] = [0];
  /** The run that a row was in last, its rows from here up to there. */
  #start = 0;
  #end = -1;
  #shift = 0;

  /** Notes, in order of rows, by how many places those from one on have moved. */
  from(row: number, shift: number): void {
    const last = this.#starts.length - 1;
    if (this.#starts[last] === row) {
      this.#shifts[last] = shift;
    } else if (this.#shifts[last] !== shift) {
      this.#starts.push(row);
      this.#shifts.push(shift);
    }
  }

  /** Notes that a row is no more; what the next ones are is noted after it. */
  without(row: number): void {
    this.from(row, GONE);
  }

  /** The row that one is now; -1 where it is no more. */
  now(row: number): number {
    if (row < this.#start || row >= this.#end) this.#goTo(row);
    return this.#shift === GONE ? -1 : row + this.#shift;
  }

  #goTo(row: number): void {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    this.#start = starts[low]!;
    this.#end = starts[low + 1] ?? Infinity;
    this.#shift = this.#shifts[low]!;
  }
}
