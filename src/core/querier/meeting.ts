import { type Agenda, Task } from "../agenda.ts";
import type { Prober } from "./prober.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** Servers looked at in one go: a third of a millisecond's work, or a whole one's when it is done for the first time. Steps have this between them for everything else; microseconds. */
const STEP_SERVERS = 64;
const STEP_PAUSE = 300;

/**
 * Has the services of a new catalogue met: step by step where they are many, while those that are needed before are met then. Servers
 * are measured from when they are met.
 */
export class Meeting {
  readonly #upstreams: UpstreamTable;
  readonly #prober: Prober;
  readonly #agenda: Agenda;
  #whenOver: (now: number) => void = () => undefined;

  constructor(upstreams: UpstreamTable, prober: Prober, agenda: Agenda) {
    this.#upstreams = upstreams;
    this.#prober = prober;
    this.#agenda = agenda;
    agenda.assign(Task.meeting, (now) => {
      this.#step(now);
      this.welcome(now);
    });
  }

  /** Begins with what the upstream table has adopted, in place of what it had before; `whenOver` may be called at once. */
  begin(now: number, whenOver: (now: number) => void): void {
    this.#whenOver = whenOver;
    // Where one step is not enough, queries need not wait for the first one either.
    if (this.#upstreams.unmet > STEP_SERVERS) this.#agenda.set(Task.meeting, now);
    else this.#step(now);
  }

  /** Plans to measure those who have been met. */
  welcome(now: number): void {
    this.#prober.welcome(now, this.#upstreams.takeNewcomers());
  }

  #step(now: number): void {
    this.#upstreams.meet(STEP_SERVERS);
    const isOver = this.#upstreams.hasMetAll;
    this.#agenda.set(Task.meeting, isOver ? Infinity : now + STEP_PAUSE);
    if (isOver) this.#whenOver(now);
  }
}
