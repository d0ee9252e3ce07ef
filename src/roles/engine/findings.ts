import type { QuerierHalf } from "../../core/querier/querier-half.ts";
import type { Upstream } from "../../core/querier/upstream.ts";
import type { Finding } from "../../core/querier/upstream-health.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import type { UpstreamTable } from "../../core/querier/upstream-table.ts";
import type { QsaEndpoint } from "./qsa-watch.ts";

export type Found = readonly [qsa: QsaEndpoint, finding: Finding];

/** So many are told at one time: less than a millisecond's work, and more than are probed until the next time. */
const MOST = 512;

/** What the engine that measures servers has found since it told last, for the others of its process. */
export class Findings {
  readonly #upstreams: UpstreamTable;
  readonly #told = new WeakMap<Upstream, number>();
  #index = 0;

  constructor(upstreams: UpstreamTable) {
    this.#upstreams = upstreams;
  }

  /** Goes on where it stopped, so that each server has its turn however many are busy. */
  take(): Found[] {
    const found: Found[] = [];
    const { capacity } = this.#upstreams;
    for (let step = 0; step < capacity && found.length < MOST; step++) {
      this.#index = (this.#index + 1) % capacity;
      const upstream = this.#upstreams.at(this.#index);
      if (upstream !== undefined && this.#isNew(upstream)) found.push([{ address: upstream.address, port: upstream.port }, findingOf(upstream)]);
    }
    return found;
  }

  #isNew(upstream: Upstream): boolean {
    const { state, rtt } = upstream;
    const isDown = state === UpstreamState.down;
    if (rtt.samples === 0 && !isDown) return false;
    const now = 2 * rtt.samples + (isDown ? 1 : 0);
    if (this.#told.get(upstream) === now) return false;
    this.#told.set(upstream, now);
    return true;
  }
}

function findingOf({ state, rtt: { smoothed, variation }, aliveAt, lossCountedAt }: Upstream): Finding {
  const isUp = state !== UpstreamState.down;
  return { isUp, smoothed, variation, at: isUp ? aliveAt : lossCountedAt };
}

/** Takes what the engine that measures has found. What is said of servers that are not met yet waits until they are. */
export class Heeding {
  readonly #querier: QuerierHalf;
  #early: Found[] = [];

  constructor(querier: QuerierHalf) {
    this.#querier = querier;
  }

  take(now: number, found: readonly Found[]): void {
    const { upstreams, health } = this.#querier;
    const all = [...this.#early, ...found];
    this.#early = [];
    for (const one of all) {
      const [{ address, port }, finding] = one;
      const upstream = upstreams.find(address, port);
      if (upstream !== undefined) health.takeFinding(now, upstream, finding);
      else if (!upstreams.hasMetAll) this.#early.push(one);
    }
  }
}
