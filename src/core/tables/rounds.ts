import type { Agenda, Task } from "../agenda.ts";

/** Each row of a table is looked at about this often; microseconds. */
const ROUND = 4_000_000;
/** More rows are not looked at in one go: should each have to be taken out, that takes some milliseconds. */
const MOST = 1024;

/** Plans walks around a table that come by every row each 4 s: all at once where they are few, otherwise some of them, and sooner. */
export class Rounds {
  readonly #agenda: Agenda;
  readonly #task: Task;

  /** The first step is due at once, and what it does is the task's action. */
  constructor(agenda: Agenda, task: Task) {
    this.#agenda = agenda;
    this.#task = task;
    agenda.set(task, 0);
  }

  /** Begins a step that is due; gives how many of so many rows are looked at in it. */
  begin(now: number, rows: number): number {
    const steps = Math.max(1, Math.ceil(rows / MOST));
    this.#agenda.set(this.#task, now + ROUND / steps);
    return Math.ceil(rows / steps);
  }
}
