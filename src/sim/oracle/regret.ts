import type { Qsr } from "../../core/qsr.ts";
import type { Family } from "../../address/index.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import { NO_PREFIX } from "../../core/tables/segment-table.ts";
import { SPREAD_WITHIN } from "../engines.ts";
import type { Metrics } from "../metrics.ts";
import type { Station } from "../station.ts";
import type { World } from "../world.ts";

const FAMILY = 40;
const KEY = 64;
/** Spreading, and what an average over jitter may be off; microseconds. */
const TOLERANCE = 5_000;

/** How much farther than need be the QSAs are that QSRs ask; and who would have been nearest. */
export class RegretMeter {
  readonly #world: World;
  readonly #metrics: Metrics;
  /** By station and station: round trips, which never change. Those to all QSAs, which are the first stations, lie side by side. */
  readonly #rtts: Float64Array;

  constructor(world: World, metrics: Metrics) {
    this.#world = world;
    this.#metrics = metrics;
    const { stations } = world;
    const { paths } = world.network;
    this.#rtts = Float64Array.from(stations.flatMap((a) => stations.map((b) => paths.delay(paths.of(a.index, b.index)) + paths.delay(paths.of(b.index, a.index)))));
  }

  /** A QSR sends a Map Request. */
  asked(from: Station, to: Station, view: DataView): void {
    const family = view.getUint8(FAMILY);
    if (family === 0) {
      this.#metrics.counts.probes++;
      return;
    }
    const mab = this.#world.truth.mabOf(family as Family, { hi: view.getUint32(KEY), lo: view.getUint32(KEY + 4) });
    if (mab === NO_PREFIX) return;
    const nearest = this.nearestRtt(from, mab);
    if (nearest === Infinity) return;
    const asked = this.rtt(from, to);
    this.#metrics.askedRtt += Math.max(asked, nearest);
    this.#metrics.nearestRtt += nearest;
    this.#metrics.regret.add(Math.max(0, (1000 * (asked - nearest)) / nearest));
  }

  /** Round trip to the nearest QSA that answers for a MAB and can be reached now; Infinity when there is none. */
  nearestRtt(from: Station, mab: number): number {
    const nearest = this.#nearest(from, mab);
    return nearest === undefined ? Infinity : this.rtt(from, nearest);
  }

  rtt(a: Station, b: Station): number {
    return this.#rtts[a.index * this.#world.stations.length + b.index]!;
  }

  /** The station that a QSR would ask for a key of a MAB now. */
  chosen(from: Station<Qsr>, family: Family, hi: number, lo: number): Station | undefined {
    const address = from.engine?.querier.fetcher.choose(this.#world.now, family, hi, lo)?.address;
    return address === undefined ? undefined : this.#world.qsas.find((qsa) => qsa.address(0).words[0] === address.words[0]);
  }

  /**
   * Whether a QSR would ask the nearest QSA for each MAB. What bad weather made seem far takes a while to seem near again:
   * then the nearest must at least be known to live, measured since, and seem farther than the one that is asked.
   */
  checkChoices(qsr: Station<Qsr>, healedAt: number, complain: (detail: string) => never): void {
    for (const [mab, { family, hi, lo }] of this.#world.truth.mabs.entries()) {
      const nearest = this.#nearest(qsr, mab);
      if (nearest === undefined) continue;
      const chosen = this.chosen(qsr, family, hi, lo);
      if (chosen === undefined) complain(`for MAB ${mab} it knows nobody`);
      const { upstreams } = qsr.engine!.querier;
      const [best, asked] = [nearest, chosen].map((qsa) => [...upstreams.listed()].find(({ address }) => address.words[0] === qsa.address(0).words[0]));
      if (this.rtt(qsr, chosen) <= this.rtt(qsr, nearest) + TOLERANCE) continue;
      const isExcused = best !== undefined && best.state === UpstreamState.up && best.aliveAt >= healedAt && best.rtt.smoothed + SPREAD_WITHIN > asked!.rtt.smoothed;
      if (!isExcused) complain(`for MAB ${mab} it asks ${chosen.name} at ${this.rtt(qsr, chosen) / 1000} ms, and ${nearest.name} is at ${this.rtt(qsr, nearest) / 1000} ms`);
    }
  }

  #nearest(from: Station, mab: number): Station | undefined {
    let nearest: Station | undefined;
    let least = Infinity;
    for (const dsoc of this.#world.discovery.servedBy(mab)) {
      for (const qsa of this.#world.topology.dsocs[dsoc]!.qsas) {
        const rtt = this.rtt(from, qsa);
        if (rtt >= least || !this.#isUsable(from, qsa)) continue;
        nearest = qsa;
        least = rtt;
      }
    }
    return nearest;
  }

  #isUsable(from: Station, qsa: Station): boolean {
    const { paths } = this.#world.network;
    const isConnected = !paths.isCut(paths.of(from.index, qsa.index)) && !paths.isCut(paths.of(qsa.index, from.index));
    return qsa.isRunning && isConnected && !this.#world.feeds[qsa.index]!.isCut && this.#world.discovery.isListed(qsa);
  }
}
