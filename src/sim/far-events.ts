const FIRST_CAPACITY = 256;
const ARITY = 4;

/** Events that are not due soon, by time and then in the order in which they were added: a four-way heap in typed arrays. */
export class FarEvents {
  #capacity = FIRST_CAPACITY;
  #at = new Float64Array(FIRST_CAPACITY);
  #order = new Float64Array(FIRST_CAPACITY);
  #kind = new Uint8Array(FIRST_CAPACITY);
  #value = new Int32Array(FIRST_CAPACITY);
  #size = 0;
  #added = 0;
  /** The event that `take` took out. */
  at = 0;
  kind = 0;
  value = 0;

  get size(): number {
    return this.#size;
  }

  /** When the first is due; Infinity when there is none. */
  get next(): number {
    return this.#size === 0 ? Infinity : this.#at[0]!;
  }

  add(at: number, kind: number, value: number): void {
    if (this.#size === this.#capacity) this.#grow();
    const order = this.#added++;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (this.#at[parent]! <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, order, kind, value);
  }

  /** Takes the first event out, of at least one; it is in `at`, `kind` and `value`. */
  take(): void {
    this.at = this.#at[0]!;
    this.kind = this.#kind[0]!;
    this.value = this.#value[0]!;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#at[last]!, this.#order[last]!, this.#kind[last]!, this.#value[last]!);
  }

  #sink(at: number, order: number, kind: number, value: number): void {
    let place = 0;
    for (;;) {
      const first = place * ARITY + 1;
      if (first >= this.#size) break;
      const child = this.#leastOf(first, Math.min(first + ARITY, this.#size));
      const childAt = this.#at[child]!;
      if (childAt > at || (childAt === at && this.#order[child]! > order)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, order, kind, value);
  }

  #leastOf(first: number, end: number): number {
    let least = first;
    for (let child = first + 1; child < end; child++) {
      const difference = this.#at[child]! - this.#at[least]!;
      if (difference < 0 || (difference === 0 && this.#order[child]! < this.#order[least]!)) least = child;
    }
    return least;
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from]!;
    this.#order[to] = this.#order[from]!;
    this.#kind[to] = this.#kind[from]!;
    this.#value[to] = this.#value[from]!;
  }

  #put(place: number, at: number, order: number, kind: number, value: number): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#kind[place] = kind;
    this.#value[place] = value;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#at = enlarged(this.#at, new Float64Array(this.#capacity));
    this.#order = enlarged(this.#order, new Float64Array(this.#capacity));
    this.#kind = enlarged(this.#kind, new Uint8Array(this.#capacity));
    this.#value = enlarged(this.#value, new Int32Array(this.#capacity));
  }
}

function enlarged<T extends Float64Array | Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
