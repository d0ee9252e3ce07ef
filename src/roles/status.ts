import { VERSION } from "../io/version.ts";
import type { EngineStatus } from "./engine/engine-status.ts";
import type { StatusReport } from "./reports.ts";

/** What every role reports of its process and its engine. */
export function statusOf(role: StatusReport["role"], { listen, epoch, cache, pauses, counters, receivedByThread }: EngineStatus): StatusReport {
  return { role, version: VERSION, pid: process.pid, uptimeSeconds: Math.round(process.uptime()), listen, epoch, cache, pauses, counters, receivedByThread };
}
