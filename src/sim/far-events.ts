const ARITY = 4;
/** An event's row: when it is due, how many were added before it, and what it is. */
const AT = 0;
const ORDER = 1;
const WHAT = 2;
const ROW = 4;
const FIRST_CAPACITY = 256 * ROW;

/** Events that are not due soon, by time and then in the order in which they were added: a four-way heap in a typed array. */
export class FarEvents {
  #rows = new Float64Array(FIRST_CAPACITY);
  #size = 0;
  #added = 0;

  get size(): number {
    return this.#size;
  }

  /** When the first is due; Infinity when there is none. */
  get next(): number {
    return this.#size === 0 ? Infinity : this.#rows[AT]!;
  }

  add(at: number, what: number): void {
    if (this.#size * ROW === this.#rows.length) this.#grow();
    const order = this.#added++;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (this.#rows[parent * ROW + AT]! <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, order, what);
  }

  /** Takes the first event out, of at least one: the one due at `next`. Gives what it is. */
  take(): number {
    const rows = this.#rows;
    const what = rows[WHAT]! | 0;
    const last = --this.#size * ROW;
    if (last > 0) this.#sink(rows[last + AT]!, rows[last + ORDER]!, rows[last + WHAT]!);
    return what;
  }

  #sink(at: number, order: number, what: number): void {
    let place = 0;
    for (;;) {
      const first = place * ARITY + 1;
      if (first >= this.#size) break;
      const child = this.#leastOf(first, Math.min(first + ARITY, this.#size));
      if (this.#difference(child, at, order) > 0) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, order, what);
  }

  #leastOf(first: number, end: number): number {
    let least = first;
    for (let child = first + 1; child < end; child++) {
      if (this.#difference(child, this.#rows[least * ROW + AT]!, this.#rows[least * ROW + ORDER]!) < 0) least = child;
    }
    return least;
  }

  /** Below zero where the event in a place comes before one of this time and order. */
  #difference(place: number, at: number, order: number): number {
    return this.#rows[place * ROW + AT]! - at || this.#rows[place * ROW + ORDER]! - order;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#rows[from * ROW + AT]!, this.#rows[from * ROW + ORDER]!, this.#rows[from * ROW + WHAT]!);
  }

  #put(place: number, at: number, order: number, what: number): void {
    const row = place * ROW;
    this.#rows[row + AT] = at;
    this.#rows[row + ORDER] = order;
    this.#rows[row + WHAT] = what;
  }

  #grow(): void {
    const rows = new Float64Array(2 * this.#rows.length);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
