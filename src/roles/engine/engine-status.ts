import { Qsa } from "../../core/qsa.ts";
import type { Qsc } from "../../core/qsc.ts";
import type { Qsr } from "../../core/qsr.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import type { Driver } from "../../io/driver.ts";
import type { StatusReport } from "../reports.ts";

/** What an engine tells of itself, for the status report. */
export interface EngineStatus extends Pick<StatusReport, "listen" | "epoch" | "cache" | "pauses" | "counters" | "receivedByThread"> {
  readonly upstreams: UpstreamCounts;
}

export interface UpstreamCounts {
  readonly known: number;
  readonly up: number;
  /** Not yet heard of, nor found silent. */
  readonly unmeasured: number;
}

/** `listeners`: links that queriers speak to. */
export function engineStatus(engine: Qsa | Qsr | Qsc, driver: Driver, listeners: number): EngineStatus {
  const { cache, promises, epoch } = engine.server;
  return {
    listen: Array.from({ length: listeners }, (_, link) => driver.endpoint(link)),
    epoch,
    cache: { entries: cache.cache.size, maxEntries: cache.entries.capacity, promises: promises.ledger.size },
    pauses: driver.pauses?.map(([mostMs, count]) => [mostMs === Infinity ? null : mostMs, count] as const),
    counters: counters(engine, driver),
    upstreams: engine instanceof Qsa ? { known: 0, up: 0, unmeasured: 0 } : upstreamCounts(engine),
  };
}

function upstreamCounts({ querier: { upstreams } }: Qsr | Qsc): UpstreamCounts {
  let [known, up, unmeasured] = [0, 0, 0];
  for (const { state } of upstreams.listed()) {
    known++;
    if (state === UpstreamState.up) up++;
    if (state === UpstreamState.unmeasured) unmeasured++;
  }
  return { known, up, unmeasured };
}

function counters(engine: Qsa | Qsr | Qsc, driver: Driver): Record<string, number> {
  const { responder, promises, ring } = engine.server;
  return {
    ...driver.counters,
    ...engine.server.counters,
    ...responder.counters,
    ...responder.repeater.counters,
    ...(engine instanceof Qsa ? {} : querierCounters(engine)),
    ...promises.counters,
    ...promises.sender.counters,
    transmitsDropped: ring.dropped,
  };
}

function querierCounters({ querier, server }: Qsr | Qsc): Record<string, number> {
  const { fetcher, port, health, receiver, upstreams } = querier;
  return {
    ...fetcher.counters,
    ...port.counters,
    ...health.counters,
    ...receiver.counters,
    upstreamsUnreachable: upstreams.unreachable,
    upstreamsOmitted: upstreams.omitted,
    floors: server.cache.floors.size,
    floorsLost: server.cache.floors.lost,
  };
}
