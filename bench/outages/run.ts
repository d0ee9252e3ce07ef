import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { formatTable } from "../../src/cli/table.ts";
import { Progress } from "../../test/support/progress.ts";
import { machine, machineLine } from "../machine.ts";
import { KINDS, type OutageResult, runOutage } from "./outage.ts";
import { ROLES, System } from "./system.ts";

const HELP = `npm run outages [-- --quick] [--threads N] [--json FILE]

Runs two QSAs, a QSR, a QSC and two ITRs as processes on loopback (one ITR asks the QSC, one the QSC and the QSR). Each of
them in turn (of the QSAs the one in use) is killed and started again, stopped for 30 s, and restarted cleanly, while the
mapping changes. Measured at the ITRs: for how long a mapping was shown that was wrong, for how long none, and how soon
after all was in order again the right one was there for good. Bound: 11 s for each hop that the outage touches.
About 3 minutes.

  --quick      SIGKILL only: half a minute
  --threads N  engine threads of QSR and QSC (1)
  --json FILE  the figures, with the machine, as JSON too

Exit status: 0 all within the bound, 1 not, 2 wrong usage.`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const values = readOptions(args);
  if (values === undefined) return 2;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const results = await runAll(values.quick, Number(values.threads));
  console.log(`${machineLine()}\n`);
  printResults(results);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ ...machine(), results }, null, 2)}\n`);
  return results.every(({ holds }) => holds) ? 0 : 1;
}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: { quick: { type: "boolean", default: false }, threads: { type: "string", default: "1" }, json: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message} (see: npm run outages -- --help)`);
    return undefined;
  }
}

async function runAll(quick: boolean, threads: number): Promise<OutageResult[]> {
  const system = new System(threads);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      void system.close().then(() => process.exit(1));
    });
  }
  const progress = new Progress();
  const results: OutageResult[] = [];
  try {
    progress.show("starting two QSAs, a QSR, a QSC and two ITRs");
    await system.start();
    for (const kind of quick ? KINDS.slice(0, 1) : KINDS) {
      for (const role of ROLES) {
        progress.show(`${kind}: ${role} (${results.length / 2 + 1} of ${(quick ? 1 : KINDS.length) * ROLES.length})`);
        results.push(...(await runOutage(system, kind, role)));
      }
    }
  } finally {
    progress.clear();
    await system.close();
  }
  return results;
}

function printResults(results: readonly OutageResult[]): void {
  const rows = results.map(({ what, role, itr, wrong, unanswered, rightAfter, bound, holds }) =>
    [what, role, itr, seconds(wrong), seconds(unanswered), seconds(rightAfter), seconds(bound), holds ? "holds" : "BROKEN"]);
  console.log(formatTable([["WHAT", "TO", "ITR WITH", "WRONG, S", "NO ANSWER, S", "RIGHT AFTER, S", "BOUND, S", ""], ...rows], ["left", "left", "left", "right", "right", "right", "right"]));
}

function seconds(value: number): string {
  return value === Infinity ? "never" : value.toFixed(2);
}
