import { Qsa } from "../core/qsa.ts";
import type { Qsc } from "../core/qsc.ts";
import type { Qsr } from "../core/qsr.ts";
import type { UdpDriver } from "../io/udp-driver.ts";
import { VERSION } from "../io/version.ts";
import type { StatusReport } from "./reports.ts";

/** What every role reports of its engine and sockets. */
export function statusOf(role: StatusReport["role"], engine: Qsa | Qsr | Qsc, driver: UdpDriver, listeners: number): StatusReport {
  const { cache, promises, epoch } = engine.server;
  return {
    role,
    version: VERSION,
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    listen: Array.from({ length: listeners }, (_, link) => driver.endpoint(link)),
    epoch,
    cache: { entries: cache.cache.size, maxEntries: cache.entries.capacity, promises: promises.ledger.size },
    counters: counters(engine, driver),
  };
}

export function counters(engine: Qsa | Qsr | Qsc, driver: UdpDriver): Record<string, number> {
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
