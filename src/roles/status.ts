import type { Qsa } from "../core/qsa.ts";
import type { Qsr } from "../core/qsr.ts";
import type { UdpDriver } from "../io/udp-driver.ts";
import { VERSION } from "../io/version.ts";
import type { StatusReport } from "./reports.ts";

/** What every role reports of its engine and sockets. */
export function statusOf(role: StatusReport["role"], engine: Qsa | Qsr, driver: UdpDriver, listeners: number): StatusReport {
  const { server } = engine;
  return {
    role,
    version: VERSION,
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    listen: Array.from({ length: listeners }, (_, link) => driver.endpoint(link)),
    epoch: server.epoch,
    cache: { entries: server.book.cache.size, maxEntries: server.book.entries.capacity, promises: server.book.ledger.size },
    counters: counters(engine, driver),
  };
}

export function counters(engine: Qsa | Qsr, driver: UdpDriver): Record<string, number> {
  const { sent, retransmitted, acknowledged, unsent } = engine.server.book.sender;
  const querier = "fetcher" in engine ? { ...engine.fetcher.counters, ...engine.fetcher.port.counters, ...engine.receiver.counters } : {};
  return {
    ...driver.counters,
    ...engine.counters,
    ...engine.server.responder.counters,
    ...querier,
    updatesSent: sent,
    updatesRetransmitted: retransmitted,
    updatesAcknowledged: acknowledged,
    updatesUnsent: unsent,
    transmitsDropped: engine.server.ring.dropped,
  };
}
