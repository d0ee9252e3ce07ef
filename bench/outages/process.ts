import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../bin/drtm.js", import.meta.url));
const READY_MS = 30_000;
const LAST_LINES = 20;

/** A drtm that is started, killed, stopped and started again, with the same arguments each time. */
export class Process {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #readyText: string | undefined;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;

  /** `readyText`: what it prints once it is at work; left out, it is at work from the start. */
  constructor(name: string, args: readonly string[], readyText?: string, onLine: (line: string) => void = () => undefined) {
    this.name = name;
    this.#args = args;
    this.#readyText = readyText;
    this.#onLine = onLine;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [LAUNCHER, ...this.#args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        this.#lines.push(line);
        if (this.#lines.length > LAST_LINES) this.#lines.shift();
        if (this.#readyText !== undefined && line.includes(this.#readyText)) ready.resolve();
        if (stream === child.stdout) this.#onLine(line);
      });
    }
    if (this.#readyText !== undefined) await this.#expect(ready.promise);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Sends a signal that ends it, and waits until it has. */
  async end(name: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(name);
    await ended;
  }

  async #expect(isReady: Promise<void>): Promise<void> {
    const over = new AbortController();
    const ended = once(this.#child!, "exit", { signal: over.signal }).then(() => "it ended");
    const late = new Promise<string>((done) => {
      const timer = setTimeout(() => {
        done(`nothing after ${READY_MS / 1000} s`);
      }, READY_MS);
      over.signal.addEventListener("abort", () => {
        clearTimeout(timer);
      });
    });
    const failure = await Promise.race([isReady.then(() => undefined), ended, late]);
    over.abort();
    await ended.catch(() => undefined);
    if (failure !== undefined) throw new Error(`${this.name} did not say "${this.#readyText}": ${failure}\n${this.#lines.join("\n")}`);
  }
}
