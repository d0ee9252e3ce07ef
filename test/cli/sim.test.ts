import { describe, expect, test } from "vitest";
import { sim } from "../../src/cli/sim.ts";

const OF_SWARMS = ["--seeds=2", "--minutes=5", "--jobs=2", "--rtt=x.csv", "--sites=4", "--faults=none"];

test("drtm sim refuses faults that there are not", async () => {
  await expect(sim.run(["--faults", "calm"])).rejects.toThrow('--faults is "calm": all, sites or none');
});

describe("drtm sim refuses options that would do nothing", () => {
  test.each(OF_SWARMS)("%s beside --scenario", async (option) => {
    await expect(sim.run(["--scenario", "partition-heals", option])).rejects.toThrow(`${option.split("=")[0]} does not go with --scenario: `);
  });

  test.each([...OF_SWARMS, "--seed=1", "--scenario=partition-heals"])("%s beside --list", async (option) => {
    await expect(sim.run(["--list", option])).rejects.toThrow(`${option.split("=")[0]} does not go with --list: `);
  });
});
