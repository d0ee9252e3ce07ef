/** Breaks the engines on purpose, one way at a time, in a copy, and lets the simulator find it: `npm run mutants -- --help`. */
import { type ChildProcess, fork } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { FromWorker, Job } from "../src/cli/sim-jobs.ts";
import { SWARM_PLAN } from "../src/sim/plan.ts";

interface Mutant {
  readonly name: string;
  /** In src/core; each text stands there once. */
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

function mutant(name: string, ...edits: readonly [file: string, from: string, to: string][]): Mutant {
  return { name, edits: edits.map(([file, from, to]) => ({ file, from, to })) };
}

const MUTANTS: readonly Mutant[] = [
  mutant("epoch is not checked", ["querier/upstream.ts", "return this.epochSince === -Infinity ||", "return true || this.epochSince === -Infinity ||"]),
  mutant("version floor is ignored", ["querier/fetcher.ts", "if (reply.result === ResultCode.notInAnyMab ||", "if (reply.result <= ResultCode.notInAnyMab ||"]),
  mutant("floor of the rest of a range is not passed on", ["querier/fetcher.ts", "fetch.floor.raise(floor.lineage, floor.hi, floor.lo);", ""]),
  mutant("missing update numbers are ignored", ["querier/update-window.ts", "return distance > 0 || distance < -WINDOW;", "return false;"], ["querier/update-window.ts", "return this.#ahead > 0;", "return false;"]),
  mutant("ranges are trimmed, not removed whole", [
    "cache/mapping-cache.ts",
    "if (upstream === ANY_UPSTREAM || this.entries.upstream(entry) === upstream) this.withdraw(now, entry, cause);",
    "const startsBefore = (this.entries.firstHi(entry) - firstHi || this.entries.firstLo(entry) - firstLo) < 0;\n      if (!startsBefore && (upstream === ANY_UPSTREAM || this.entries.upstream(entry) === upstream)) this.withdraw(now, entry, cause);",
  ]),
  mutant("a silent server is trusted", ["querier/upstream-health.ts", "SILENCE_LIMIT = 10_000_000", "SILENCE_LIMIT = 1e15"]),
  mutant("nonce and cookie are not compared", ["querier/request-table.ts", "return difference === 0 ? slot : -1;", "return difference === difference ? slot : -1;"], ["querier/upstream.ts", "return clientCookieHi === this.clientCookieHi && clientCookieLo === this.clientCookieLo;", "return clientCookieHi === clientCookieHi && clientCookieLo === clientCookieLo;"]),
  mutant("any server cookie is good", ["server/cookies.ts", "((computed.hi ^ header.server2) | (computed.lo ^ header.server3)) === 0", "computed.hi === computed.hi && header.server2 === header.server2"]),
  mutant("caching time is counted from receipt, and generously", ["querier/fetcher.ts", "Math.min(mostMs, body.cachingMs) - (now - sentAt) / 1000", "Math.min(mostMs, body.cachingMs) + (now - sentAt) / 1000"]),
  mutant("Cache Updates are acknowledged, not obeyed", ["querier/update-receiver.ts", "this.#apply(now, upstream);", "void this.#apply;"]),
  mutant("a changed entry is not passed on", ["cache/mapping-cache.ts", "this.#holders.tell(now, entry, action, positionOf(body, this.#cause));", "void action;"]),
  mutant("a withdrawn entry is not passed on", ["cache/mapping-cache.ts", "this.#holders.tell(now, entry, UpdateAction.flushRange, cause);", ""]),
  mutant("promises are made and not noted", ["server/promises.ts", "return this.ledger.note(entry, asker.peer, asker.nonceHi, asker.nonceLo, (nowMs + cachingMs) >>> 0);", "return entry >= 0 && asker.peer + nowMs + cachingMs >= 0;"]),
  mutant("a reply that an update has overtaken is trusted", ["querier/update-window.ts", "return distance < 0 && distance >= -WINDOW;", "return distance > 0 && distance < 0;"]),
  mutant("a QSA without its feed goes on", ["qsa.ts", "now + (this.#options.feedLimitMs ?? Infinity) * 1000", "now + 1e15"]),
  mutant("a dead server is never tried again", ["querier/prober.ts", "return Math.min(intervals.deadMost, intervals.dead * 2 ** Math.min(upstream.losses - LOSSES_UNTIL_DOWN, 16));", "return Math.max(intervals.deadMost, intervals.dead) * 1e6;"]),
  mutant("deadlines are found by a difference, which is rounded", ["querier/upstream-health.ts", "now >= upstream.aliveAt + SILENCE_LIMIT", "now - upstream.aliveAt >= SILENCE_LIMIT"]),
];

/** A seed takes a few seconds; one that takes this long does not end. */
const PATIENCE_MS = 60_000;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `Usage: npm run mutants -- [--seeds COUNT] [--minutes M] [--jobs N] [PART OF A NAME...]

Breaks the engines on purpose, one way at a time, in a copy, and lets the simulator find it. Without names, all are tried.

  --seeds COUNT   at most so many seeds for each (default 200)
  --minutes M     virtual minutes of each seed (default 30)
  --jobs N        seeds at one time (default 2)

Mutants:
${MUTANTS.map(({ name }) => `  ${name}`).join("\n")}

Exit status: 0 all were caught, 1 one was not, 2 for wrong usage.`;

const { values, positionals } = readArgs();
const job: Job = { duration: Number(values.minutes) * 60e6, csv: undefined, faults: "all", sitesPerDsoc: SWARM_PLAN.sitesPerDsoc, repeat: "" };
const wanted = MUTANTS.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));

let survivors = 0;
for (const each of wanted) {
  const { seed, how } = await hunt(each, Number(values.seeds));
  if (seed === undefined) survivors++;
  console.log(`${each.name}: ${seed === undefined ? `NOT CAUGHT by ${values.seeds} seeds` : `caught after ${seed} ${seed === 1 ? "seed" : "seeds"} (${how})`}`);
}
console.log(`${wanted.length - survivors} of ${wanted.length} caught`);
process.exitCode = survivors === 0 ? 0 : 1;

function readArgs() {
  const options = { seeds: { type: "string", default: "200" }, minutes: { type: "string", default: "30" }, jobs: { type: "string", default: "2" }, help: { type: "boolean" } } as const;
  try {
    const args = parseArgs({ options, allowPositionals: true });
    if (args.values.help === true) {
      console.log(HELP);
      process.exit(0);
    }
    for (const name of ["seeds", "minutes", "jobs"] as const) if (!(Number(args.values[name]) > 0)) throw new TypeError(`--${name}: "${args.values[name]}" is not a number above 0`);
    for (const part of args.positionals) if (!MUTANTS.some(({ name }) => name.includes(part))) throw new TypeError(`no mutant has "${part}" in its name`);
    return args;
  } catch (error) {
    console.error(`${(error as Error).message} (see: npm run mutants -- --help)`);
    process.exit(2);
  }
}

/** Runs seeds from 1 against a mutant, some at a time, until one of them breaks. Gives the lowest that did. */
async function hunt({ edits }: Mutant, seeds: number): Promise<{ seed: number | undefined; how: string }> {
  const directory = mkdtempSync(join(tmpdir(), "drtm-mutant-"));
  try {
    copyWith(directory, edits);
    for (let first = 1; first <= seeds; first += Number(values.jobs)) {
      const batch = Array.from({ length: Math.min(Number(values.jobs), seeds - first + 1) }, (_, index) => first + index);
      const ends = await Promise.all(batch.map((seed) => runSeed(directory, seed)));
      const broken = ends.findIndex((how) => how !== undefined);
      if (broken >= 0) return { seed: batch[broken], how: ends[broken]! };
    }
    return { seed: undefined, how: "" };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function copyWith(directory: string, edits: Mutant["edits"]): void {
  for (const name of ["src", "package.json"]) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  for (const { file, from, to } of edits) {
    const path = join(directory, "src/core", file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2) throw new Error(`src/core/${file} must have "${from}" once: mend this mutant`);
    writeFileSync(path, text.replace(from, () => to));
  }
}

/** How a seed ended: undefined when nothing was broken. */
function runSeed(directory: string, seed: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const worker: ChildProcess = fork(join(directory, "src/cli/sim-worker.ts"), { serialization: "advanced", stdio: "ignore" });
    const end = (how: string | undefined): void => {
      clearTimeout(timer);
      worker.kill("SIGKILL");
      resolve(how);
    };
    const timer = setTimeout(end, PATIENCE_MS, "does not end");
    worker.on("message", (message: FromWorker) => {
      if (message.type === "violation") end(message.invariant);
      if (message.type === "crash") end(message.message.split("\n")[0]);
      if (message.type === "report") end(undefined);
    });
    worker.on("exit", () => {
      end("its process ended");
    });
    worker.send({ job, seed });
  });
}
