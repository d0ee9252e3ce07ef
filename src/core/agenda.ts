import { Earliest } from "./tables/earliest.ts";
import { TimerHeap } from "./tables/timer-heap.ts";

/** What the parts of an engine do when its time comes, in the order in which they do it where several are due. */
export const Task = {
  /** A QSA's feed has been silent for too long. */
  feedLoss: 0,
  /** An upstream has been silent for too long, or an update of it is missing. */
  verdict: 1,
  lateRequest: 2,
  /** A probe of a server from which mapping is held, and of any other. */
  probeHolding: 3,
  probeOther: 4,
  /** Those who wait for a fetch are told so, or it is given up. */
  fetch: 5,
  /** A fetch for nobody in particular. */
  wanted: 6,
  meeting: 7,
  /** A step of taking out void entries. */
  emptying: 8,
  cacheRound: 9,
  update: 10,
  promiseRound: 11,
  repeatedReply: 12,
  secretRotation: 13,
  revalidation: 14,
} as const;

export type Task = (typeof Task)[keyof typeof Task];

const TASKS = 15;

/**
 * When an engine has what to do. Each part writes here when that changes; so what is asked for after every datagram lies in two lines of
 * the processor's cache, and not all over the engine. Times are microseconds.
 */
export class Agenda {
  /** By task. */
  readonly #times = new Earliest();
  readonly #actions: (((now: number) => void) | undefined)[] = Array.from({ length: TASKS });
  readonly #holds: ((() => number) | undefined)[] = Array.from({ length: TASKS });
  /** Tasks that are postponed, a bit for each, and until when. */
  #postponed = 0;
  #postponedUntil = -Infinity;

  /** Says what is done when the time of a task has come. */
  assign(task: Task, action: (now: number) => void): void {
    this.#actions[task] = action;
  }

  /**
   * Lets a task wake nobody before a time that is asked for when it matters; -Infinity for no such limit, Infinity while there is nothing
   * to do. An engine that is awake does it nevertheless, if its own time has come.
   */
  holdBack(task: Task, until: () => number): void {
    this.#holds[task] = until;
  }

  /** Lets some tasks, a bit for each and always the same ones, wake nobody before a time; in the same way, for who knows beforehand when that changes. */
  postpone(tasks: number, until: number): void {
    this.#postponed = tasks;
    this.#postponedUntil = until;
  }

  /** Timers the earliest of which is the time of a task. */
  timers(task: Task, capacity: number): TimerHeap {
    return new TimerHeap(capacity, this.#times, task);
  }

  set(task: Task, at: number): void {
    this.#times.set(task, at);
  }

  at(task: Task): number {
    return this.#times.at(task);
  }

  /** When the engine is to be woken; Infinity for never. */
  get next(): number {
    const { first } = this.#times;
    const earliest = this.#times.at(first);
    return earliest < Infinity && this.#heldUntil(first) > earliest ? this.#nextWithHolds() : earliest;
  }

  handleTimeout(now: number): void {
    for (let task = 0; task < TASKS; task++) if (this.#times.at(task) <= now) this.#actions[task]!(now);
  }

  #nextWithHolds(): number {
    let next = Infinity;
    for (let task = 0; task < TASKS; task++) if (this.#times.at(task) < next) next = Math.min(next, Math.max(this.#times.at(task), this.#heldUntil(task)));
    return next;
  }

  /** Until when a task wakes nobody. */
  #heldUntil(task: number): number {
    if (((this.#postponed >>> task) & 1) !== 0) return this.#postponedUntil;
    const until = this.#holds[task];
    return until === undefined ? -Infinity : until();
  }
}
