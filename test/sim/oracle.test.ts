import { afterEach, describe, expect, test, vi } from "vitest";
import { Floors } from "../../src/core/cache/floors.ts";
import { MappingCache } from "../../src/core/cache/mapping-cache.ts";
import { RequestTable } from "../../src/core/querier/request-table.ts";
import { UpdateReceiver } from "../../src/core/querier/update-receiver.ts";
import { Upstream } from "../../src/core/querier/upstream.ts";
import { UpstreamHealth } from "../../src/core/querier/upstream-health.ts";
import { MINUTE } from "../../src/sim/plan.ts";
import { SCENARIOS, tell } from "../../src/sim/scenarios/index.ts";
import { runSwarm } from "../../src/sim/swarm.ts";
import { Violation } from "../../src/sim/violation.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a short run of the standard world comes to: the invariant that it breaks. */
function brokenBy(seeds: readonly number[], minutes: number): string | undefined {
  for (const seed of seeds) {
    try {
      runSwarm({ seed, duration: minutes * MINUTE, repeat: `seed ${seed}` });
    } catch (error) {
      if (error instanceof Violation) return error.invariant;
      throw error;
    }
  }
  return undefined;
}

function toldWith(name: string): string | undefined {
  try {
    tell(SCENARIOS.find((scenario) => scenario.name === name)!, 1, `drtm sim --scenario ${name}`);
    return undefined;
  } catch (error) {
    return (error as Violation).invariant;
  }
}

describe("the oracle sees when", () => {
  test("Cache Updates are acknowledged and not obeyed", () => {
    vi.spyOn(MappingCache.prototype, "flushRange").mockReturnValue(undefined);
    expect(brokenBy([1, 4], 1)).toBeDefined();
  });

  test("updates are ignored", () => {
    vi.spyOn(UpdateReceiver.prototype, "handleUpdate").mockReturnValue(undefined);
    expect(brokenBy([1, 4], 1)).toMatch(/late|limit/);
  });

  test("every nonce is taken for the right one", () => {
    vi.spyOn(RequestTable.prototype, "match").mockImplementation((sequence) => sequence & 63);
    vi.spyOn(Upstream.prototype, "knowsUs").mockReturnValue(true);
    expect(toldWith("forged-flood")).toBeDefined();
  });

  test("a new epoch is not noticed", () => {
    vi.spyOn(Upstream.prototype, "hasEpoch").mockReturnValue(true);
    expect(toldWith("qsr-reboots")).toBeDefined();
  });

  test("a silent server is trusted", () => {
    vi.spyOn(UpstreamHealth.prototype, "holdsMappingOf").mockReturnValue(false);
    expect(toldWith("partition-heals")).toBeDefined();
  });

  test("floors are forgotten", () => {
    vi.spyOn(Floors.prototype, "over").mockReturnValue(undefined);
    expect(toldWith("lagging-qsa-after-fail-over")).toBe("the story goes as told");
  });
});

test("a violation says what, who, when, and how to see it again", () => {
  const { message } = new Violation("time passes", "qsr0.isp0", 1_500_000, "it does not", "drtm sim --seed 7");
  expect(message).toBe("time passes: qsr0.isp0, after 1.500000 virtual seconds: it does not\nsee it again with: drtm sim --seed 7");
});
