import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinnedTo } from "./pinned.ts";
import { processCpuMicroseconds } from "./process-usage.ts";

/** A server in C of `bench/reference`, compiled for this run, and pinned to a core. */
export class ReferenceServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #directory: string;

  /** Throws where there is no C compiler. */
  static async start(name: string, core: number, args: readonly string[] = []): Promise<ReferenceServer> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-bench-"));
    const program = join(directory, name);
    compile(new URL(`reference/${name}.c`, import.meta.url).pathname, program);
    const [first, ...before] = pinnedTo(core);
    const child = spawn(first, [...before, program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new ReferenceServer(child, directory, Number(line.toString()));
  }

  private constructor(child: ChildProcess, directory: string, port: number) {
    this.#process = child;
    this.#directory = directory;
    this.port = port;
  }

  cpuMicroseconds(): number {
    return processCpuMicroseconds(this.#process.pid!);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
    rmSync(this.#directory, { recursive: true });
  }
}

function compile(source: string, program: string): void {
  try {
    execFileSync("cc", ["-O2", "-o", program, source], { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    throw new Error(`${source} cannot be compiled: ${(error as Error).message}; a C compiler is needed (Debian: apt install gcc libc6-dev)`, { cause: error });
  }
}
