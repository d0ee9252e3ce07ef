import type { Random } from "./random.ts";

/** A CSV of measured RTTs that cannot be used; the message says what is wrong and where. */
export class RttError extends Error {
  override readonly name = "RttError";
  readonly code = "DRTM_RTT";
}

const COLUMNS = "country1,country2,samples,rtt_avg_ms,rtt_std_ms,rtt_min_ms,rtt_max_ms";
/** Measurements without a country are in the files too. */
const COUNTRY = /^[A-Z]{2}$/;
const FEWEST_SAMPLES = 100;
const MOST_IN_ONE_COUNTRY = 4;
/** Of the spread, how much lies between the shortest RTT and the typical one: the mean of a long tail is above both. */
const TYPICAL_SPREAD = 0.35;

/** Measured round-trip times between countries, in milliseconds. */
export class RttTable {
  readonly #rtts = new Map<string, number>();
  /** Those with RTTs to the most others first. */
  readonly #countries: readonly string[];

  /** Reads the text of a CSV file; pairs with few samples are left out. Throws RttError. */
  constructor(csv: string) {
    const [header, ...lines] = csv.trim().split(/\r?\n/);
    if (header !== COLUMNS) throw new RttError(`the first line must be "${COLUMNS}"`);
    const countries = new Set<string>();
    for (const [index, line] of lines.entries()) {
      const pair = readLine(line, index + 2);
      if (pair === undefined) continue;
      this.#rtts.set(`${pair.from} ${pair.to}`, pair.rtt);
      countries.add(pair.from).add(pair.to);
    }
    const partners = new Map<string, number>();
    for (const pair of this.#rtts.keys()) for (const country of pair.split(" ")) partners.set(country, (partners.get(country) ?? 0) + 1);
    this.#countries = [...countries].toSorted((a, b) => partners.get(b)! - partners.get(a)! || (a < b ? -1 : 1));
  }

  /**
   * Chooses a country for each of so many places at random among the well measured, with measured RTTs between all of them.
   * Where these are fewer, several places share a country. Throws RttError when they are much fewer.
   */
  choose(random: Random, count: number): readonly string[] {
    const chosen: string[] = [];
    const known = 3 * count;
    for (const country of [...random.shuffled(this.#countries.slice(0, known)), ...this.#countries.slice(known)]) {
      if (chosen.every((other) => this.rtt(country, other) !== undefined)) chosen.push(country);
      if (chosen.length === count) return chosen;
    }
    if (chosen.length * MOST_IN_ONE_COUNTRY < count) {
      throw new RttError(`only ${chosen.length} countries with RTTs between all of them, for ${count} places: give a file with more pairs, or a smaller world`);
    }
    return Array.from({ length: count }, (_, place) => chosen[place % chosen.length]!);
  }

  /** Round-trip time between two countries in milliseconds, undefined where it was not measured. Inside a country few have measured it: 10 ms. */
  rtt(a: string, b: string): number | undefined {
    return this.#rtts.get(`${a} ${b}`) ?? this.#rtts.get(`${b} ${a}`) ?? (a === b ? 10 : undefined);
  }
}

function readLine(line: string, number: number): { from: string; to: string; rtt: number } | undefined {
  const fields = line.split(",");
  const [from, to] = fields;
  const [samples, mean, deviation, least] = fields.slice(2).map(Number);
  if (fields.length !== 7 || !(samples! >= 0) || !(mean! > 0) || !(deviation! >= 0) || !(least! >= 0)) throw new RttError(`line ${number}: "${line}" is not ${COLUMNS}`);
  if (samples! < FEWEST_SAMPLES || !COUNTRY.test(from!) || !COUNTRY.test(to!)) return undefined;
  return { from: from!, to: to!, rtt: Math.min(mean!, least! + TYPICAL_SPREAD * deviation!) };
}
