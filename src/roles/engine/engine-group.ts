import type { Worker } from "node:worker_threads";
import { startEngine } from "../threads.ts";
import { EngineThread, type Engines, type Remote } from "./engine-thread.ts";
import { manyQscs, manyQsrs } from "./many-hosts.ts";
import { newMembers, partOf } from "./member.ts";
import type { HostSettings, Hosts } from "./messages.ts";

type Role = "qsr" | "qsc";

/** How several hosts of a role are one. */
const MANY: { readonly [R in Role]: (hosts: readonly Remote<Hosts[R]>[]) => Remote<Hosts[R]> } = { qsr: manyQsrs, qsc: manyQscs };

/** Several engines, each with its sockets in a thread of its own, which listen on the same ports: one server, to those outside and to the control thread. */
export class EngineGroup<R extends Role> implements Engines<R> {
  readonly failed: Promise<Error>;
  readonly host: Remote<Hosts[R]>;
  readonly #threads: readonly EngineThread<R>[];

  /** `first`: a thread that was started for this role, as many more as `count` says are started here. */
  constructor(role: R, first: Worker, count: number) {
    const workers = [first, ...Array.from({ length: count - 1 }, () => startEngine(role))];
    this.#threads = workers.map((worker) => new EngineThread(role, worker));
    this.failed = Promise.race(this.#threads.map(({ failed }) => failed));
    this.host = MANY[role](this.#threads.map(({ host }) => host));
  }

  /** `settings`: of one that is alone. Throws ThreadRefusal where one cannot work as configured, with all of them ended. */
  async open(settings: HostSettings[R]): Promise<{ readonly means: string }> {
    try {
      return await this.#open(settings);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** None takes a datagram before all have their sockets: until then the kernel would give a querier to one thread, and to another from then on. */
  async #open(settings: HostSettings[R]): Promise<{ readonly means: string }> {
    const [first, ...others] = settingsOfMembers(settings, this.#threads.length) as [HostSettings[R], ...HostSettings[R][]];
    // It finds out whether the ports are free.
    const { means } = await this.#threads[0]!.open(first, true);
    await Promise.all(others.map((own, index) => this.#threads[index + 1]!.open(own, true)));
    for (const thread of this.#threads) thread.begin();
    return { means: `${means}, in ${this.#threads.length} engine threads` };
  }
}

function settingsOfMembers<S extends HostSettings[Role]>(settings: S, count: number): S[] {
  const config = partOf(settings.config, count);
  return newMembers(count).map((member) => Object.assign({}, settings, { config, member }));
}
