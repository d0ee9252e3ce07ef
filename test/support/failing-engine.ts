/** An engine's thread with a bug: when it is opened with node:dgram, or else when it is first called. */
import { parentPort } from "node:worker_threads";
import type { QsaConfig } from "../../src/config/schema.ts";
import type { FromEngine, ToEngine } from "../../src/roles/engine/messages.ts";

parentPort!.on("message", (message: ToEngine) => {
  if (message.type !== "open" || (message.settings as QsaConfig).driver === "dgram") throw new Error("a bug");
  parentPort!.postMessage({ type: "open", means: "not at all", alarm: undefined } satisfies FromEngine);
});
