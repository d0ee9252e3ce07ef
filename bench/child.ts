import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { pinnedTo } from "./pinned.ts";

/** How long a process may take to end when it is asked to. */
const END_MS = 2_000;

interface Surroundings {
  readonly within?: readonly string[];
  readonly flags?: readonly string[];
}

/** A process of the benchmark, which answers each message with one. It ends with its parent, whatever befalls that. */
export class Child {
  readonly #child: ChildProcess;
  readonly #name: string;

  /**
   * Runs a file of this folder, on one core where that is said, and waits until it says that it is ready. `within`: what a command line
   * begins with that runs it in another namespace; `flags`: of Node.
   */
  static async start<Ready>(file: string, args: readonly string[], core?: number, { within = [], flags = [] }: Surroundings = {}): Promise<{ child: Child; ready: Ready }> {
    const child = new Child(file, args, core === undefined ? within : [...within, ...pinnedTo(core)], flags);
    return { child, ready: (await child.#next()) as Ready };
  }

  private constructor(file: string, args: readonly string[], before: readonly string[], flags: readonly string[]) {
    this.#name = [file, ...args].join(" ");
    this.#child = fork(new URL(file, import.meta.url), args, begun(before, flags));
  }

  /** Sends a message and waits for the answer; throws when the process ends instead. */
  async ask<Answer>(message: object | string): Promise<Answer> {
    this.#child.send(message);
    return (await this.#next()) as Answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(killer);
  }

  async #next(): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const [message] = (await Promise.race([once(this.#child, "message", { signal }), once(this.#child, "exit", { signal }).then(() => [])])) as [unknown];
    over.abort();
    if (message === undefined) throw new Error(`${this.#name} has ended; its error is printed above`);
    return message;
  }
}

/** With what a command line begins with, and what Node is told. */
function begun([execPath, ...before]: readonly string[], flags: readonly string[]): ForkOptions {
  return execPath === undefined ? { execArgv: [...flags] } : { execPath, execArgv: [...before, process.execPath, ...flags] };
}

/** In a process that `Child` runs: tells that it is ready, answers messages, ends with the parent. */
export function serveParent(ready: object, answer: (message: never) => object | Promise<object>): void {
  process.on("message", (message) => {
    void Promise.resolve(answer(message as never)).then((result) => process.send?.(result));
  });
  process.on("disconnect", () => {
    process.exit(0);
  });
  // A Ctrl-C goes to the parent too, which ends us in its own time.
  process.on("SIGINT", () => undefined);
  process.send?.(ready);
}
