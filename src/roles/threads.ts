import { Worker } from "node:worker_threads";
import { withoutIdleCollections } from "../io/idle-collections.ts";
import type { EngineRole, EngineWorkerData } from "./engine/messages.ts";
import { workerEnvironment, workerScript } from "./worker.ts";

const ENGINE = workerScript("roles/engine/engine-worker", import.meta.url);
const DISCOVERY = workerScript("roles/discovery/discovery-worker", import.meta.url);
/** An engine makes hardly any garbage. */
const ENGINE_YOUNG_MB = 4;
/** Left to itself it grows to 130 MB while a zone is read, and is not given back; it is no faster then. */
const DISCOVERY_YOUNG_MB = 6;

/**
 * Starts the thread of an engine, which loads its code and waits to be told what to do. This module loads little itself: who starts the
 * thread first of all has it ready when the configuration is read. `script`: what runs in it.
 */
export function startEngine(role: EngineRole, script = ENGINE): Worker {
  const start = (): Worker => new Worker(script, { name: `${role} engine`, resourceLimits: { maxYoungGenerationSizeMb: ENGINE_YOUNG_MB }, env: workerEnvironment(), workerData: { role } satisfies EngineWorkerData });
  return withoutIdleCollections(start);
}

/** Starts the thread of discovery; `script`: what runs in it. */
export function startDiscovery(script = DISCOVERY): Worker {
  return new Worker(script, { name: "discovery", env: workerEnvironment(), resourceLimits: { maxYoungGenerationSizeMb: DISCOVERY_YOUNG_MB } });
}
