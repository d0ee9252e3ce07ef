import { expect, test } from "vitest";
import { runCampaign } from "./campaign.ts";
import { ENGINES } from "./world.ts";

const DATAGRAMS = 20_000;

/** In small what `npm run fuzz` does in large. */
test.each(ENGINES)("hostile datagrams neither break an engine (%s), nor are multiplied by it, nor stay with it", (engine) => {
  expect(runCampaign({ engine, datagrams: DATAGRAMS, seed: 1 }).hostile).toBe(DATAGRAMS);
});

test("the same seed gives the same run", () => {
  const options = { engine: "qsr", datagrams: 2_000, seed: 5 } as const;
  expect(runCampaign(options)).toEqual(runCampaign(options));
});
