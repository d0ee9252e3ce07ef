import type { Judgement } from "./observer.ts";
import type { Process } from "./process.ts";
import { type Role, type System, now } from "./system.ts";

const SECOND = 1_000;
/** docs/protocol.md section 9: ten seconds of silence until a querier flushes, and one for the rest. */
const BOUND_PER_HOP = 11 * SECOND;
/** Over how many hops the word of a change goes that begin or end at the process of a role. */
const HOPS: Readonly<Record<Role, number>> = { QSA: 1, QSR: 2, QSC: 2, ITR: 1 };
/** What must go on well once all is right. */
const QUIET = 2 * SECOND;
const SETTLE = 60 * SECOND;

export const KINDS = ["SIGKILL", "SIGSTOP", "restart"] as const;
export type Kind = (typeof KINDS)[number];

const KIND_TEXTS: Readonly<Record<Kind, string>> = { SIGKILL: "SIGKILL, started after 3 s", SIGSTOP: "SIGSTOP for 30 s", restart: "clean restart" };

export interface OutageResult {
  readonly what: string;
  readonly role: Role;
  readonly itr: string;
  /** Seconds. */
  readonly wrong: number;
  readonly unanswered: number;
  /** From the last moment when something was out of order, or changed, until it was right for good. */
  readonly rightAfter: number;
  readonly bound: number;
  readonly holds: boolean;
}

/** One outage: it begins, mapping changes meanwhile, it ends, mapping changes once more. A result for each ITR. */
export async function runOutage(system: System, kind: Kind, role: Role): Promise<OutageResult[]> {
  await settle(system);
  const victims = await system.victims(role);
  const started = now();
  await begin(system, kind, victims);
  await sleep(SECOND / 2);
  await system.change();
  await last(system, kind, victims, started);
  const ended = now();
  await sleep(SECOND);
  await system.change();
  const changed = now();
  await untilRight(system, BOUND_PER_HOP * HOPS[role] + 5 * SECOND);
  await sleep(QUIET);
  return system.itrs.map(({ observer }) => judge(kind, role, observer.name, observer.judge(system.truth, started, now()), Math.max(ended, changed)));
}

async function begin(system: System, kind: Kind, victims: readonly Process[]): Promise<void> {
  await system.note(victims, false, false);
  if (kind === "SIGSTOP") for (const victim of victims) victim.signal("SIGSTOP");
  else await Promise.all(victims.map((victim) => victim.end(kind === "SIGKILL" ? "SIGKILL" : "SIGTERM")));
}

/** Waits as long as the outage takes, and ends it. */
async function last(system: System, kind: Kind, victims: readonly Process[], started: number): Promise<void> {
  if (kind === "SIGSTOP") {
    await sleep(started + 15 * SECOND - now());
    await system.change();
    await sleep(started + 30 * SECOND - now());
    for (const victim of victims) victim.signal("SIGCONT");
  } else {
    if (kind === "SIGKILL") await sleep(started + 3 * SECOND - now());
    await Promise.all(victims.map((victim) => victim.start()));
  }
  await system.note(victims, true, kind !== "SIGSTOP");
}

function judge(kind: Kind, role: Role, itr: string, { wrong, unanswered, rightSince }: Judgement, orderSince: number): OutageResult {
  const bound = BOUND_PER_HOP * HOPS[role];
  const rightAfter = Math.max(0, rightSince - orderSince);
  return {
    what: KIND_TEXTS[kind],
    role,
    itr,
    wrong: wrong / SECOND,
    unanswered: unanswered / SECOND,
    rightAfter: rightAfter / SECOND,
    bound: bound / SECOND,
    holds: wrong <= bound && rightAfter <= bound,
  };
}

/** Waits until everything works, so that one outage says nothing of the one before. */
async function settle(system: System): Promise<void> {
  for (const deadline = now() + SETTLE; now() < deadline; await sleep(SECOND / 4)) {
    if (await system.isWhole()) return;
  }
  throw new Error(`not everything works again ${SETTLE / SECOND} s after the outage before`);
}

async function untilRight(system: System, within: number): Promise<void> {
  for (const deadline = now() + within; now() < deadline && !system.isRight; ) await sleep(20);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, Math.max(0, milliseconds));
  });
}
