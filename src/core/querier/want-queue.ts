import type { Family } from "../../address/index.ts";

const CAPACITY = 4096;

/** Keys to be fetched for nobody in particular, first come first served; what finds no room is left to those who ask. */
export class WantQueue {
  readonly #families = new Uint8Array(CAPACITY);
  readonly #hi = new Uint32Array(CAPACITY);
  readonly #lo = new Uint32Array(CAPACITY);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(family: Family, hi: number, lo: number): void {
    if (this.#size === CAPACITY) return;
    const at = (this.#head + this.#size++) % CAPACITY;
    this.#families[at] = family;
    this.#hi[at] = hi;
    this.#lo[at] = lo;
  }

  /** Takes the first one out and hands it over. */
  take(use: (family: Family, hi: number, lo: number) => void): void {
    const at = this.#head;
    this.#head = (at + 1) % CAPACITY;
    this.#size--;
    use(this.#families[at] === 4 ? 4 : 6, this.#hi[at]!, this.#lo[at]!);
  }
}
