import { Attackers } from "./faults/attackers.ts";
import { Storm, type StormKind } from "./faults/storm.ts";
import { MINUTE, SECOND, SWARM_PLAN, USUAL_WEATHER, type WorldPlan } from "./plan.ts";
import { Random } from "./random.ts";
import { type Report, reportOf } from "./report.ts";
import type { RttTable } from "./rtt-table.ts";
import { Simulation } from "./simulation.ts";
import { Stream } from "./world.ts";

/** After the last fault: dead servers are probed at least every 33 s, others every 66 s, and DNS every 12 s. */
export const RECOVERY = 75 * SECOND;
/** For so long everything must be right again. */
export const HEALTH = 20 * SECOND;

export const SWARM_FAULTS = ["all", "sites", "none"] as const;
export type SwarmFaults = StormKind | "none";

export interface SwarmOptions {
  readonly seed: number;
  /** Virtual microseconds with faults; recovery comes on top. */
  readonly duration: number;
  readonly rtts?: RttTable;
  readonly repeat: string;
  readonly plan?: Partial<WorldPlan>;
  /** What goes wrong: all there is, attackers too; only sites, which fail and return; nothing. */
  readonly faults?: SwarmFaults;
  /** Told how far it is, now and then: a part of one. */
  readonly onProgress?: (done: number) => void;
}

/** One run of the standard world with faults, from one seed; then healed. Throws Violation. */
export function runSwarm({ seed, duration, rtts, repeat, plan, faults = "all", onProgress }: SwarmOptions): Report {
  const simulation = new Simulation({ ...SWARM_PLAN, ...climate(seed), ...(faults === "all" ? {} : { weather: USUAL_WEATHER }), ...plan, seed, repeat, ...(rtts === undefined ? {} : { rtts }) });
  const { world, metrics } = simulation;
  const storm = faults === "none" ? undefined : new Storm(world, new Random(seed, Stream.faults), metrics, faults);
  const attackers = new Attackers(world, new Random(seed, Stream.attackers));
  simulation.oracle.onSent = (from, to, view, length) => {
    attackers.capture(from, to, view, length);
  };
  storm?.begin();
  if (faults === "all") attackers.begin();
  const total = duration + RECOVERY + HEALTH;
  const runFor = (microseconds: number): void => {
    for (let left = microseconds; left > 0; left -= MINUTE) {
      simulation.run(Math.min(left, MINUTE));
      onProgress?.(world.elapsed / total);
    }
  };
  runFor(duration);
  storm?.heal();
  attackers.isActive = false;
  simulation.heal();
  runFor(RECOVERY);
  simulation.oracle.expectHealth();
  runFor(HEALTH);
  simulation.oracle.checkChoices(world.now - RECOVERY - HEALTH);
  return reportOf(simulation);
}

/** What differs from seed to seed beside the faults: how long answers hold, and when the clocks wrap. */
function climate(seed: number): Partial<WorldPlan> {
  const random = new Random(seed, Stream.climate);
  const cachingMs = Math.round(random.between(15, 600)) * 1000;
  const wraps = random.chance(0.25);
  return {
    cachingMs,
    negativeCachingMs: Math.round(cachingMs * random.between(0.2, 1)),
    // The 32-bit clock of milliseconds wraps within the first half hour.
    start: wraps ? (2 ** 32 - Math.floor(random.between(1, 1800)) * 1000) * 1000 : 0,
  };
}
