import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { formatIp, ipv4, parseIp } from "../src/address/index.ts";
import { findProgram } from "../test/support/program.ts";
import { endProcess, hasEnded } from "./end-process.ts";
import { LISP_CONTROL_PORT } from "./lisp-messages.ts";
import { ETR, PREFIX_LENGTH, prefixOf } from "./micronets.ts";
import { pinnedTo } from "./pinned.ts";
import { memory, processCpuMicroseconds } from "./process-usage.ts";

/** On the loopback interface of a network namespace of its own; it takes no address of 127.0.0.0/8. */
export const OOR_ADDRESS = parseIp("192.0.2.1");
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/** Where OpenOverlayRouter is: as DRTM_OOR says, or on PATH; undefined where it is not. */
export function findOor(): string | undefined {
  return process.env["DRTM_OOR"] ?? findProgram("oor");
}

/**
 * OpenOverlayRouter as a LISP Map-Server with static mappings, which it answers for itself, pinned to a core. Its port and its changes
 * to routing cannot be configured, so it has a network namespace of its own, and a user namespace in which it may change that.
 */
export class OorProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = "";

  private constructor(child: ChildProcess, program: string) {
    this.#child = child;
    this.#name = basename(program);
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Waits until it has read its mappings, of which the configuration in this directory has so many. */
  static async start(program: string, directory: string, mappings: number, core: number): Promise<OorProcess> {
    const file = join(directory, "oor.conf");
    writeFileSync(file, configuration(mappings));
    const setUp = `ip link set lo up && ip address add ${formatIp(OOR_ADDRESS)}/32 dev lo && exec "$@"`;
    // Who enters a user namespace is no longer told of its parent's end: setpriv comes after that.
    const args = ["--user", "--map-root-user", "--net", ...pinnedTo(core), "sh", "-c", setUp, "sh", program, "-f", file, "-d", "0"];
    const oor = new OorProcess(spawn("unshare", args, { stdio: ["ignore", "pipe", "pipe"] }), program);
    try {
      await oor.#listens();
      return oor;
    } catch (error) {
      await oor.stop();
      throw error;
    }
  }

  /** What a command line begins with that runs a program in its namespaces: nsenter(1). */
  get within(): readonly string[] {
    return ["nsenter", "--preserve-credentials", "--user", "--net", "--target", String(this.#child.pid)];
  }

  cpuMicroseconds(): number {
    return processCpuMicroseconds(this.#child.pid!);
  }

  memoryMiB(): number {
    return memory(this.#child.pid!).now;
  }

  async stop(): Promise<void> {
    await endProcess(this.#child);
  }

  async #listens(): Promise<void> {
    const port = `:${LISP_CONTROL_PORT.toString(16).toUpperCase()} `;
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(LOOK_AGAIN_MS)) {
      if (hasEnded(this.#child)) throw new Error(`OpenOverlayRouter has ended, or has found no namespaces of its own (unshare, ip): ${this.#output}`);
      // Until it has its namespaces, what listens is what others run.
      if (this.#proc("comm").trim() === this.#name && this.#proc("net/udp").includes(port)) return;
    }
    throw new Error(`OpenOverlayRouter does not listen within ${PATIENCE_MS / 1000} s: ${this.#output}`);
  }

  /** Nothing once it has ended, which may be before that is known here. */
  #proc(file: string): string {
    try {
      return readFileSync(`/proc/${this.#child.pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  }
}

/** Log level 0: nothing is written, or made into text, for a request. */
function configuration(mappings: number): string {
  const sites = Array.from({ length: mappings }, (_, index) => {
    const prefix = `${formatIp(ipv4(prefixOf(index, mappings)))}/${PREFIX_LENGTH}`;
    return `ms-static-registered-site {\n  eid-prefix = ${prefix}\n  iid = 0\n  rloc-address {\n    address = ${formatIp(ETR)}\n    priority = 1\n    weight = 100\n  }\n}\n`;
  });
  return ["debug = 0\noperating-mode = MS\ncontrol-iface = lo\n", ...sites].join("");
}
