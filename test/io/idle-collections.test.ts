import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("../../src/io/idle-collections.ts", import.meta.url));
/** V8 tells what it thinks of doing, some time after a collection. */
const FLAGS = ["--expose-gc", "--trace-memory-reducer", "--gc-memory-reducer-start-delay-ms=20"];
/** Lines of the main thread, which has number 0, do not count. */
const PLANS = /:[1-9]\d*\].*Memory reducer/;
const THREAD = "gc(); setTimeout(() => undefined, 500);";
const PROGRAM = `
  import { once } from "node:events";
  import { Worker } from "node:worker_threads";
  import { withoutIdleCollections } from ${JSON.stringify(MODULE)};
  const start = () => new Worker(${JSON.stringify(THREAD)}, { eval: true });
  await Promise.all([withoutIdleCollections(start), withoutIdleCollections(start)].map((thread) => once(thread, "exit")));
  console.log("others");
  await once(start(), "exit");`;

test("V8 has nothing to do in threads that are idle, and goes on as ever in those that start later", () => {
  const output = execFileSync(process.execPath, [...FLAGS, "--input-type=module", "--eval", PROGRAM], { encoding: "utf8" });
  const [engines, others] = output.split("others");
  expect(engines).not.toMatch(PLANS);
  expect(others).toMatch(PLANS);
});
