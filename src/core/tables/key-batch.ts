/** Keys that are looked for together, and what the way to each has led to so far. Halves are Int32. */
export class KeyBatch {
  readonly hi: Int32Array;
  readonly lo: Int32Array;
  /** A child of a directory, a leaf, an id; whatever is looked for next begins with it. */
  readonly found: Int32Array;
  /** How many bits of each key have led there. */
  readonly skips: Int32Array;
  count = 0;

  constructor(most: number) {
    this.hi = new Int32Array(most);
    this.lo = new Int32Array(most);
    this.found = new Int32Array(most);
    this.skips = new Int32Array(most);
  }

  add(hi: number, lo: number): void {
    this.hi[this.count] = hi;
    this.lo[this.count++] = lo;
  }
}
