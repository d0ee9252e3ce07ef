import { compareSerials } from "../dns/records/index.ts";
import type { Primary } from "./primary-connection.ts";
import { askSerial } from "./soa-probe.ts";

export interface Survey {
  /**
   * All of them: with a newer serial than ours first, the newest before the others, then the same, then those that cannot be asked or
   * do not say, then older ones. Where we have none: those that have the newest, or cannot be asked, then who does not say, then older ones.
   */
  readonly inOrder: readonly Primary[];
  /** Of those that do not say their serial, and those that are behind. */
  readonly faults: ReadonlyMap<Primary, string>;
}

const ANSWER_MS = 1_000;
const RANKS = { newer: 0, same: 1, silent: 2, older: 3 } as const;

interface Answer {
  readonly primary: Primary;
  /** Undefined where it does not say, or cannot be asked. */
  readonly serial: number | undefined;
}

interface Standing extends Answer {
  readonly rank: keyof typeof RANKS;
  readonly fault?: string;
}

/**
 * Asks all primaries at the same time for their serials, by one datagram each, so that one that lags or does not answer
 * hides no news of another. One with TLS is not asked: nothing goes beside TLS. Throws the reason of `signal`.
 */
export async function surveyPrimaries(apex: string, primaries: readonly Primary[], ours: number | undefined, signal: AbortSignal): Promise<Survey> {
  const answers = await Promise.all(primaries.map((primary) => ask(apex, primary, signal)));
  const standings = answers.map((answer) => (ours === undefined ? firstStanding(apex, answer, newestOf(answers)) : standing(apex, answer, ours)));
  return {
    inOrder: standings.toSorted(order).map(({ primary }) => primary),
    faults: new Map(standings.flatMap(({ primary, fault }) => (fault === undefined ? [] : [[primary, fault] as const]))),
  };
}

async function ask(apex: string, primary: Primary, signal: AbortSignal): Promise<Answer> {
  return { primary, serial: primary.tls === undefined ? await askSerial(primary, apex, ANSWER_MS, signal) : undefined };
}

function newestOf(answers: readonly Answer[]): number | undefined {
  const serials = answers.flatMap(({ serial }) => serial ?? []);
  return serials.length === 0 ? undefined : serials.reduce((newest, serial) => (isNewer(serial, newest) ? serial : newest));
}

/** Where we have nothing yet. */
function firstStanding(apex: string, answer: Answer, newest: number | undefined): Standing {
  const { primary, serial } = answer;
  if (serial === undefined) return primary.tls === undefined ? silent(apex, answer) : { ...answer, rank: "same" };
  if (serial === newest) return { ...answer, rank: "same" };
  return { ...answer, rank: "older", fault: `its serial ${serial} of ${apex} is behind ${newest}, which another primary has: check that it is kept up to date` };
}

function standing(apex: string, answer: Answer, ours: number): Standing {
  const { primary, serial } = answer;
  if (serial === undefined) return primary.tls === undefined ? silent(apex, answer) : { ...answer, rank: "silent" };
  if (serial === ours) return { ...answer, rank: "same" };
  if (isNewer(serial, ours)) return { ...answer, rank: "newer" };
  return { ...answer, rank: "older", fault: `its serial ${serial} of ${apex} is behind ${ours}, which we have: check that it is kept up to date` };
}

function silent(apex: string, answer: Answer): Standing {
  return { ...answer, rank: "silent", fault: `it has not answered for the SOA of ${apex} as it should within ${ANSWER_MS} ms: check that it runs, serves the zone, and has our key and time where there is one` };
}

function order(a: Standing, b: Standing): number {
  const byRank = RANKS[a.rank] - RANKS[b.rank];
  if (byRank !== 0 || a.rank !== "newer") return byRank;
  return compareSerials(b.serial!, a.serial!) ?? 0;
}

/** RFC 1982: at a distance of 2^31 neither is newer. */
function isNewer(serial: number, than: number): boolean {
  return (compareSerials(serial, than) ?? -1) > 0;
}
