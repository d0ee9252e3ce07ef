import { compareSerials } from "../dns/records/index.ts";
import type { Primary } from "./primary-connection.ts";
import { askSerial } from "./soa-probe.ts";

export interface Survey {
  /** All of them: with a newer serial than ours first, then the same, then those that cannot be asked or do not say, then older ones. */
  readonly inOrder: readonly Primary[];
  /** Of those that do not say their serial, and those that are behind. */
  readonly faults: ReadonlyMap<Primary, string>;
}

const ANSWER_MS = 1_000;
const RANKS = { newer: 0, same: 1, silent: 2, older: 3 } as const;

interface Standing {
  readonly primary: Primary;
  readonly rank: keyof typeof RANKS;
  readonly fault?: string;
}

/**
 * Asks all primaries at the same time for their serials, by one datagram each, so that one that lags or does not answer
 * hides no news of another. One with TLS is not asked: nothing goes beside TLS. Throws the reason of `signal`.
 */
export async function surveyPrimaries(apex: string, primaries: readonly Primary[], ours: number, signal: AbortSignal): Promise<Survey> {
  const standings = await Promise.all(primaries.map((primary) => stand(apex, primary, ours, signal)));
  return {
    inOrder: standings.toSorted((a, b) => RANKS[a.rank] - RANKS[b.rank]).map(({ primary }) => primary),
    faults: new Map(standings.flatMap(({ primary, fault }) => (fault === undefined ? [] : [[primary, fault] as const]))),
  };
}

async function stand(apex: string, primary: Primary, ours: number, signal: AbortSignal): Promise<Standing> {
  if (primary.tls !== undefined) return { primary, rank: "silent" };
  const serial = await askSerial(primary, apex, ANSWER_MS, signal);
  if (serial === undefined) return { primary, rank: "silent", fault: `it has not answered for the SOA of ${apex} within ${ANSWER_MS} ms: check that it runs, and serves the zone` };
  if (serial === ours) return { primary, rank: "same" };
  // RFC 1982: at a distance of 2^31 neither is newer.
  if ((compareSerials(serial, ours) ?? -1) > 0) return { primary, rank: "newer" };
  return { primary, rank: "older", fault: `its serial ${serial} of ${apex} is behind ${ours}, which we have: check that it is kept up to date` };
}
