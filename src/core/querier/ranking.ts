import type { Upstream } from "./upstream.ts";
import { PREFERENCE, UpstreamState } from "./upstream-state.ts";

/** One QSA of a service: an upstream, in the tier its SVCB record gives it (lower first). */
export interface Candidate {
  readonly upstream: Upstream;
  readonly tier: number;
  /** Its part of load that is shared, against the others'. */
  readonly weight: number;
  /** TargetName, absolute. */
  readonly name: string;
  readonly region: string;
}

/**
 * The order in which the QSAs of a service are asked: those that answer before those that may, then tier, then RTT. Of those
 * that are down the one that was alive last comes first: it is the likeliest to be back.
 */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    PREFERENCE[a.upstream.state]! - PREFERENCE[b.upstream.state]! ||
    (a.upstream.state === UpstreamState.down ? compareLastSeen(a.upstream, b.upstream) : 0) ||
    a.tier - b.tier ||
    a.upstream.rtt.smoothed - b.upstream.rtt.smoothed ||
    a.upstream.index - b.upstream.index
  );
}

/** Neither may ever have been alive: infinities have no difference. */
function compareLastSeen(a: Upstream, b: Upstream): number {
  return a.aliveAt === b.aliveAt ? 0 : b.aliveAt - a.aliveAt;
}

/** The QSAs of one service, best first. */
export class Ranking {
  readonly name: string;
  /** Servers of the service that are not in it: those that cannot be asked, and those for which there was no room. */
  readonly unreachable: number;
  readonly omitted: number;
  readonly #candidates: Candidate[];

  /** The list is its own from now on: it puts it in order. */
  constructor(name: string, candidates: Candidate[], unreachable: number, omitted: number) {
    this.name = name;
    this.#candidates = candidates;
    this.unreachable = unreachable;
    this.omitted = omitted;
  }

  get size(): number {
    return this.#candidates.length;
  }

  /** The QSA at a place, 0 for the best, as of the last `sort`. */
  at(place: number): Candidate {
    return this.#candidates[place]!;
  }

  upstreams(): Upstream[] {
    return this.#candidates.map(({ upstream }) => upstream);
  }

  /** Place of an upstream, or -1. */
  placeOf(upstream: Upstream): number {
    for (let place = 0; place < this.#candidates.length; place++) if (this.#candidates[place]!.upstream === upstream) return place;
    return -1;
  }

  /** Brings the order up to date. It is nearly sorted at nearly every call: insertion sort costs one pass then. */
  sort(): void {
    const list = this.#candidates;
    for (let end = 1; end < list.length; end++) {
      const moving = list[end]!;
      let place = end;
      while (place > 0 && compareCandidates(list[place - 1]!, moving) > 0) {
        list[place] = list[place - 1]!;
        place--;
      }
      list[place] = moving;
    }
  }
}
