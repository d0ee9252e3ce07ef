import { readFileSync } from "node:fs";
import { didYouMean } from "../config/nearest.ts";
import { RttError, RttTable } from "../sim/rtt-table.ts";
import { SWARM_PLAN } from "../sim/plan.ts";
import { SCENARIOS, type Scenario, tell } from "../sim/scenarios/index.ts";
import { type Summary, SummaryBuilder, plain } from "../sim/summary.ts";
import { SWARM_FAULTS, type SwarmFaults } from "../sim/swarm.ts";
import { Violation } from "../sim/violation.ts";
import { type Command, ExitStatus, UsageError, readArgs, refuseBeside } from "./command.ts";
import { counted } from "./counted.ts";
import { type Failure, type Job, runSeeds } from "./sim-jobs.ts";
import { SimProgress } from "./sim-progress.ts";
import { formatTable, paint } from "./table.ts";

const MINUTES = "30";
/** A QSR of the simulated world has room for 64 upstreams. */
const MOST_SITES = 21;

export const sim: Command = {
  name: "sim",
  summary: "simulate the whole system on virtual time, with faults, and check that it keeps its promises",
  help: `Usage: drtm sim [--seed N] [--seeds COUNT] [--minutes M] [--jobs N] [--rtt FILE.csv] [--sites N] [--faults all|sites|none] [--json]
       drtm sim --scenario NAME [--seed N] [--json]
       drtm sim --list

Runs a world of 3 DSOCs (18 QSAs), 4 ISPs (8 QSRs, 4 QSCs, 40 ITRs), DNS and mapping stores, with random crashes, stopped processes,
partitions, losses, catalogue changes and attackers; then heals it. All of it follows from the seed: the same seed gives
the same run, on any machine. It ends at the first promise that is broken, with the command that repeats it.

  --seed N            the first seed (default 1)
  --seeds COUNT       how many seeds, one after the other from there (default 1)
  --minutes M         virtual minutes with faults (default ${MINUTES})
  --jobs N            seeds at one time (default 1)
  --rtt FILE.csv      distances by measured RTTs between countries: country1,country2,samples,rtt_avg_ms,...
  --sites N           sites of each DSOC (default ${SWARM_PLAN.sitesPerDsoc}, at most ${MOST_SITES})
  --faults KIND       all (default); sites: only sites fail and return, as regret is measured; none: to see how near the QSAs are
                      that are asked, and how many probes are sent, when nothing goes wrong
  --scenario NAME     tells one story instead
  --list              lists the stories
  --json              one JSON object a line

Exit status: 0 nothing was broken, 1 something was, 2 for wrong usage.

Example: drtm sim --seeds 20 --minutes 5 --jobs 2`,
  run: async (args) => {
    const { values, positionals } = readArgs("sim", args, {
      seed: { type: "string" },
      seeds: { type: "string" },
      minutes: { type: "string" },
      jobs: { type: "string" },
      rtt: { type: "string" },
      sites: { type: "string" },
      faults: { type: "string" },
      scenario: { type: "string" },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (positionals.length > 0) throw new UsageError(`drtm sim takes no "${positionals[0]}" (see: drtm sim --help)`);
    if (values.list) refuseBeside("list", values, ["json"], "it only lists the stories");
    if (values.list) return list(values.json);
    const seed = readNumber("--seed", values.seed ?? "1", 0, Number.MAX_SAFE_INTEGER);
    if (values.scenario !== undefined) refuseBeside("scenario", values, ["seed", "json"], "a story has a world and a length of its own");
    if (values.scenario !== undefined) return tellScenario(values.scenario, seed, values.json);
    const seeds = Array.from({ length: readNumber("--seeds", values.seeds ?? "1", 1, 1_000_000) }, (_, index) => seed + index);
    const minutes = readNumber("--minutes", values.minutes ?? MINUTES, 0.1, 10_000, false);
    const sitesPerDsoc = readNumber("--sites", values.sites ?? String(SWARM_PLAN.sitesPerDsoc), 1, MOST_SITES);
    const faults = readFaults(values.faults ?? "all");
    const repeat = [
      minutes === Number(MINUTES) ? "" : ` --minutes ${minutes}`,
      values.rtt === undefined ? "" : ` --rtt ${values.rtt}`,
      sitesPerDsoc === SWARM_PLAN.sitesPerDsoc ? "" : ` --sites ${sitesPerDsoc}`,
      faults === "all" ? "" : ` --faults ${faults}`,
    ].join("");
    const csv = values.rtt === undefined ? undefined : readRtts(values.rtt);
    const job = { duration: minutes * 60e6, csv, faults, sitesPerDsoc, repeat };
    return runSwarms(job, seeds, readNumber("--jobs", values.jobs ?? "1", 1, 256), values.json);
  },
};

function readFaults(text: string): SwarmFaults {
  const kind = SWARM_FAULTS.find((one) => one === text);
  if (kind === undefined) throw new UsageError(`--faults is "${text}": all, sites or none (see: drtm sim --help)`);
  return kind;
}

function list(isJson: boolean): number {
  const rows = SCENARIOS.map(({ name, summary }) => ({ name, summary }));
  console.log(isJson ? rows.map((row) => JSON.stringify(row)).join("\n") : formatTable(rows.map(({ name, summary }) => [paint.bold(name), summary])));
  return ExitStatus.answered;
}

function tellScenario(name: string, seed: number, isJson: boolean): number {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new UsageError(`no scenario "${name}"${didYouMean(name, SCENARIOS.map((one) => one.name))} (see: drtm sim --list)`);
  try {
    return printStory(scenario, seed, isJson);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    printFailure({ type: "violation", seed, invariant: error.invariant, who: error.who, at: error.at, message: error.message, repeat: error.repeat }, isJson);
    return ExitStatus.unanswered;
  }
}

function printStory(scenario: Scenario, seed: number, isJson: boolean): number {
  const { lines, report } = tell(scenario, seed, `drtm sim --scenario ${scenario.name} --seed ${seed}`);
  const builder = new SummaryBuilder();
  builder.add(plain(report));
  if (isJson) console.log(JSON.stringify({ scenario: scenario.name, seed, lines, ...builder.finish() }));
  else console.log(`${paint.bold(scenario.name)}: ${scenario.summary}\n\n${lines.join("\n")}\n\n${paint.dim(`${report.datagrams.toLocaleString("en")} datagrams, trace ${report.hash}`)}`);
  return ExitStatus.answered;
}

async function runSwarms(job: Job, seeds: readonly number[], jobs: number, isJson: boolean): Promise<number> {
  const builder = new SummaryBuilder();
  const failures: Failure[] = [];
  const progress = new SimProgress(seeds.length);
  const started = performance.now();
  await runSeeds(job, seeds, jobs, (message) => {
    progress.note(message);
    if (message.type === "report") builder.add(message.report);
    if (message.type !== "violation" && message.type !== "crash") return;
    failures.push(message);
    progress.clear();
    printFailure(message, isJson);
  });
  progress.clear();
  const summary = builder.finish();
  const seconds = (performance.now() - started) / 1000;
  if (isJson) console.log(JSON.stringify({ ...summary, broken: failures.map(({ seed }) => seed), seconds: Math.round(seconds * 100) / 100 }));
  else console.log(describe(summary, failures.length, seconds));
  return failures.length === 0 ? ExitStatus.answered : ExitStatus.unanswered;
}

function printFailure(failure: Failure, isJson: boolean): void {
  if (isJson) console.log(JSON.stringify(failure));
  else console.log(`${paint.red(`seed ${failure.seed}`)}: ${failure.message}${failure.type === "crash" ? `\nsee it again with: ${failure.repeat}` : ""}`);
}

function describe(summary: Summary, broken: number, seconds: number): string {
  const verdict = broken === 0 ? paint.green("nothing broken") : paint.red(`${broken} broken`);
  const clean = `${counted(summary.seeds, "seed")} clean, ${verdict}`;
  if (summary.seeds === 0) return clean;
  const speed = Math.round(summary.datagrams / seconds);
  const table = formatTable(
    [
      ["", "HALF", "90 %", "99 %", "MOST", "OF"],
      percentileRow("answer from the network", summary.answerMs, "ms"),
      percentileRow("change reaches an ITR", summary.propagationMs, "ms"),
      percentileRow("fail-over from a dead QSA", summary.failOverMs, "ms"),
      percentileRow("regret of the QSA asked", summary.regretPercent, "%"),
    ],
    ["left", "right", "right", "right", "right", "right"],
  );
  return `${clean}: ${(summary.virtualSeconds / 60).toFixed(0)} virtual minutes in ${seconds.toFixed(1)} s, trace ${summary.traceHash}
${summary.datagrams.toLocaleString("en")} datagrams (${speed.toLocaleString("en")} a second), ${summary.questions.toLocaleString("en")} questions, ${summary.datagramsPerQuestion} datagrams a question
${summary.fromCachePercent} % from the ITR's cache, ${summary.failuresPercent} % without answer; ${summary.changes.toLocaleString("en")} changes, ${summary.faults.toLocaleString("en")} faults; mean regret ${summary.meanRegretPercent} %, ${summary.probesPerSecond} probes a second from a QSR to a DSOC

${table}`;
}

function percentileRow(name: string, { count, p50, p90, p99, most }: Summary["answerMs"], unit: string): string[] {
  return [name, ...[p50, p90, p99, most].map((value) => `${value.toLocaleString("en")} ${unit}`), count.toLocaleString("en")];
}

function readRtts(file: string): string {
  try {
    const csv = readFileSync(file, "utf8");
    void new RttTable(csv);
    return csv;
  } catch (error) {
    const why = error instanceof RttError ? error.message : `cannot be read: ${(error as Error).message}`;
    throw new UsageError(`--rtt ${file}: ${why}`, { cause: error });
  }
}

function readNumber(option: string, text: string, least: number, most: number, isWhole = true): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most) || (isWhole && !Number.isInteger(value))) {
    throw new UsageError(`${option}: "${text}" is not a ${isWhole ? "whole " : ""}number from ${least} to ${most}`);
  }
  return value;
}
