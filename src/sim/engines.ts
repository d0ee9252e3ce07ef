import { parsePrefix } from "../address/index.ts";
import { Itr } from "../core/itr.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";
import type { NextU32 } from "../core/next-u32.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import { Qsa } from "../core/qsa.ts";
import { Qsc } from "../core/qsc.ts";
import { Qsr } from "../core/qsr.ts";
import type { WorldPlan } from "./plan.ts";

/** Small tables: what is bounded is found out soon, what sweeps them costs little, and a process starts in no time. */
export const LIMITS = { maxEntries: 512, maxPromises: 2048, maxUpdates: 512, maxPeers: 256 };
export const ITR_ENTRIES = 256;
const MAX_FETCHES = 128;
const CLIENTS = {
  allow: [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")],
  maxQueriesPerSecond: 200,
  maxQueriesPerSecondPerNetwork: 2000,
  maxWaiting: 64,
};
/** A QSA that has not heard its feed for so long answers nobody (docs/protocol.md section 9). */
const FEED_LIMIT_MS = 5_000;
const CACHING_MOST_MS = 3_600_000;
/** QSRs of one ISP share QSAs that are as near as that. */
export const SPREAD_WITHIN = 1_000;

export function newQsa(plan: WorldPlan, nextU32: NextU32, store: MappingStore): Qsa {
  return new Qsa({ limits: LIMITS, clients: CLIENTS, nextU32, cachingMs: plan.cachingMs, negativeCachingMs: plan.negativeCachingMs, feedLimitMs: FEED_LIMIT_MS }, store);
}

export function newQsr(plan: WorldPlan, nextU32: NextU32, place: number): Qsr {
  return new Qsr({
    limits: LIMITS,
    clients: CLIENTS,
    nextU32,
    links: { 4: 1, 6: 1 },
    maxFetches: MAX_FETCHES,
    maxUpstreams: 64,
    keepFresh: 3,
    intervals: DEFAULT_INTERVALS,
    cachingMostMs: CACHING_MOST_MS,
    gapCachingMs: 60_000,
    spread: { place, of: plan.qsrsPerIsp, within: SPREAD_WITHIN },
  });
}

export function newQsc(nextU32: NextU32): Qsc {
  return new Qsc({
    limits: LIMITS,
    clients: CLIENTS,
    nextU32,
    links: { 4: 1, 6: 1 },
    maxFetches: MAX_FETCHES,
    maxUpstreams: 8,
    keepFresh: 8,
    intervals: DEFAULT_INTERVALS,
    cachingMostMs: CACHING_MOST_MS,
  });
}

export function newItr(nextU32: NextU32): Itr {
  return new Itr({ nextU32, links: { 4: 0, 6: 0 }, maxFetches: MAX_FETCHES, intervals: DEFAULT_INTERVALS, cachingMostMs: CACHING_MOST_MS, maxEntries: ITR_ENTRIES });
}
