/** The discovery thread, which fails when it is told to read a certain service again. */
import { parentPort } from "node:worker_threads";
import type { ToDiscovery } from "../../src/roles/discovery/messages.ts";

export const FATAL_SERVICE = "fatal.example.";

// It takes its messages from here on, none is lost.
await import("../../src/roles/discovery/discovery-worker.ts");
parentPort?.on("message", (message: ToDiscovery) => {
  if (message.type === "recheck" && message.service === FATAL_SERVICE) throw new Error("failed on purpose");
});
