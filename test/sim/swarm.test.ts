import { describe, expect, test } from "vitest";
import { MINUTE } from "../../src/sim/plan.ts";
import { runSwarm } from "../../src/sim/swarm.ts";

function run(seed: number, minutes: number): ReturnType<typeof runSwarm> {
  return runSwarm({ seed, duration: minutes * MINUTE, repeat: `drtm sim --seed ${seed} --minutes ${minutes}` });
}

/** A part of what `drtm sim --seeds 2000` runs, and shorter. */
const SEEDS = [1, 2, 3, 5, 7, 9, 11, 14];

describe("the standard world with all faults on", () => {
  test.each(SEEDS)("seed %d breaks no promise", (seed) => {
    const { metrics, datagrams } = run(seed, 2);
    expect(metrics.counts.faults).toBeGreaterThan(0);
    expect(metrics.counts.answers).toBeGreaterThan(5_000);
    expect(metrics.counts.hopChecks).toBeGreaterThan(5_000);
    expect(datagrams).toBeGreaterThan(20_000);
  });

  test("left alone, every question is answered, by near QSAs, with few probes to twenty sites a DSOC", () => {
    const { metrics, probedDsocs, elapsed } = runSwarm({ seed: 6, duration: 5 * MINUTE, repeat: "", faults: "none", plan: { sitesPerDsoc: 20 } });
    expect(metrics.counts.faults).toBe(0);
    // Who asks before DNS has answered hears that there is nobody to ask.
    expect(metrics.counts.failures).toBeLessThan(5);
    expect(metrics.askedRtt / metrics.nearestRtt).toBeLessThan(1.05);
    const probesPerSecond = metrics.counts.probes / ((probedDsocs * elapsed) / 1e6);
    expect(probesPerSecond).toBeGreaterThan(0.1);
    expect(probesPerSecond).toBeLessThan(1);
  });

  test("while sites fail and return, QSRs ask near ones", () => {
    const { metrics } = runSwarm({ seed: 8, duration: 3 * MINUTE, repeat: "", faults: "sites" });
    expect(metrics.counts.faults).toBeGreaterThan(5);
    expect(metrics.askedRtt / metrics.nearestRtt).toBeLessThan(1.25);
  });

  test("is the same again from the same seed, and another from another", () => {
    const [once, again, other] = [run(4, 1), run(4, 1), run(13, 1)];
    expect(again.hash).toBe(once.hash);
    expect(again.metrics).toEqual(once.metrics);
    expect(other.hash).not.toBe(once.hash);
  });
});
