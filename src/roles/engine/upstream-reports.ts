import { formatEndpoint, formatIp } from "../../address/index.ts";
import type { Ranking } from "../../core/querier/ranking.ts";
import type { Upstream } from "../../core/querier/upstream.ts";
import type { UpstreamTable } from "../../core/querier/upstream-table.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import { now } from "../../io/clock.ts";
import { qsaText } from "../qsa-name.ts";
import type { QsaReport } from "../reports.ts";

export const STATE_NAMES: readonly QsaReport["state"][] = ["unmeasured", "up", "suspect", "down"];

/** The servers of a service, best first. */
export function serviceReport(ranking: Ranking): QsaReport[] {
  ranking.sort();
  return Array.from({ length: ranking.size }, (_, place) => {
    const { upstream, tier, name, region } = ranking.at(place);
    const { shift } = upstream;
    return {
      service: ranking.name,
      name,
      address: formatIp(upstream.address),
      port: upstream.port,
      tier,
      region,
      state: STATE_NAMES[upstream.state]!,
      rttMs: upstream.measured ? Math.round(upstream.rtt.smoothed / 10) / 100 : null,
      rank: upstream.state === UpstreamState.down ? null : place + 1,
      probes: upstream.probes,
      lost: upstream.lost,
      share: shift === undefined || now() >= shift.until ? null : shift.share,
    };
  });
}

/** A server that is known, as a text. */
export function upstreamText(upstreams: UpstreamTable, upstream: Upstream): string {
  const endpoint = formatEndpoint(upstream.address, upstream.port);
  const [ranking] = upstreams.rankingsOf(upstream);
  return ranking === undefined ? endpoint : qsaText(ranking.at(ranking.placeOf(upstream)).name, endpoint);
}
