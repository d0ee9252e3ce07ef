import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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

test.each(["7", "20000"])("npm run fuzz -- --datagrams %s says of memory what it knows", async (datagrams) => {
  const runner = fileURLToPath(new URL("run.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", runner, "--datagrams", datagrams, "--engine", "qsr"]);
  expect(stdout).toMatch(/memory (after gc.* MB, [\d.]+ MB|was not checked: so short a run has too few samples)\n$/);
  expect(stdout).not.toMatch(/Infinity|NaN/);
});
