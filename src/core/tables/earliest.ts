/** Times there is room for: two lines of the processor's cache. A loop over a number that is known is compiled into less. */
const PLACES = 16;
/** Which time is the earliest is not known. */
const UNKNOWN = -1;

/** Times of up to 16 things, each of which may change at any moment, and which of them is the earliest. Infinity: never. */
export class Earliest {
  readonly #times = new Float64Array(PLACES).fill(Infinity);
  /** Mostly times change that are not the earliest, so that it need not be looked for. */
  #first = 0;

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
    for (let index = 1; index < PLACES; index++) {
      const at = times[index]!;
      if (at >= earliest) continue;
      first = index;
      earliest = at;
    }
    this.#first = first;
    return first;
  }
}
