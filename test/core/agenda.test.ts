import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda, Task } from "../../src/core/agenda.ts";

const TASKS = Object.values(Task);
const POSTPONED: readonly number[] = [Task.probeHolding, Task.update];

/** What is done of an agenda at a time. */
function doneAt(agenda: Agenda, now: number): Task[] {
  const done: Task[] = [];
  for (const task of TASKS) agenda.assign(task, () => void done.push(task));
  agenda.handleTimeout(now);
  return done;
}

test("the earliest time counts that nothing holds back; what is due is done in order, held back or not", () => {
  const time = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(-Infinity, Infinity));
  const row = fc.record({ at: time, until: fc.option(time, { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(row, { minLength: TASKS.length, maxLength: TASKS.length }), fc.nat({ max: 20 }), (rows, now) => {
      const agenda = new Agenda();
      for (const [task, { at, until }] of rows.entries()) {
        agenda.set(task as Task, at);
        if (until !== undefined) agenda.holdBack(task as Task, () => until);
      }
      expect(agenda.next).toBe(Math.min(...rows.map(({ at, until = -Infinity }) => Math.max(at, until))));
      expect(doneAt(agenda, now)).toEqual(TASKS.filter((task) => rows[task]!.at <= now));
    }),
  );
});

test("tasks that are postponed wake nobody before then, the others when they are due; what is due is done", () => {
  const time = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(-Infinity, Infinity));
  const step = fc.record({ task: fc.constantFrom(...TASKS), at: time, until: fc.option(time) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 20 }), (steps, now) => {
      const agenda = new Agenda();
      const times = TASKS.map(() => Infinity);
      let until = -Infinity;
      for (const { task, at, until: other } of steps) {
        agenda.set(task, at);
        times[task] = at;
        until = other ?? until;
        agenda.postpone(POSTPONED.reduce((bits, of) => bits | (1 << of), 0), until);
        expect(agenda.next).toBe(Math.min(...times.map((each, of) => (POSTPONED.includes(of) ? Math.max(each, until) : each))));
      }
      expect(doneAt(agenda, now)).toEqual(TASKS.filter((task) => times[task]! <= now));
    }),
  );
});

test("every task has a place of its own, and an agenda is empty at first", () => {
  expect(TASKS).toEqual([...TASKS.keys()]);
  const agenda = new Agenda();
  expect([agenda.next, TASKS.map((task) => agenda.at(task)), doneAt(agenda, 1e15)]).toEqual([Infinity, TASKS.map(() => Infinity), []]);
});

test("what a task makes due is done in the same turn if it comes after it, and wanted at once if not", () => {
  const agenda = new Agenda();
  const done: Task[] = [];
  agenda.assign(Task.fetch, () => {
    done.push(Task.fetch);
    agenda.set(Task.fetch, Infinity);
    agenda.set(Task.verdict, 7);
    agenda.set(Task.update, 7);
  });
  for (const task of [Task.verdict, Task.update]) {
    agenda.assign(task, () => {
      done.push(task);
      agenda.set(task, Infinity);
    });
  }
  agenda.set(Task.fetch, 7);
  agenda.handleTimeout(7);
  expect([done, agenda.next]).toEqual([[Task.fetch, Task.update], 7]);
  agenda.handleTimeout(7);
  expect([done, agenda.next]).toEqual([[Task.fetch, Task.update, Task.verdict], Infinity]);
});

test("timers say by themselves when the earliest of them is due", () => {
  const agenda = new Agenda();
  const timers = agenda.timers(Task.lateRequest, 4);
  agenda.set(Task.meeting, 50);
  const seen = [agenda.next];
  for (const step of [() => timers.set(2, 40), () => timers.set(1, 30), () => timers.set(1, 60), () => timers.pop(40), () => timers.clear(1)]) {
    step();
    seen.push(agenda.next);
  }
  expect(seen).toEqual([50, 40, 30, 40, 50, 50]);
  expect([timers.next, agenda.at(Task.lateRequest)]).toEqual([Infinity, Infinity]);
});
