import { formatEndpoint, parseRange } from "../../address/index.ts";
import type { Qsc } from "../../core/qsc.ts";
import type { Qsr } from "../../core/qsr.ts";
import type { Upstream } from "../../core/querier/upstream.ts";
import { now } from "../../io/clock.ts";
import type { OpenedDriver } from "../../io/driver.ts";
import type { QsaReport } from "../reports.ts";
import { type EngineStatus, engineStatus } from "./engine-status.ts";
import { STATE_NAMES, serviceReport } from "./upstream-reports.ts";

/** A server with a cache and upstreams, in its thread. What is long comes in parts, between which the engine works. */
export abstract class QuerierHost<E extends Qsr | Qsc> {
  readonly opened: OpenedDriver;
  protected readonly engine: E;
  readonly #listeners: number;

  protected constructor(engine: E, opened: OpenedDriver, listeners: number) {
    this.engine = engine;
    this.opened = opened;
    this.#listeners = listeners;
  }

  status(): EngineStatus {
    return engineStatus(this.engine, this.opened.driver, this.#listeners);
  }

  close(): Promise<void> {
    return this.opened.driver.close();
  }

  /** The servers of a service, by its place, best first; undefined after the last service. */
  qsas(service: number): QsaReport[] | undefined {
    const { upstreams } = this.engine.querier;
    return service < upstreams.services ? serviceReport(upstreams.ranking(service)) : undefined;
  }

  /** Forgets what is cached in a range, everything without one; gives how many entries. Throws AddressError. */
  flush(range: string | null): number {
    const entries = this.engine.flush(now(), range === null ? undefined : parseRange(range));
    this.opened.driver.wake();
    return entries;
  }

  /** Measures an upstream at once, where its next turn may be a minute away. */
  probe(endpoint: string): void {
    const upstream = this.#upstream(endpoint);
    if (upstream === undefined) return;
    this.engine.querier.probe(now(), upstream);
    this.opened.driver.wake();
  }

  /** Undefined when no service has such a server. */
  stateOf(endpoint: string): QsaReport["state"] | undefined {
    const upstream = this.#upstream(endpoint);
    return upstream === undefined ? undefined : STATE_NAMES[upstream.state];
  }

  /** All must have been met: an operator who asks for a server right after the start is to find it. */
  #upstream(endpoint: string): Upstream | undefined {
    const { upstreams } = this.engine.querier;
    upstreams.meet(Infinity);
    return [...upstreams.listed()].find(({ address, port }) => formatEndpoint(address, port) === endpoint);
  }
}
