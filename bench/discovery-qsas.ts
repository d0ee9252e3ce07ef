import { mostWithin } from "../test/support/rates.ts";
import { Child } from "./child.ts";
import type { ProbeLog } from "./probe-log.ts";

const DSOCS = 200;
const SITES = 20;
/** Where the zones of the full-size world say that its QSAs are. */
const PORT = 4344;
const COUNT = DSOCS * SITES;
/** Short enough that nothing hides in it, long enough that what has waited for the processor does not count twice. */
const STRETCH_MS = 5_000;

/** When all QSAs had been measured so often, and how fast; milliseconds of `monotonicMs`. */
export interface Measured {
  readonly at: number | undefined;
  /** Probes a second, the most that arrived in any second, and in any five. */
  readonly mostInOne: number;
  readonly mostInFive: number;
}

/** The 4,000 QSAs of the full-size world, in one process: they answer. */
export class WorldQsas {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(): Promise<WorldQsas> {
    const { child } = await Child.start("probing-qsas.ts", [DSOCS, SITES, PORT].map(String));
    return new WorldQsas(child);
  }

  /** Probes that have arrived. */
  async count(): Promise<number> {
    return (await this.#child.ask<{ probes: number }>("count")).probes;
  }

  /** Of all that has arrived since that time; QSAs count as measured when they have been asked `samples` times. */
  async measured(since: number, samples: number): Promise<Measured> {
    const { at, server } = await this.#child.ask<ProbeLog>("log");
    const first = at.findIndex((time) => time >= since);
    const times = first < 0 ? [] : at.slice(first);
    const asked = new Uint32Array(COUNT);
    let missing = COUNT;
    let end: number | undefined;
    for (const [index, time] of times.entries()) {
      if (++asked[server[first + index]!]! === samples && --missing === 0) end = time;
    }
    return { at: end, mostInOne: mostWithin(1_000, times), mostInFive: mostWithin(STRETCH_MS, times) / (STRETCH_MS / 1_000) };
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
