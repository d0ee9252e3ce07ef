/**
 * Runs the tests and prints, last, `N passed, N failed` from the real counts. Arguments are names of test files, or parts
 * of them: `npm test -- test/core`.
 */
import { startVitest } from "vitest/node";

const vitest = await startVitest("test", process.argv.slice(2), { config: "test/vitest.config.ts", watch: false, run: true });

let passed = 0;
let failed = 0;
const leftOut: string[] = [];

for (const module of vitest.state.getTestModules()) {
  let failedInside = 0;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed") passed++;
    else if (state === "skipped") leftOut.push(test.fullName);
    else failedInside++;
  }
  // A file that cannot be loaded, or a hook that fails, has no failed test to show for it.
  failed += module.state() === "failed" ? Math.max(1, failedInside) : failedInside;
}

const errors = vitest.state.getUnhandledErrors().length;
await vitest.close();

if (leftOut.length > 0) console.log(`Left out:\n${leftOut.map((name) => `  ${name}`).join("\n")}`);
if (passed === 0 && failed === 0) console.log("No test matched.");
const isGood = failed === 0 && errors === 0 && passed > 0;
console.log(`${passed} passed, ${isGood ? 0 : Math.max(failed, errors, 1)} failed`);
process.exit(isGood ? 0 : 1);
