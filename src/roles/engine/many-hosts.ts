import { formatEndpoint } from "../../address/index.ts";
import type { WhyReport } from "../reports.ts";
import type { EngineStatus } from "./engine-status.ts";
import type { Remote } from "./engine-thread.ts";
import type { QsaNews } from "./qsa-watch.ts";
import type { QscHost } from "./qsc-host.ts";
import type { QsrHost } from "./qsr-host.ts";

/** Several QSCs, each in its thread, as one. */
export function manyQscs(hosts: readonly Remote<QscHost>[]): Remote<QscHost> {
  const first = hosts[0]!;
  return {
    close: async () => void (await ofAll(hosts, (host) => host.close())),
    status: async () => statusOfAll(await ofAll(hosts, (host) => host.status())),
    qsas: (service) => first.qsas(service),
    flush: async (range) => sum(await ofAll(hosts, (host) => host.flush(range))),
    probe: (endpoint) => first.probe(endpoint),
    stateOf: (endpoint) => first.stateOf(endpoint),
  };
}

/** Several QSRs, each in its thread, as one. The first measures QSAs for all. */
export function manyQsrs(hosts: readonly Remote<QsrHost>[]): Remote<QsrHost> {
  const first = hosts[0]!;
  return {
    ...manyQscs(hosts),
    hasIpv6: () => first.hasIpv6(),
    useCatalogue: async (mail) => void (await ofAll(hosts, (host) => host.useCatalogue(mail))),
    hasMetAll: async () => (await ofAll(hosts, (host) => host.hasMetAll())).every((has) => has),
    why: async (address) => whyOfAll(await ofAll(hosts, (host) => host.why(address))),
    news: () => newsOfAll(hosts),
    findings: () => first.findings(),
    heed: async (found) => void (await ofAll(hosts.slice(1), (host) => host.heed(found))),
    verify: (qsas) => first.verify(qsas),
    ranking: (part) => first.ranking(part),
  };
}

function ofAll<H, T>(hosts: readonly H[], ask: (host: H) => Promise<T>): Promise<T[]> {
  return Promise.all(hosts.map(ask));
}

/** The news of the one that measures. It hears what the others took to be down, and they hear what it has found. */
async function newsOfAll(hosts: readonly Remote<QsrHost>[]): Promise<QsaNews> {
  const [first, ...others] = hosts as [Remote<QsrHost>, ...Remote<QsrHost>[]];
  const [news, ...newsOfOthers] = (await ofAll(hosts, (host) => host.news())) as [QsaNews, ...QsaNews[]];
  const down = new Map(newsOfOthers.flatMap((ofOne) => ofOne.down.map((qsa) => [formatEndpoint(qsa.address, qsa.port), qsa])));
  if (down.size > 0) await first.verify([...down.values()]);
  const found = await first.findings();
  if (found.length > 0) await ofAll(others, (host) => host.heed(found));
  return { ...news, unanswered: [...new Set([news, ...newsOfOthers].flatMap(({ unanswered }) => unanswered))] };
}

function whyOfAll(reports: readonly WhyReport[]): WhyReport {
  return { ...reports[0]!, threads: reports.map(({ cached, verdict }) => ({ cached, verdict })) };
}

/** Of upstreams, which all of them know, there are as many as one says. */
const ALIKE: ReadonlySet<string> = new Set(["upstreamsUnreachable", "upstreamsOmitted"]);

function statusOfAll(statuses: readonly EngineStatus[]): EngineStatus {
  const { listen, epoch, upstreams, counters: names } = statuses[0]!;
  const total = (pick: (status: EngineStatus) => number): number => sum(statuses.map(pick));
  const counters = Object.keys(names).map((name) => [name, ALIKE.has(name) ? names[name]! : total(({ counters: own }) => own[name]!)] as const);
  return {
    listen,
    epoch,
    upstreams,
    cache: { entries: total(({ cache }) => cache.entries), maxEntries: total(({ cache }) => cache.maxEntries), promises: total(({ cache }) => cache.promises) },
    pauses: pausesOfAll(statuses),
    counters: Object.fromEntries(counters),
    receivedByThread: statuses.map(({ counters: own }) => own["received"]!),
  };
}

function pausesOfAll(statuses: readonly EngineStatus[]): EngineStatus["pauses"] {
  const counts = new Map<number, number>();
  if (statuses.some(({ pauses }) => pauses === undefined)) return undefined;
  for (const [mostMs, count] of statuses.flatMap(({ pauses = [] }) => pauses)) counts.set(mostMs ?? Infinity, (counts.get(mostMs ?? Infinity) ?? 0) + count);
  return [...counts].toSorted(([a], [b]) => a - b).map(([mostMs, count]) => [mostMs === Infinity ? null : mostMs, count] as const);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
