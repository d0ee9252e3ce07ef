/** Places are stored plus one, so that fresh memory, all zero, is an empty heap: what is never used is never touched. */
const ABSENT = 0;

/** Deadlines of up to `capacity` things named by small integers: each has at most one. Times are microseconds. */
export class TimerHeap {
  readonly #at: Float64Array;
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  /** Where it is kept when the earliest is due. */
  readonly #earliest: Float64Array;
  readonly #earliestAt: number;
  #size = 0;

  /** Keeps in `earliest`, at `earliestAt`, when the earliest is due, for who asks several for that. */
  constructor(capacity: number, earliest = new Float64Array(1), earliestAt = 0) {
    this.#at = new Float64Array(capacity);
    this.#heap = new Int32Array(capacity);
    this.#place = new Int32Array(capacity);
    this.#earliest = earliest;
    this.#earliestAt = earliestAt;
    earliest[earliestAt] = Infinity;
  }

  /** When the earliest is due; Infinity when there is none. */
  get next(): number {
    return this.#earliest[this.#earliestAt]!;
  }

  /** The id that is due first, of at least one. */
  get first(): number {
    return this.#heap[0]!;
  }

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#place[id] !== ABSENT;
  }

  /** The deadline of an id that has one. */
  at(id: number): number {
    return this.#at[id]!;
  }

  /** Sets or moves the deadline of `id`. */
  set(id: number, at: number): void {
    const isNew = this.#place[id] === ABSENT;
    if (!isNew && this.#at[id] === at) return;
    this.#at[id] = at;
    if (isNew) this.#put(this.#size++, id);
    this.#settle(id);
    this.#earliest[this.#earliestAt] = this.#at[this.#heap[0]!]!;
  }

  clear(id: number): void {
    const place = this.#place[id]!;
    if (place === ABSENT) return;
    this.#place[id] = ABSENT;
    const last = this.#heap[--this.#size]!;
    if (last !== id) {
      this.#put(place - 1, last);
      this.#settle(last);
    }
    this.#earliest[this.#earliestAt] = this.#size === 0 ? Infinity : this.#at[this.#heap[0]!]!;
  }

  /** Takes the earliest id whose deadline has come; -1 when none has. */
  pop(now: number): number {
    if (this.next > now) return -1;
    const id = this.#heap[0]!;
    this.clear(id);
    return id;
  }

  /** Moves an id to where its deadline belongs. */
  #settle(id: number): void {
    const place = this.#place[id]! - 1;
    if (place > 0 && this.#at[this.#heap[(place - 1) >> 1]!]! > this.#at[id]!) this.#rise(place);
    else this.#sink(place);
  }

  #put(place: number, id: number): void {
    this.#heap[place] = id;
    this.#place[id] = place + 1;
  }

  #rise(start: number): void {
    const id = this.#heap[start]!;
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at[this.#heap[parent]!]! <= this.#at[id]!) break;
      this.#put(place, this.#heap[parent]!);
      place = parent;
    }
    this.#put(place, id);
  }

  #sink(start: number): void {
    const id = this.#heap[start]!;
    let place = start;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#at[this.#heap[child + 1]!]! < this.#at[this.#heap[child]!]!) child++;
      if (this.#at[this.#heap[child]!]! >= this.#at[id]!) break;
      this.#put(place, this.#heap[child]!);
      place = child;
    }
    this.#put(place, id);
  }
}
