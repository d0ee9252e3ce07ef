import type { Random } from "./random.ts";

/** How a path treats datagrams; times in microseconds, the rest parts of one. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** How much later one comes that is overtaken, at most. */
  readonly reorderingDelay: number;
  /** Uniform, on top of the path's delay. */
  readonly jitter: number;
}

export const CALM: Weather = { loss: 0, duplication: 0, reordering: 0, reorderingDelay: 0, jitter: 0 };

/** A bad path never gets worse than that in one respect. */
const MOST_LOSS = 0.95;

/** A path's row: all that a datagram on it needs, first what each needs: delay, weather, faults that cut it now, and when something last kept a datagram from arriving, or may have. */
const DELAY = 0;
const JITTER = 1;
const LOSS = 2;
const DUPLICATION = 3;
const REORDERING = 4;
const CUTS = 5;
const REORDERING_DELAY = 6;
const TROUBLED_AT = 7;
const ROW = 8;

/** The directed paths between all stations: delay, weather, cuts, and what has gone wrong on them when. A path is the place of its row. */
export class Paths {
  readonly #stations: number;
  readonly #rows: Float64Array;
  /** By path: spells of bad weather. What these and the usual weather come to is in the row. */
  readonly #spells = new Map<number, Weather[]>();
  #usual: Weather = CALM;

  constructor(stations: number) {
    this.#stations = stations;
    this.#rows = new Float64Array(stations * stations * ROW);
    for (let path = 0; path < this.#rows.length; path += ROW) this.#rows[path + TROUBLED_AT] = -Infinity;
  }

  /** The weather where nothing else is said. */
  get usual(): Weather {
    return this.#usual;
  }

  set usual(weather: Weather) {
    this.#usual = weather;
    for (let path = 0; path < this.#rows.length; path += ROW) this.#look(path);
  }

  of(from: number, to: number): number {
    return (from * this.#stations + to) * ROW;
  }

  setDelay(path: number, delay: number): void {
    this.#rows[path + DELAY] = delay;
  }

  delay(path: number): number {
    return this.#rows[path + DELAY]!;
  }

  /** The longest that a datagram is on its way in the usual weather. */
  longest(path: number): number {
    return this.#rows[path + DELAY]! + this.usual.jitter + this.usual.reorderingDelay;
  }

  cut(now: number, path: number): void {
    this.#rows[path + CUTS]!++;
    this.trouble(now, path);
  }

  mend(now: number, path: number): void {
    this.#rows[path + CUTS]!--;
    this.trouble(now, path);
  }

  isCut(path: number): boolean {
    return this.#rows[path + CUTS]! > 0;
  }

  worsen(now: number, path: number, weather: Weather): void {
    this.#spells.set(path, [...(this.#spells.get(path) ?? []), weather]);
    this.#look(path);
    this.trouble(now, path);
  }

  clear(now: number, path: number, weather: Weather): void {
    const spells = this.#spells.get(path)!;
    spells.splice(spells.indexOf(weather), 1);
    if (spells.length === 0) this.#spells.delete(path);
    this.#look(path);
    this.trouble(now, path);
  }

  trouble(now: number, path: number): void {
    this.#rows[path + TROUBLED_AT] = now;
  }

  /** Whether nothing was wrong with a path since then. */
  isQuietSince(path: number, since: number): boolean {
    return this.#rows[path + CUTS] === 0 && !this.#spells.has(path) && this.#rows[path + TROUBLED_AT]! < since;
  }

  loses(now: number, path: number, random: Random): boolean {
    const loss = this.#rows[path + LOSS]!;
    const isLost = this.isCut(path) || (loss > 0 && random.chance(Math.min(MOST_LOSS, loss)));
    if (isLost) this.trouble(now, path);
    return isLost;
  }

  duplicates(path: number, random: Random): boolean {
    const duplication = this.#rows[path + DUPLICATION]!;
    return duplication > 0 && random.chance(duplication);
  }

  /** How long a datagram is on its way. */
  travel(path: number, random: Random): number {
    const rows = this.#rows;
    const delay = rows[path + DELAY]! + random.fraction() * rows[path + JITTER]!;
    const reordering = rows[path + REORDERING]!;
    return reordering > 0 && random.chance(reordering) ? delay + random.fraction() * rows[path + REORDERING_DELAY]! : delay;
  }

  /** Of all that goes on at once the worst counts, in each respect. */
  #look(path: number): void {
    const weather = (this.#spells.get(path) ?? []).reduce(worse, this.#usual);
    const rows = this.#rows;
    rows[path + LOSS] = weather.loss;
    rows[path + DUPLICATION] = weather.duplication;
    rows[path + REORDERING] = weather.reordering;
    rows[path + REORDERING_DELAY] = weather.reorderingDelay;
    rows[path + JITTER] = weather.jitter;
  }
}

function worse(a: Weather, b: Weather): Weather {
  return {
    loss: Math.max(a.loss, b.loss),
    duplication: Math.max(a.duplication, b.duplication),
    reordering: Math.max(a.reordering, b.reordering),
    reorderingDelay: Math.max(a.reorderingDelay, b.reorderingDelay),
    jitter: Math.max(a.jitter, b.jitter),
  };
}
