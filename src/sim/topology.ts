import type { Itr } from "../core/itr.ts";
import type { Qsa } from "../core/qsa.ts";
import type { Qsc } from "../core/qsc.ts";
import type { Qsr } from "../core/qsr.ts";
import { type Geography, measured, randomPlane } from "./geography.ts";
import type { Paths } from "./paths.ts";
import type { WorldPlan } from "./plan.ts";
import type { Random } from "./random.ts";
import { Station, StationKind, type StationTable, endpointOf } from "./station.ts";

/** Inside an ISP, one way: microseconds. */
const NEAREST = 150;
const FARTHEST = 3_000;

export interface Isp {
  readonly name: string;
  readonly qsrs: readonly Station<Qsr>[];
  readonly qscs: readonly Station<Qsc>[];
  readonly itrs: readonly Station<Itr>[];
}

export interface Dsoc {
  readonly name: string;
  readonly qsas: readonly Station<Qsa>[];
}

/** Who is where. */
export interface Topology {
  readonly dsocs: readonly Dsoc[];
  readonly isps: readonly Isp[];
  readonly geography: Geography;
}

export function stationCount(plan: WorldPlan): number {
  return plan.dsocs * plan.sitesPerDsoc + plan.isps * (plan.qsrsPerIsp + plan.qscsPerIsp + plan.itrsPerIsp);
}

/** Every site and every ISP stands at a place of its own. */
export function layOut(plan: WorldPlan, random: Random, stations: StationTable): Topology {
  const count = plan.dsocs * plan.sitesPerDsoc + plan.isps;
  const geography = plan.rtts === undefined ? randomPlane(random, count) : measured(random, count, plan.rtts);
  let place = 0;
  const dsocs = times(plan.dsocs, (dsoc) => ({
    name: `dsoc${dsoc}`,
    qsas: times(plan.sitesPerDsoc, (site) => add<Qsa>(stations, StationKind.qsa, `qsa${site}.dsoc${dsoc}`, place++, dsoc, [endpointOf(false, dsoc, site + 1)])),
  }));
  const isps = times(plan.isps, (isp) => {
    const here = place++;
    return {
      name: `isp${isp}`,
      qsrs: times(plan.qsrsPerIsp, (n) => add<Qsr>(stations, StationKind.qsr, `qsr${n}.isp${isp}`, here, isp, [endpointOf(true, isp, 1 + n), endpointOf(true, isp, 17 + n)])),
      qscs: times(plan.qscsPerIsp, (n) => add<Qsc>(stations, StationKind.qsc, `qsc${n}.isp${isp}`, here, isp, [endpointOf(true, isp, 33 + n), endpointOf(true, isp, 49 + n)])),
      itrs: times(plan.itrsPerIsp, (n) => add<Itr>(stations, StationKind.itr, `itr${n}.isp${isp}`, here, isp, [endpointOf(true, isp, 65 + n)])),
    };
  });
  return { dsocs, isps, geography };
}

/** Sets the delays of all paths: by the map between places, some random short way inside an ISP; both ways the same. */
export function layPaths(paths: Paths, { geography }: Topology, stations: readonly Station[], random: Random): void {
  for (const a of stations) {
    for (const b of stations) {
      if (b.index < a.index) continue;
      const delay = a.place === b.place ? Math.round(random.between(NEAREST, FARTHEST)) : geography.oneWay(a.place, b.place);
      paths.setDelay(paths.of(a.index, b.index), delay);
      paths.setDelay(paths.of(b.index, a.index), delay);
    }
  }
}

function add<E extends Station["engine"] & object>(stations: StationTable, kind: StationKind, name: string, place: number, group: number, endpoints: readonly number[]): Station<E> {
  return stations.add(new Station<E>(stations.all.length, kind, name, place, group, endpoints)) as Station<E>;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
