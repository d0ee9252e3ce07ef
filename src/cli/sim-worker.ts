import { RttTable } from "../sim/rtt-table.ts";
import { plain } from "../sim/summary.ts";
import { runSwarm } from "../sim/swarm.ts";
import { Violation } from "../sim/violation.ts";
import type { FromWorker, Job, ToWorker } from "./sim-jobs.ts";

/** A process that runs the seeds it is given, one after the other. Elsewhere this is only loaded: nobody gives it any. */
if (process.send !== undefined) {
  process.on("message", ({ job, seed }: ToWorker) => {
    tell(run(job, seed));
  });
}

function run({ duration, csv, faults, sitesPerDsoc, repeat }: Job, seed: number): FromWorker {
  const command = `drtm sim --seed ${seed}${repeat}`;
  const onProgress = (done: number): void => {
    tell({ type: "progress", seed, done });
  };
  try {
    return { type: "report", report: plain(runSwarm({ seed, duration, repeat: command, faults, plan: { sitesPerDsoc }, onProgress, ...(csv === undefined ? {} : { rtts: new RttTable(csv) }) })) };
  } catch (error) {
    if (error instanceof Violation) return { type: "violation", seed, invariant: error.invariant, who: error.who, at: error.at, message: error.message, repeat: command };
    return { type: "crash", seed, message: error instanceof Error ? (error.stack ?? error.message) : String(error), repeat: command };
  }
}

function tell(message: FromWorker): void {
  process.send!(message);
}
