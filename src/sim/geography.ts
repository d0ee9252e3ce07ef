import type { Random } from "./random.ts";
import type { RttTable } from "./rtt-table.ts";

/** The plane of places without measured RTTs: one-way milliseconds across it. */
const WIDTH_MS = 80;
const HEIGHT_MS = 60;
/** What routers and the last mile add, one way. */
const LOCAL_MS = 1;

/** Where sites and ISPs are: how long a datagram is on its way from place to place, in microseconds. */
export interface Geography {
  readonly names: readonly string[];
  oneWay(from: number, to: number): number;
}

export function randomPlane(random: Random, count: number): Geography {
  const places = Array.from({ length: count }, () => ({ x: random.between(0, WIDTH_MS), y: random.between(0, HEIGHT_MS) }));
  return {
    names: places.map((_, index) => `place ${index}`),
    oneWay: (from, to) => {
      const [dx, dy] = [places[from]!.x - places[to]!.x, places[from]!.y - places[to]!.y];
      return Math.round(1000 * (LOCAL_MS + Math.sqrt(dx * dx + dy * dy)));
    },
  };
}

export function measured(random: Random, count: number, table: RttTable): Geography {
  const names = table.choose(random, count);
  return { names, oneWay: (from, to) => Math.round((1000 * table.rtt(names[from]!, names[to]!)!) / 2) };
}
