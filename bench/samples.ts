/** Times in nanoseconds, as many as there is room for. */
export class Samples {
  readonly #values: Uint32Array;
  #size = 0;

  constructor(most: number) {
    this.#values = new Uint32Array(most);
  }

  add(nanoseconds: number): void {
    if (this.#size < this.#values.length) this.#values[this.#size++] = nanoseconds;
  }

  /** Of so many per cent, microseconds; 0 without any. */
  percentiles<const Percents extends readonly number[]>(...percents: Percents): { readonly [Index in keyof Percents]: number } {
    const sorted = this.#values.subarray(0, this.#size).toSorted();
    const of = (percent: number): number => (sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0) / 1000;
    return percents.map(of) as { readonly [Index in keyof Percents]: number };
  }
}
