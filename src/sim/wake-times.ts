import { powerOfTwoFrom } from "../core/tables/pair-index.ts";

/**
 * When each station wants to be woken, and which is first: a tournament, whose winners stand above their halves of the field. A time changes
 * with nearly every event, mostly of a station that is not first, and then little more than its leaf does. Of several at one moment the one
 * with the lowest number is first.
 */
export class WakeTimes {
  readonly #leaves: number;
  /** By station: microseconds; Infinity for never. */
  readonly #at: Float64Array;
  /** Node n has its halves at 2n and 2n + 1; stations follow the inner nodes. */
  readonly #winner: Int32Array;

  constructor(stations: number) {
    this.#leaves = powerOfTwoFrom(stations);
    this.#at = new Float64Array(this.#leaves).fill(Infinity);
    this.#winner = new Int32Array(this.#leaves);
    for (let node = this.#leaves - 1; node > 0; node--) this.#winner[node] = this.#first(2 * node);
  }

  /** When the first wants to be woken. */
  get next(): number {
    return this.#at[this.first]!;
  }

  get first(): number {
    return this.#winner[1]!;
  }

  at(station: number): number {
    return this.#at[station]!;
  }

  set(station: number, at: number): void {
    if (this.#at[station] === at) return;
    this.#at[station] = at;
    for (let node = (this.#leaves + station) >> 1; node > 0; node >>= 1) {
      const before = this.#winner[node]!;
      const winner = this.#better(this.#first(2 * node), this.#first(2 * node + 1));
      // Neither was this station first here, nor is it.
      if (winner === before && winner !== station) return;
      this.#winner[node] = winner;
    }
  }

  #first(node: number): number {
    return node < this.#leaves ? this.#winner[node]! : node - this.#leaves;
  }

  #better(left: number, right: number): number {
    return this.#at[left]! <= this.#at[right]! ? left : right;
  }
}
