import {
  type IpAddress,
  formatIp,
  formatPrefix,
  formatRange,
  formatWords,
  rangeOf,
} from "../../address/index.ts";
import { milliseconds, remainingMs } from "../../core/clock.ts";
import { NO_ENTRY, OWN } from "../../core/cache/entry-table.ts";
import type { Qsr } from "../../core/qsr.ts";
import { NO_PREFIX } from "../../core/tables/segment-table.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import { now } from "../../io/clock.ts";
import { MappingBody, ResultCode } from "../../wire/index.ts";
import type { CachedReport, WhyReport } from "../reports.ts";
import { STATE_NAMES, serviceReport, upstreamText } from "./upstream-reports.ts";

/** Why an address is answered as it is: MAB, services, QSAs in order, what the cache holds, and the verdict. */
export function whyReport(engine: Qsr, address: IpAddress): WhyReport {
  const [hi, lo] = keyOf(address);
  const { catalogue } = engine;
  const mab = catalogue.match(address.family, hi, lo);
  const cached = cachedReport(engine, address);
  if (mab === NO_PREFIX) {
    const verdict = catalogue.size === 0 ? "no catalogue yet: discovery has found nothing" : "in no MAB: answered at once, by this QSR";
    return { address: formatIp(address), mab: null, set: null, services: [], cached, verdict };
  }
  const group = catalogue.groups[catalogue.groupOf(mab)]!;
  const services = group.services.map((service) => ({ name: catalogue.services[service]!.name, qsas: serviceReport(engine.querier.upstreams.ranking(service)) }));
  return {
    address: formatIp(address),
    mab: formatPrefix(catalogue.prefixes.at(mab)),
    set: group.set,
    services,
    cached,
    verdict: verdictOf(engine, address, cached),
  };
}

function cachedReport(engine: Qsr, address: IpAddress): CachedReport | null {
  const { cache } = engine.server;
  const time = now();
  const entry = cache.find(time, address.family, ...keyOf(address));
  if (entry === NO_ENTRY) return null;
  const body = new MappingBody();
  cache.entries.read(entry, body);
  const upstream = engine.querier.upstreams.at(cache.entries.upstream(entry));
  const isMapping = cache.entries.result(entry) === ResultCode.mapping;
  return {
    range: formatRange(rangeOf(address.family, body.firstHi, body.firstLo, body.lastHi, body.lastLo)),
    etr: isMapping ? formatWords(body.etrFamily === 6 ? 6 : 4, body.etr0, body.etr1, body.etr2, body.etr3) : null,
    version: `${body.versionLineage}.${body.versionHi * 2 ** 32 + body.versionLo}`,
    remainingSeconds: Math.ceil(remainingMs(cache.entries.expiry(entry), milliseconds(time)) / 1000),
    usable: engine.vouchesFor(time, entry),
    from: cache.entries.upstream(entry) === OWN || upstream === undefined ? "this QSR" : upstreamText(engine.querier.upstreams, upstream),
  };
}

function verdictOf(engine: Qsr, address: IpAddress, cached: CachedReport | null): string {
  if (cached?.usable === true) return `answered from cache for ${cached.remainingSeconds} s more, as ${cached.from} said`;
  const why = cached === null ? "" : `cached, but ${cached.from}, which said so, is down; `;
  const best = engine.querier.fetcher.choose(now(), address.family, ...keyOf(address));
  if (best === undefined) return `${why}no QSA is listed for this MAB`;
  if (best.state === UpstreamState.down) return `${why}no QSA of this MAB answers; ${upstreamText(engine.querier.upstreams, best)} is tried first`;
  const rtt = best.measured ? `${Math.round(best.rtt.smoothed / 100) / 10} ms away` : "not measured yet";
  return `${why}${upstreamText(engine.querier.upstreams, best)} is asked: ${STATE_NAMES[best.state]}, ${rtt}`;
}

function keyOf({ family, words }: IpAddress): [hi: number, lo: number] {
  return [words[0], family === 4 ? 0 : words[1]];
}
