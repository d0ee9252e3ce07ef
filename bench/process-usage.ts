import { readFileSync, readdirSync } from "node:fs";

/** Ticks of /proc's CPU times: fixed by the kernel's interface on Linux. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process, user and system, with that of threads that have ended: proc(5), stat. It counts by 10 ms. */
export function processCpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** CPU time that the threads of a process have had, in milliseconds: proc(5), schedstat. Threads that have ended do not count. */
export function cpuMs(pid: number, isWanted: (thread: string) => boolean = () => true): number {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
  const wanted = tasks.filter((task) => isWanted(readFileSync(`${task}/comm`, "utf8").trim()));
  return wanted.reduce((sum, task) => sum + Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0]) / 1e6, 0);
}

/** Resident memory in MiB; `most`: the most it has been. */
export function memory(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)![1]) / 1024;
  return { now: mib("VmRSS"), most: mib("VmHWM") };
}
