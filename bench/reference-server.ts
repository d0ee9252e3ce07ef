import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Ticks of /proc's CPU times: fixed by the kernel's interface on Linux. */
const TICKS_PER_SECOND = 100;

/** A server in C of `bench/reference`, compiled for this run, and pinned to a core. */
export class ReferenceServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #directory: string;

  /** Throws where there is no C compiler. */
  static async start(name: string, core: number): Promise<ReferenceServer> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-bench-"));
    const program = join(directory, name);
    compile(new URL(`reference/${name}.c`, import.meta.url).pathname, program);
    const child = spawn("taskset", ["-c", String(core), program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new ReferenceServer(child, directory, Number(line.toString()));
  }

  private constructor(child: ChildProcess, directory: string, port: number) {
    this.#process = child;
    this.#directory = directory;
    this.port = port;
  }

  /** Of user and system, proc(5). */
  cpuMicroseconds(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
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
