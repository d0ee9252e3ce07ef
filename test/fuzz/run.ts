import { parseArgs } from "node:util";
import { Progress } from "../support/progress.ts";
import { type CampaignResult, runCampaign } from "./campaign.ts";
import { MemorySamples, hasGc, megabytes } from "./memory.ts";
import { ENGINES, type EngineName } from "./world.ts";

const DEFAULT_DATAGRAMS = 1_000_000;
const LONG_DATAGRAMS = 10_000_000;

const HELP = `npm run fuzz [-- --datagrams N] [--seed S] [--engine ${ENGINES.join("|")}] [--long]

Attacks each engine of a small world on virtual time: valid datagrams are replayed late and from elsewhere, overtake each
other, and have bits, fields, cookies, nonces, lengths and extensions changed. Half of them come from sources that never
had a cookie. Checked all the time: no exception; such a source gets no more octets or datagrams than it sent; tables
stay within their bounds; memory does not grow. Checked after the attack: everything drains, and all answers are right.

  --datagrams N   hostile datagrams, over all engines (default ${DEFAULT_DATAGRAMS.toLocaleString("en")})
  --long          ${LONG_DATAGRAMS.toLocaleString("en")} of them (npm run fuzz:long)
  --seed S        another run (default 1); the same seed gives the same run
  --engine NAME   attack this one only

Exit status: 0 all held, 1 something did not (the command that repeats it is printed), 2 wrong usage.`;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const options = readOptions(args);
  if (typeof options === "string") {
    console.error(options);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (!hasGc) console.error("without --expose-gc memory is not checked (npm run fuzz has it)");
  const { seed, engines } = options;
  const datagrams = Math.ceil(options.datagrams / engines.length);
  for (const engine of engines) {
    if (!attack(engine, datagrams, seed)) return 1;
  }
  return 0;
}

interface Options {
  readonly help: boolean;
  readonly datagrams: number;
  readonly seed: number;
  readonly engines: readonly EngineName[];
}

/** The options; a text where they are wrong. */
function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { datagrams: { type: "string" }, seed: { type: "string", default: "1" }, engine: { type: "string" }, long: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
    });
    const datagrams = Number(values.datagrams?.replaceAll(/[_,]/g, "") ?? (values.long ? LONG_DATAGRAMS : DEFAULT_DATAGRAMS));
    const seed = Number(values.seed);
    if (!Number.isInteger(datagrams) || datagrams < 1) return "--datagrams is a whole number above zero";
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) return "--seed is a whole number from 0 to 4294967295";
    const engines = ENGINES.filter((name) => values.engine === undefined || name === values.engine);
    if (engines.length === 0) return `--engine is one of ${ENGINES.join(", ")}`;
    return { help: values.help, datagrams, seed, engines };
  } catch (error) {
    return `${(error as Error).message} (see: npm run fuzz -- --help)`;
  }
}

/** Attacks one engine and prints how it went; false when something did not hold. */
function attack(engine: EngineName, datagrams: number, seed: number): boolean {
  const progress = new Progress();
  const memory = new MemorySamples(datagrams);
  const started = performance.now();
  try {
    const result = runCampaign({
      engine,
      datagrams,
      seed,
      onProgress: (done) => {
        memory.take(done);
        progress.show(`${engine}: ${count(done)} of ${count(datagrams)} hostile datagrams, ${count(Math.round((done * 1000) / (performance.now() - started)))}/s`);
      },
    });
    progress.clear();
    memory.check();
    printResult(engine, result, memory, (performance.now() - started) / 1000);
    return true;
  } catch (error) {
    progress.clear();
    console.error(`${engine}, seed ${seed}: ${(error as Error).stack}`);
    console.error(`To repeat it: npm run fuzz -- --engine ${engine} --seed ${seed} --datagrams ${datagrams}`);
    return false;
  }
}

function printResult(engine: EngineName, result: CampaignResult, memory: MemorySamples, seconds: number): void {
  const all = result.hostile + result.valid;
  console.log(`${engine}: ${count(result.hostile)} hostile datagrams and ${count(result.valid)} valid ones in ${seconds.toFixed(1)} s: ${count(Math.round(all / seconds))}/s; ${count(result.virtualSeconds)} virtual s`);
  console.log(`  ${Object.entries(result.mutations).map(([name, times]) => `${name} ${count(times)}`).join(", ")}`);
  console.log(`  ${count(result.forged)} from sources without a cookie: ${count(result.answered)} datagrams went back to them, never more than came; ${count(result.sent)} sent in all`);
  if (!hasGc) return;
  if (!memory.tellsGrowth) {
    console.log("  memory was not checked: so short a run has too few samples");
    return;
  }
  const [third, last] = memory.quarters;
  const half = memory.octets.slice(memory.octets.length / 2).map(megabytes);
  console.log(`  memory after gc, second half of the run: ${half.join(", ")}; least of its quarters ${megabytes(third)}, ${megabytes(last)}`);
}

function count(value: number): string {
  return value.toLocaleString("en");
}
