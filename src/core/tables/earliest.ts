/** Which time is the earliest is not known. */
const UNKNOWN = -1;

/** Times of a few things, each of which may change at any moment, and which of them is the earliest. Infinity: never. */
export class Earliest {
  readonly #times: Float64Array;
  /** Mostly times change that are not the earliest, so that it need not be looked for. */
  #first = 0;

  constructor(count: number) {
    this.#times = new Float64Array(count).fill(Infinity);
  }

  at(index: number): number {
    return this.#times[index]!;
  }

  set(index: number, at: number): void {
    const times = this.#times;
    const first = this.#first;
    times[index] = at;
    if (first === UNKNOWN) return;
    if (index === first) this.#first = UNKNOWN;
    else if (at < times[first]!) this.#first = index;
  }

  /** One whose time is not after any other's. */
  get first(): number {
    return this.#first === UNKNOWN ? this.#find() : this.#first;
  }

  #find(): number {
    const times = this.#times;
    let first = 0;
    let earliest = times[0]!;
    for (let index = 1; index < times.length; index++) {
      const at = times[index]!;
      if (at >= earliest) continue;
      first = index;
      earliest = at;
    }
    this.#first = first;
    return first;
  }
}
