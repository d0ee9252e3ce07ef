import { Metrics } from "./metrics.ts";
import { Oracle } from "./oracle/oracle.ts";
import type { WorldPlan } from "./plan.ts";
import { Random } from "./random.ts";
import { Workload } from "./workload.ts";
import { Stream, World } from "./world.ts";

/** A world with everything that watches it and keeps it busy. */
export class Simulation {
  readonly world: World;
  readonly metrics = new Metrics();
  readonly oracle: Oracle;
  readonly workload: Workload;

  constructor(plan: WorldPlan) {
    this.world = new World(plan);
    this.oracle = new Oracle(this.world, this.metrics);
    this.workload = new Workload(this.world, new Random(plan.seed, Stream.workload), this.metrics, this.oracle);
    this.oracle.workload = this.workload;
    this.world.begin();
    this.workload.begin();
    this.oracle.begin();
  }

  /** The network is perfect from now on; whoever is down or stopped has been healed by who did it. */
  heal(): void {
    const { paths } = this.world.network;
    paths.usual = { ...paths.usual, loss: 0, duplication: 0, reordering: 0 };
  }

  /** Lets virtual time pass. Throws Violation. */
  run(microseconds: number): void {
    this.world.network.runUntil(this.world.now + microseconds);
  }
}
