import { closeSync, writeSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { ControlError } from "../../io/control-error.ts";
import { ThreadRefusal } from "../thread-refusal.ts";
import type { EngineRole, FromEngine, HostSettings, Hosts, ToEngine } from "./messages.ts";

type Method = (...values: never[]) => unknown;

/** The methods of an object in another thread, as they are called from here: each may throw ControlError too. */
export type Remote<H> = {
  readonly [K in keyof H as H[K] extends Method ? K : never]: H[K] extends (...values: infer V) => infer R ? (...values: V) => Promise<Awaited<R>> : never;
};

interface Waiting {
  done(value: unknown): void;
  fail(error: Error): void;
}

/** HTTP's status for what is asked of an engine that has ended. */
export const STOPPED = 503;

/** Who has not ended by then does not hear us. */
const CLOSE_MS = 5_000;
/** A 64-bit number, one, as an eventfd takes it. */
const ALARM = new BigUint64Array([1n]);

/** The engine of a role, or several that are one server, as the control thread sees them. */
export interface Engines<R extends EngineRole> {
  /** When a thread has ended by itself: the process cannot go on. */
  readonly failed: Promise<Error>;
  /** What runs in the thread; it can be called once it is open. */
  readonly host: Remote<Hosts[R]>;
  /** Gives how datagrams come and go. Throws ThreadRefusal where it cannot work as configured. */
  open(settings: HostSettings[R]): Promise<{ readonly means: string }>;
  close(): Promise<void>;
}

/** An engine with its sockets in a thread of its own. */
export class EngineThread<R extends EngineRole> implements Engines<R> {
  readonly failed: Promise<Error>;
  readonly host: Remote<Hosts[R]>;
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<{ readonly means: string }>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<Error>();
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #alarm: number | undefined;
  #isClosing = false;

  /** `worker`: a thread that was started for this role; `open` has it open its sockets. */
  constructor(role: R, worker: Worker) {
    this.failed = this.#failed.promise;
    this.host = new Proxy({}, { get: (_, method) => (...values: unknown[]) => this.#call(String(method), values) }) as Remote<Hosts[R]>;
    this.#worker = worker;
    let failure = new Error(`the thread of the ${role} engine has ended by itself`);
    this.#worker.on("error", (error: Error) => { failure = error; });
    this.#worker.on("message", (message: FromEngine) => {
      if (message.type === "refused") failure = new ThreadRefusal(message.code, message.message);
      this.#hear(message);
    });
    this.#worker.once("exit", () => { this.#end(failure); });
    this.#opened.promise.catch(() => undefined);
  }

  /** `waits`: it takes no datagrams until `begin` is called. */
  async open(settings: HostSettings[R], waits = false): Promise<{ readonly means: string }> {
    this.#send({ type: "open", settings, waits });
    return this.#opened.promise;
  }

  begin(): void {
    this.#send({ type: "begin" });
  }

  async close(): Promise<void> {
    if (!this.#isClosing) this.#send({ type: "close" });
    this.#isClosing = true;
    const late = setTimeout(() => void this.#worker.terminate(), CLOSE_MS);
    await this.#ended.promise;
    clearTimeout(late);
  }

  #call(method: string, values: readonly unknown[]): Promise<unknown> {
    if (this.#isClosing) return Promise.reject(new ControlError(STOPPED, "this server is being stopped"));
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { done: resolve, fail: reject });
    this.#send({ type: "call", id, method, values });
    return promise;
  }

  #hear(message: FromEngine): void {
    switch (message.type) {
      case "open":
        this.#alarm = message.alarm;
        return this.#opened.resolve({ means: message.means });
      case "result":
        return this.#take(message.id)?.done(message.value);
      case "fault":
        return this.#take(message.id)?.fail(new ControlError(message.status, message.message));
      case "refused":
        return this.#opened.reject(new ThreadRefusal(message.code, message.message));
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #send(message: ToEngine): void {
    this.#worker.postMessage(message);
    // It waits for datagrams, not for messages.
    if (this.#alarm !== undefined) writeSync(this.#alarm, ALARM);
  }

  #end(failure: Error): void {
    if (this.#alarm !== undefined) closeSync(this.#alarm);
    this.#alarm = undefined;
    this.#opened.reject(failure);
    for (const { fail } of this.#waiting.values()) fail(new ControlError(STOPPED, "this server has been stopped"));
    this.#waiting.clear();
    this.#ended.resolve();
    if (!this.#isClosing) this.#failed.resolve(failure);
    this.#isClosing = true;
  }
}
