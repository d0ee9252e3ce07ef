import { type IpAddress, formatIp } from "../../address/index.ts";
import type { LoadShift } from "../../wire/index.ts";
import type { NextU32 } from "../next-u32.ts";
import type { Candidate, Ranking } from "./ranking.ts";
import type { ReceivedShift } from "./upstream.ts";
import { UpstreamState } from "./upstream-state.ts";

const LONGEST_HOLD = 3_600_000_000;

/** What a load-shift extension means from now on; undefined for one that ends an earlier wish. */
export function receiveShift(now: number, { share, holdMs, alternatives }: LoadShift): ReceivedShift | undefined {
  if (share >= 100 || holdMs === 0) return undefined;
  return { share, until: now + Math.min(LONGEST_HOLD, holdMs * 1000), alternatives: new Set(alternatives.map(textOf)) };
}

/**
 * The candidate to ask in place of `best`, which wants to keep only a share of its load: `best` itself for that share of
 * the draws, else one of the alternatives that DNS lists for this service and that answer, by weight; where it names none,
 * the next best. Without any other that answers, `best` (docs/protocol.md section 7.10).
 */
export function shiftLoad(now: number, best: Candidate, ranking: Ranking, nextU32: NextU32): Candidate {
  const { shift } = best.upstream;
  if (shift === undefined || now >= shift.until) return best;
  if (nextU32() % 100 < shift.share) return best;
  const others = usable(now, best, ranking);
  const named = others.filter((candidate) => isNamed(candidate, shift));
  if (named.length > 0) return draw(named, nextU32);
  return others[0] ?? best;
}

/** How many of a shift's alternatives no server of a service is. */
export function unlistedAlternatives({ alternatives }: ReceivedShift, rankings: readonly Ranking[]): number {
  const listed = new Set<string>();
  for (const ranking of rankings) {
    for (let place = 0; place < ranking.size; place++) {
      const { upstream, name } = ranking.at(place);
      listed.add(formatIp(upstream.address)).add(name);
    }
  }
  return [...alternatives].filter((alternative) => !listed.has(alternative)).length;
}

/** The others of a service that answer and have no wish to lose load themselves, best first. */
function usable(now: number, best: Candidate, ranking: Ranking): Candidate[] {
  const found: Candidate[] = [];
  for (let place = 0; place < ranking.size; place++) {
    const candidate = ranking.at(place);
    const { state, shift } = candidate.upstream;
    const isWilling = shift === undefined || now >= shift.until || shift.share >= 100;
    if (candidate !== best && state === UpstreamState.up && isWilling) found.push(candidate);
  }
  return found;
}

function isNamed({ upstream, name }: Candidate, { alternatives }: ReceivedShift): boolean {
  return alternatives.has(formatIp(upstream.address)) || alternatives.has(name);
}

function draw(candidates: readonly Candidate[], nextU32: NextU32): Candidate {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return candidates[nextU32() % candidates.length]!;
  let point = nextU32() % total;
  for (const candidate of candidates) {
    point -= candidate.weight;
    if (point < 0) return candidate;
  }
  return candidates[0]!;
}

function textOf(alternative: IpAddress | string): string {
  return typeof alternative === "string" ? `${alternative.toLowerCase().replace(/\.$/, "")}.` : formatIp(alternative);
}
