import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { requireProgram } from "../test/support/program.ts";
import { pinnedTo } from "./pinned.ts";

export interface DnsperfResult {
  readonly sent: number;
  /** Answers that had the record. */
  readonly answers: number;
  readonly seconds: number;
}

/** As many as the queriers of our own generator. */
const CLIENTS = 64;
/** Knot Resolver takes no larger buffer than the kernel gives unasked, which has room for some 270 queries. */
const IN_FLIGHT = 200;

/** Asks a DNS server for the names of a file, on one core: all of them once, or again and again for so many seconds. */
export async function dnsperf(port: number, file: string, core: number, seconds: number | "once"): Promise<DnsperfResult> {
  const [first, ...before] = pinnedTo(core);
  const until = seconds === "once" ? ["-n", "1"] : ["-l", String(seconds)];
  const args = ["-s", "127.0.0.1", "-p", String(port), "-d", file, "-c", String(CLIENTS), "-q", String(IN_FLIGHT), "-T", "1", "-t", "2", "-W", ...until];
  const { stdout } = await promisify(execFile)(first, [...before, requireProgram("dnsperf", "dnsperf"), ...args], { maxBuffer: 1 << 28 });
  const number = (what: RegExp): number => {
    const found = what.exec(stdout);
    if (found === null) throw new Error(`dnsperf does not say ${what.source}: ${stdout.slice(-2_000)}`);
    return Number(found[1]);
  };
  const answers = /NOERROR (\d+)/.exec(stdout);
  return { sent: number(/Queries sent:\s+(\d+)/), answers: Number(answers?.[1] ?? 0), seconds: number(/Run time \(s\):\s+([\d.]+)/) };
}
