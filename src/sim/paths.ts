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

/** The directed paths between all stations: delay, weather, cuts, and what has gone wrong on them when. */
export class Paths {
  readonly #stations: number;
  readonly #delay: Float64Array;
  /** How many faults cut a path now. */
  readonly #cuts: Uint8Array;
  /** Spells of bad weather, and what these and the usual weather come to. */
  readonly #spells: (Weather[] | undefined)[];
  readonly #weather: Weather[];
  /** When something last kept a datagram from arriving, or may have. */
  readonly #troubledAt: Float64Array;
  #usual: Weather = CALM;

  constructor(stations: number) {
    this.#stations = stations;
    this.#delay = new Float64Array(stations * stations);
    this.#cuts = new Uint8Array(stations * stations);
    this.#spells = Array.from({ length: stations * stations }, () => undefined);
    this.#weather = Array.from({ length: stations * stations }, () => CALM);
    this.#troubledAt = new Float64Array(stations * stations).fill(-Infinity);
  }

  /** The weather where nothing else is said. */
  get usual(): Weather {
    return this.#usual;
  }

  set usual(weather: Weather) {
    this.#usual = weather;
    for (let path = 0; path < this.#weather.length; path++) this.#look(path);
  }

  of(from: number, to: number): number {
    return from * this.#stations + to;
  }

  setDelay(path: number, delay: number): void {
    this.#delay[path] = delay;
  }

  delay(path: number): number {
    return this.#delay[path]!;
  }

  /** The longest that a datagram is on its way in the usual weather. */
  longest(path: number): number {
    return this.#delay[path]! + this.usual.jitter + this.usual.reorderingDelay;
  }

  cut(now: number, path: number): void {
    this.#cuts[path]!++;
    this.trouble(now, path);
  }

  mend(now: number, path: number): void {
    this.#cuts[path]!--;
    this.trouble(now, path);
  }

  isCut(path: number): boolean {
    return this.#cuts[path]! > 0;
  }

  worsen(now: number, path: number, weather: Weather): void {
    (this.#spells[path] ??= []).push(weather);
    this.#look(path);
    this.trouble(now, path);
  }

  clear(now: number, path: number, weather: Weather): void {
    const spells = this.#spells[path]!;
    spells.splice(spells.indexOf(weather), 1);
    if (spells.length === 0) this.#spells[path] = undefined;
    this.#look(path);
    this.trouble(now, path);
  }

  trouble(now: number, path: number): void {
    this.#troubledAt[path] = now;
  }

  /** Whether nothing was wrong with a path since then. */
  isQuietSince(path: number, since: number): boolean {
    return this.#cuts[path] === 0 && this.#spells[path] === undefined && this.#troubledAt[path]! < since;
  }

  loses(now: number, path: number, random: Random): boolean {
    const { loss } = this.#weather[path]!;
    const isLost = this.#cuts[path]! > 0 || (loss > 0 && random.chance(Math.min(MOST_LOSS, loss)));
    if (isLost) this.trouble(now, path);
    return isLost;
  }

  duplicates(path: number, random: Random): boolean {
    const { duplication } = this.#weather[path]!;
    return duplication > 0 && random.chance(duplication);
  }

  /** How long a datagram is on its way. */
  travel(path: number, random: Random): number {
    const { jitter, reordering, reorderingDelay } = this.#weather[path]!;
    const delay = this.#delay[path]! + random.fraction() * jitter;
    return reordering > 0 && random.chance(reordering) ? delay + random.fraction() * reorderingDelay : delay;
  }

  /** Of all that goes on at once the worst counts, in each respect. */
  #look(path: number): void {
    this.#weather[path] = (this.#spells[path] ?? []).reduce(worse, this.#usual);
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
