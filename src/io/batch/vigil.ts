/** Of its time a thread stays awake for one part in so many. */
const PART = 10;

/** Keeps a thread awake for what is nearly there, since to wake it takes as long; a tenth of the time at most, so that nobody misses what it takes. */
export class Vigil {
  #from = 0;

  /** Looks again and again until there is something, or until this time; gives how many there are. Times are microseconds. */
  keep(now: () => number, until: number, look: () => number): number {
    const begun = now();
    if (begun < this.#from || begun >= until) return 0;
    let found = 0;
    let time = begun;
    do {
      found = look();
      time = now();
    } while (found === 0 && time < until);
    this.#from = time + (PART - 1) * (time - begun);
    return found;
  }
}
