import { Worker } from "node:worker_threads";
import type { EngineRole, EngineWorkerData } from "./engine/messages.ts";
import { workerEnvironment, workerScript } from "./worker.ts";

const ENGINE = workerScript("./engine/engine-worker", import.meta.url);
const DISCOVERY = workerScript("./discovery/discovery-worker", import.meta.url);
/** Left to itself it grows to 130 MB while a zone is read, and is not given back; it is no faster then. */
const DISCOVERY_YOUNG_MB = 16;

/**
 * The threads of a role, which load their code from now on and wait to be told what to do. This module loads little itself: who starts
 * them first of all has them ready when the configuration is read.
 */
export interface Threads {
  readonly engine: Worker;
  /** Of a QSR. */
  readonly discovery: Worker | undefined;
}

export function startThreads(role: EngineRole): Threads {
  return { engine: startEngine(role), discovery: role === "qsr" ? startDiscovery() : undefined };
}

/** For who cannot use them after all. */
export async function endThreads({ engine, discovery }: Threads): Promise<void> {
  await Promise.all([engine.terminate(), discovery?.terminate()]);
}

/** `script`: what runs in it. */
export function startEngine(role: EngineRole, script = ENGINE): Worker {
  return new Worker(script, { name: `${role} engine`, env: workerEnvironment(), workerData: { role } satisfies EngineWorkerData });
}

/** `script`: what runs in it. */
export function startDiscovery(script = DISCOVERY): Worker {
  return new Worker(script, { name: "discovery", env: workerEnvironment(), resourceLimits: { maxYoungGenerationSizeMb: DISCOVERY_YOUNG_MB } });
}
