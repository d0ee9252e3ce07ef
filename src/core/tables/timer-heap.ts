import { Earliest } from "./earliest.ts";

/** Places are stored plus one, so that fresh memory, all zero, is an empty heap: what is never used is never touched. */
const ABSENT = 0;

/** Numbers of a row: four rows lie in one line of the processor's cache. */
const WIDTH = 2;
const AT = 0;
const ID = 1;

/** Deadlines of up to `capacity` things named by small integers: each has at most one. Times are microseconds. */
export class TimerHeap {
  /** By place, a binary heap; behind it, by id, the place of each. One array has both, so that two lines are mostly all that is touched. */
  readonly #rows: Float64Array;
  readonly #ids: number;
  /** Where it is kept when the earliest is due. */
  readonly #earliest: Earliest;
  readonly #earliestAt: number;
  #size = 0;

  /** Keeps in `earliest`, at `earliestAt`, when the earliest is due, for who asks several for that. */
  constructor(capacity: number, earliest = new Earliest(), earliestAt = 0) {
    this.#rows = new Float64Array(capacity * (WIDTH + 1));
    this.#ids = capacity * WIDTH;
    this.#earliest = earliest;
    this.#earliestAt = earliestAt;
    earliest.set(earliestAt, Infinity);
  }

  /** When the earliest is due; Infinity when there is none. */
  get next(): number {
    return this.#earliest.at(this.#earliestAt);
  }

  /** The id that is due first, of at least one. */
  get first(): number {
    return this.#idAt(0);
  }

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#rows[this.#ids + id] !== ABSENT;
  }

  /** The deadline of an id that has one. */
  at(id: number): number {
    return this.#rows[this.#placeOf(id) * WIDTH + AT]!;
  }

  /** Sets or moves the deadline of `id`. */
  set(id: number, at: number): void {
    const place = this.#placeOf(id);
    if (place >= 0 && this.#rows[place * WIDTH + AT] === at) return;
    const first = this.#size === 0 ? Infinity : this.#rows[AT]!;
    this.#settle(place < 0 ? this.#size++ : place, id, at);
    if (this.#rows[AT] !== first) this.#earliest.set(this.#earliestAt, this.#rows[AT]!);
  }

  clear(id: number): void {
    const place = this.#placeOf(id);
    if (place < 0) return;
    this.#rows[this.#ids + id] = ABSENT;
    this.#size--;
    if (place < this.#size) this.#settle(place, this.#idAt(this.#size), this.#rows[this.#size * WIDTH + AT]!);
    if (place === 0) this.#earliest.set(this.#earliestAt, this.#size === 0 ? Infinity : this.#rows[AT]!);
  }

  /** Takes the earliest id whose deadline has come; -1 when none has. */
  pop(now: number): number {
    if (this.next > now) return -1;
    const id = this.first;
    this.clear(id);
    return id;
  }

  /** Puts an id where its deadline belongs, seen from a place that is free for it. */
  #settle(free: number, id: number, at: number): void {
    if (free > 0 && this.#rows[((free - 1) >> 1) * WIDTH + AT]! > at) this.#rise(free, id, at);
    else this.#sink(free, id, at);
  }

  /** -1 where an id has no deadline. */
  #placeOf(id: number): number {
    return ((this.#rows[this.#ids + id]! | 0) - 1) | 0;
  }

  #idAt(place: number): number {
    return this.#rows[place * WIDTH + ID]! | 0;
  }

  #put(place: number, id: number, at: number): void {
    this.#rows[place * WIDTH + AT] = at;
    this.#rows[place * WIDTH + ID] = id;
    this.#rows[this.#ids + id] = place + 1;
  }

  #rise(free: number, id: number, at: number): void {
    const rows = this.#rows;
    let place = free;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = rows[parent * WIDTH + AT]!;
      if (above <= at) break;
      this.#put(place, this.#idAt(parent), above);
      place = parent;
    }
    this.#put(place, id, at);
  }

  #sink(free: number, id: number, at: number): void {
    const rows = this.#rows;
    let place = free;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && rows[(child + 1) * WIDTH + AT]! < rows[child * WIDTH + AT]!) child++;
      const below = rows[child * WIDTH + AT]!;
      if (below >= at) break;
      this.#put(place, this.#idAt(child), below);
      place = child;
    }
    this.#put(place, id, at);
  }
}
