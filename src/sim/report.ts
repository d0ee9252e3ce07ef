import type { Metrics } from "./metrics.ts";
import type { Simulation } from "./simulation.ts";

/** What came of a run that broke nothing. */
export interface Report {
  readonly seed: number;
  readonly hash: string;
  /** Virtual microseconds. */
  readonly elapsed: number;
  readonly datagrams: number;
  /** QSRs times the DSOCs that each of them probes. */
  readonly probedDsocs: number;
  readonly metrics: Metrics;
}

export function reportOf({ world, metrics }: Simulation): Report {
  const { trace, counters } = world.network;
  const probedDsocs = world.qsrs.length * world.plan.dsocs;
  return { seed: world.plan.seed, hash: trace.text, elapsed: world.elapsed, datagrams: counters.delivered, probedDsocs, metrics };
}
