/** Stations of a group, as a power of two. */
const GROUP_BITS = 3;

/**
 * When each station wants to be woken, and which is first: groups of eight with their first ones, and the first of these. A time changes with
 * nearly every event, mostly of a station that neither was nor is the first of its group: then that is all. Of several at one moment the one
 * with the lowest number is first.
 */
export class WakeTimes {
  /** By station: microseconds; Infinity for never. */
  readonly #at: Float64Array;
  /** By group. */
  readonly #firsts: Int32Array;
  /** The first of all, and when it wants to be woken. */
  first = 0;
  next = Infinity;

  constructor(stations: number) {
    const groups = (stations + (1 << GROUP_BITS) - 1) >> GROUP_BITS;
    this.#at = new Float64Array(groups << GROUP_BITS).fill(Infinity);
    this.#firsts = Int32Array.from({ length: groups }, (_, group) => group << GROUP_BITS);
  }

  at(station: number): number {
    return this.#at[station]!;
  }

  set(station: number, at: number): void {
    const times = this.#at;
    if (times[station] === at) return;
    const group = station >> GROUP_BITS;
    const before = this.#firsts[group]!;
    times[station] = at;
    if (station !== before && at > times[before]!) return;
    const first = this.#firstOf(group);
    this.#firsts[group] = first;
    // Where neither the first of the group nor its time is another, nothing is above.
    if (station === first || station === before) this.#chooseFirst();
  }

  #firstOf(group: number): number {
    const times = this.#at;
    const start = group << GROUP_BITS;
    let first = start;
    for (let station = start + 1; station < start + (1 << GROUP_BITS); station++) if (times[station]! < times[first]!) first = station;
    return first;
  }

  #chooseFirst(): void {
    const times = this.#at;
    const firsts = this.#firsts;
    let first = firsts[0]!;
    for (let group = 1; group < firsts.length; group++) if (times[firsts[group]!]! < times[first]!) first = firsts[group]!;
    this.first = first;
    this.next = times[first]!;
  }
}
