import type { Agenda, Task } from "../agenda.ts";

/** Each row of a table is looked at about this often; microseconds. */
const ROUND = 4_000_000;
/** More rows are not looked at in one go. Where many of them have to be taken out, that takes milliseconds: then a step is broken off. */
const MOST = 1024;

/** Plans walks around a table that come by every row each 4 s: all at once where they are few, otherwise some of them, and sooner. */
export class Rounds {
  readonly #agenda: Agenda;
  readonly #task: Task;
  /** How many rows the present step looks at, all its pieces together. */
  rows = 0;
  /** Of a step that was broken off. */
  #left = 0;
  /** When the next step is due. */
  #next = 0;

  /** The first step is due at once, and what it does is the task's action. */
  constructor(agenda: Agenda, task: Task) {
    this.#agenda = agenda;
    this.#task = task;
    agenda.set(task, 0);
  }

  /** Begins a step that is due, of a table of so many rows, or goes on with one that was broken off; gives how many rows are to be looked at. */
  begin(now: number, rows: number): number {
    const left = this.#left > 0 ? this.#left : this.#plan(now, rows);
    this.#left = 0;
    this.#agenda.set(this.#task, this.#next);
    return left;
  }

  /** Breaks a step off: it goes on with so many rows at once, but for datagrams that have come. */
  breakOff(now: number, left: number): void {
    this.#left = left;
    this.#agenda.set(this.#task, now);
  }

  #plan(now: number, rows: number): number {
    const steps = Math.max(1, Math.ceil(rows / MOST));
    this.#next = now + ROUND / steps;
    this.rows = Math.ceil(rows / steps);
    return this.rows;
  }
}
