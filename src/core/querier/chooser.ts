import type { NextU32 } from "../next-u32.ts";
import type { Fetch } from "./fetch-table.ts";
import { shiftLoad } from "./load-shift.ts";
import { type Candidate, type Ranking, compareCandidates } from "./ranking.ts";
import { UpstreamState } from "./upstream-state.ts";

/** How the queriers of one network spread over servers that are about as near. */
export interface Spread {
  /** Which of them this one is, from 0, and how many they are. */
  readonly place: number;
  readonly of: number;
  /** What counts as about as near; microseconds. */
  readonly within: number;
}

/** Chooses the server to ask: among those asked least for this, the best of all services; as load shifts and spreading say. */
export class Chooser {
  readonly #nextU32: NextU32;
  readonly #spread: Spread | undefined;

  constructor(nextU32: NextU32, spread: Spread | undefined) {
    this.#nextU32 = nextU32;
    this.#spread = spread;
  }

  /** The best candidate; undefined when there is none that has not refused. */
  choose(now: number, rankings: readonly Ranking[], fetch?: Fetch): Candidate | undefined {
    let best: Candidate | undefined;
    let bestRanking: Ranking | undefined;
    let bestTimes = Infinity;
    for (let index = 0; index < rankings.length; index++) {
      const ranking = rankings[index]!;
      const candidate = leastTried(ranking, fetch);
      if (candidate === undefined) continue;
      const times = timesTried(candidate, fetch);
      if (times < bestTimes || (times === bestTimes && best !== undefined && compareCandidates(candidate, best) < 0)) {
        best = candidate;
        bestRanking = ranking;
        bestTimes = times;
      }
    }
    if (best === undefined || bestRanking === undefined || (fetch !== undefined && fetch.attempts > 0)) return best;
    return shiftLoad(now, this.#spreadOver(bestRanking, best), bestRanking, this.#nextU32);
  }

  /** Of the servers about as near as the best, the one whose turn it is by this querier's place. */
  #spreadOver(ranking: Ranking, best: Candidate): Candidate {
    if (this.#spread === undefined || best.upstream.state !== UpstreamState.up) return best;
    const { place, of, within } = this.#spread;
    if (!isAnyAsNear(ranking, best, within)) return best;
    const near: Candidate[] = [];
    for (let rank = 0; rank < ranking.size; rank++) if (isAsNear(ranking.at(rank), best, within)) near.push(ranking.at(rank));
    // By name, not by RTT, so that all queriers of the network count the same servers in the same order.
    near.sort(compareNames);
    return near[Math.floor((place * near.length) / of) % near.length]!;
  }
}

/** The best of those of a service that were asked least; undefined where all have refused. */
function leastTried(ranking: Ranking, fetch: Fetch | undefined): Candidate | undefined {
  ranking.sort();
  let least: Candidate | undefined;
  let leastTimes = Infinity;
  for (let place = 0; place < ranking.size && leastTimes > 0; place++) {
    const times = timesTried(ranking.at(place), fetch);
    if (times >= leastTimes) continue;
    least = ranking.at(place);
    leastTimes = times;
  }
  return least;
}

function timesTried({ upstream }: Candidate, fetch: Fetch | undefined): number {
  return fetch === undefined || fetch.attempts === 0 ? 0 : fetch.timesTried(upstream.index);
}

/** Whether there is one beside the best itself, which mostly there is not. */
function isAnyAsNear(ranking: Ranking, best: Candidate, within: number): boolean {
  for (let rank = 0; rank < ranking.size; rank++) if (ranking.at(rank) !== best && isAsNear(ranking.at(rank), best, within)) return true;
  return false;
}

function isAsNear({ tier, upstream }: Candidate, best: Candidate, within: number): boolean {
  const { state, rtt } = upstream;
  return state === UpstreamState.up && tier === best.tier && rtt.smoothed <= best.upstream.rtt.smoothed + within;
}

function compareNames(a: Candidate, b: Candidate): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.upstream.address.words[0] - b.upstream.address.words[0] || a.upstream.address.words[3] - b.upstream.address.words[3];
}
