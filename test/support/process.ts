import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../bin/drtm.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running drtm: what it has printed so far, and how to end it. */
export class Drtm {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  constructor(args: readonly string[], options: { command?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    const command = options.command ?? LAUNCHER;
    this.#child = spawn(process.execPath, [command, ...args], { cwd: options.cwd, env: { ...process.env, ...options.env, NO_COLOR: "1" } });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#exit = once(this.#child, "close");
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits until standard output or error has this text; throws with all of both when the process ends without. */
  async says(text: string): Promise<void> {
    const ended = this.#exit.then(() => "ended");
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      const news = Promise.race([once(this.#child.stdout!, "data"), once(this.#child.stderr!, "data"), ended]);
      if ((await news) === "ended" && !this.stdout.includes(text) && !this.stderr.includes(text)) {
        throw new Error(`drtm ended without saying "${text}":\n${this.stdout}\n${this.stderr}`);
      }
    }
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<Finished> {
    if (this.#child.exitCode === null) this.#child.kill("SIGINT");
    return this.finished();
  }

  async finished(): Promise<Finished> {
    await this.#exit;
    return { status: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a drtm command to its end. */
export function drtm(...args: string[]): Promise<Finished> {
  return new Drtm(args).finished();
}

/** Below those that the kernel gives to who wants any: 32768 and up (ip_local_port_range). */
const FIRST_PORT = 10_000;
/** Test files that run side by side have each a part of the ports, so that two do not take the same one between looking and binding. */
const PARTS = 32;
const PORTS_A_PART = 680;
const OWN_PART = Number(process.env.VITEST_POOL_ID ?? 0) % PARTS;
const given = new Set<number>();

/** A port that nobody has on loopback at this moment, for both UDP and TCP users; each time another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + OWN_PART + PARTS * randomInt(PORTS_A_PART);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket("udp4");
  try {
    tcp.listen(port, "127.0.0.1");
    await once(tcp, "listening");
    udp.bind(port, "127.0.0.1");
    await once(udp, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all([new Promise((done) => tcp.close(done)), new Promise<void>((done) => udp.close(done))]);
  }
}
