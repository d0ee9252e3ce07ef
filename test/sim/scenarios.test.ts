import { expect, test } from "vitest";
import { SCENARIOS, tell } from "../../src/sim/scenarios/index.ts";

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", (name, scenario) => {
  const { lines, report } = tell(scenario, 1, `drtm sim --scenario ${name}`);
  expect(lines.length).toBeGreaterThan(1);
  expect(tell(scenario, 1, "").report.hash).toBe(report.hash);
});
