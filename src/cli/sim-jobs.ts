import { fork } from "node:child_process";
import { flushCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { workerEnvironment, workerScript } from "../roles/worker.ts";
import type { PlainReport } from "../sim/summary.ts";
import type { SwarmFaults } from "../sim/swarm.ts";

/** What every worker of a run needs to know. */
export interface Job {
  /** Virtual microseconds with faults. */
  readonly duration: number;
  readonly csv: string | undefined;
  readonly faults: SwarmFaults;
  readonly sitesPerDsoc: number;
  /** Options of the command line that repeats a seed. */
  readonly repeat: string;
}

export interface Failure {
  readonly type: "violation" | "crash";
  readonly seed: number;
  readonly message: string;
  readonly repeat: string;
  readonly invariant?: string;
  readonly who?: string;
  readonly at?: number;
}

export interface ToWorker {
  readonly job: Job;
  readonly seed: number;
}

export type FromWorker = { readonly type: "report"; readonly report: PlainReport } | { readonly type: "progress"; readonly seed: number; readonly done: number } | Failure;

/** Runs seeds in so many processes, each seed in one; hands over what comes of them as it comes. */
export async function runSeeds(job: Job, seeds: readonly number[], processes: number, onMessage: (message: FromWorker) => void): Promise<void> {
  await shareCode();
  const waiting = seeds.toReversed();
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = fork(fileURLToPath(WORKER), { serialization: "advanced", env: workerEnvironment() });
      let isDone = false;
      const next = (): void => {
        const seed = waiting.pop();
        isDone = seed === undefined;
        if (seed === undefined) worker.disconnect();
        else worker.send({ job, seed } satisfies ToWorker);
      };
      worker.on("error", reject);
      worker.on("exit", (code, signal) => {
        if (isDone) resolve();
        else reject(new Error(`a simulating process ended by itself: ${signal ?? `status ${code}`}`));
      });
      worker.on("message", (message: FromWorker) => {
        onMessage(message);
        if (message.type !== "progress") next();
      });
      next();
    });
  await Promise.all(Array.from({ length: Math.min(processes, seeds.length) }, run));
}

/**
 * Puts what this process has made of the source where the others find it, their first file too. A process that strips types by itself runs
 * WebAssembly for that, whose memory moves; from then on V8 looks at each access to any typed array whether its memory is still there, which
 * costs a simulation 4 % of its instructions and 8 % of its cache misses.
 */
async function shareCode(): Promise<void> {
  await import(WORKER.href);
  flushCompileCache();
}

const WORKER = workerScript("cli/sim-worker", import.meta.url);
