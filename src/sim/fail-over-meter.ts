import type { Qsr } from "../core/qsr.ts";
import type { Metrics } from "./metrics.ts";
import type { RegretMeter } from "./oracle/regret.ts";
import { SECOND } from "./plan.ts";
import type { Station } from "./station.ts";
import type { World } from "./world.ts";

const STEP = SECOND / 50;
const LONGEST = 30 * SECOND;

/** Measures, from the death of a QSA, how long QSRs would still ask it. */
export class FailOverMeter {
  readonly #world: World;
  readonly #metrics: Metrics;
  readonly #regret: RegretMeter;

  constructor(world: World, metrics: Metrics, regret: RegretMeter) {
    this.#world = world;
    this.#metrics = metrics;
    this.#regret = regret;
  }

  /** A QSA has died: for each QSR that would ask it for a MAB, waits until it would ask another. */
  died(qsa: Station): void {
    for (const qsr of this.#world.qsrs) {
      const mab = this.#world.truth.mabs.find(({ family, hi, lo }) => this.#regret.chosen(qsr, family, hi, lo) === qsa);
      if (qsr.isRunning && mab !== undefined) this.#follow(qsr, qsa, mab, this.#world.now, qsa.boots);
    }
  }

  #follow(qsr: Station<Qsr>, qsa: Station, mab: World["truth"]["mabs"][number], since: number, boots: number): void {
    this.#world.network.after(STEP, () => {
      if (!qsr.isRunning || qsa.boots !== boots || this.#world.now - since > LONGEST) return;
      if (this.#regret.chosen(qsr, mab.family, mab.hi, mab.lo) === qsa) this.#follow(qsr, qsa, mab, since, boots);
      else this.#metrics.failOver.add(this.#world.now - since);
    });
  }
}
