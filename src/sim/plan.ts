import { CALM, type Weather } from "./paths.ts";
import type { RttTable } from "./rtt-table.ts";

/** What a world is made of. Times are microseconds unless they say otherwise. */
export interface WorldPlan {
  readonly seed: number;
  readonly dsocs: number;
  readonly sitesPerDsoc: number;
  readonly mabsPerDsoc: number;
  readonly isps: number;
  readonly qsrsPerIsp: number;
  readonly qscsPerIsp: number;
  readonly itrsPerIsp: number;
  /** Between two questions of one ITR, and between two changes of mapping anywhere. */
  readonly askInterval: number;
  readonly changeInterval: number;
  /** What QSAs promise; milliseconds. */
  readonly cachingMs: number;
  readonly negativeCachingMs: number;
  /** Which part of the sites hears of changes a second or two late. */
  readonly slowFeeds: number;
  /** Of every path, when no fault makes it worse. */
  readonly weather: Weather;
  /** Datagrams of attackers a second. */
  readonly forgeries: number;
  /** When the world begins. Engines count milliseconds in 32 bits: a world that begins late sees them wrap. */
  readonly start: number;
  readonly rtts?: RttTable;
  /** The command line that makes this world again. */
  readonly repeat: string;
}

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;

export const USUAL_WEATHER: Weather = { ...CALM, jitter: 500 };

export const SWARM_PLAN: Omit<WorldPlan, "seed" | "repeat"> = {
  dsocs: 3,
  sitesPerDsoc: 6,
  mabsPerDsoc: 3,
  isps: 4,
  qsrsPerIsp: 2,
  qscsPerIsp: 1,
  itrsPerIsp: 10,
  askInterval: SECOND,
  changeInterval: SECOND,
  cachingMs: 600_000,
  negativeCachingMs: 120_000,
  slowFeeds: 0.2,
  weather: { loss: 0.0005, duplication: 0.0005, reordering: 0.001, reorderingDelay: 30_000, jitter: 1_000 },
  forgeries: 1,
  start: 0,
};
