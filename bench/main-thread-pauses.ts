/**
 * Loaded into a process before everything else (`--import`): how long its main thread was at something at one go since it was last
 * asked, by a message. Wall time has in it what the machine made the thread wait; CPU time is the thread's own, collections too.
 */
import { isMainThread } from "node:worker_threads";

export interface Pauses {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const LOOK_EVERY_MS = 1;

let [wallMs, longestCpuMs] = [0, 0];
let before = { time: 0, cpu: 0 };

if (isMainThread) {
  before = now();
  // What does not let the process end does not count either.
  setInterval(look, LOOK_EVERY_MS).unref();
  process.on("message", () => {
    look();
    process.send?.({ wallMs, cpuMs: longestCpuMs } satisfies Pauses);
    [wallMs, longestCpuMs] = [0, 0];
  });
  process.channel?.unref();
}

function look(): void {
  const { time, cpu } = now();
  wallMs = Math.max(wallMs, time - before.time - LOOK_EVERY_MS);
  longestCpuMs = Math.max(longestCpuMs, cpu - before.cpu);
  before = { time, cpu };
}

function now(): typeof before {
  const { user, system } = process.threadCpuUsage();
  return { time: performance.now(), cpu: (user + system) / 1000 };
}
