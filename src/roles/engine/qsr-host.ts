import { parseIp, unmapped } from "../../address/index.ts";
import type { QsrConfig } from "../../config/schema.ts";
import { EMPTY_CATALOGUE } from "../../core/mabs/catalogue.ts";
import { type KnownRtts, knownRttOf } from "../../core/querier/known-rtts.ts";
import { DEFAULT_INTERVALS, holdingAmong } from "../../core/querier/prober.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";
import type { UpstreamLinks } from "../../core/querier/upstream-table.ts";
import { Qsr } from "../../core/qsr.ts";
import { hugeMemory } from "../../io/batch/huge-memory.ts";
import { loadNative } from "../../io/batch/native.ts";
import { now } from "../../io/clock.ts";
import { type OpenedDriver, canBind, openDriver } from "../../io/driver.ts";
import { nextU32 } from "../../io/random.ts";
import { upstreamSockets } from "../../io/upstream-sockets.ts";
import { type CatalogueMail, openMailUnread } from "../../io/catalogue-mail.ts";
import { MAX_UPDATES } from "../limits.ts";
import type { WhyReport } from "../reports.ts";
import type { Findings, Found, Heeding } from "./findings.ts";
import type { Member } from "./member.ts";
import { type QsaEndpoint, QsaWatch, type QsaNews } from "./qsa-watch.ts";
import { QuerierHost } from "./querier-host.ts";
import { whyReport } from "./why-report.ts";

export interface QsrSettings {
  readonly config: QsrConfig;
  /** The catalogue of the last run, to serve with at once. */
  readonly catalogue: CatalogueMail | null;
  /** How far QSAs were then. */
  readonly known: KnownRtts;
  /** Undefined for one that is alone in its process. */
  readonly member?: Member;
}

/** What one of several engine threads tells the others, and hears from them. */
interface Shared {
  readonly findings: Findings;
  readonly heeding: Heeding;
}

/** QSAs of which the ranking is told at one time. */
const RANKING_PART = 256;

/** A QSR in its thread. */
export class QsrHost extends QuerierHost<Qsr> {
  readonly #links: UpstreamLinks;
  readonly #watch: QsaWatch;
  readonly #shared: Shared | undefined;

  private constructor(engine: Qsr, opened: OpenedDriver, listeners: number, links: UpstreamLinks, shared: Shared | undefined) {
    super(engine, opened, listeners);
    this.#links = links;
    this.#watch = new QsaWatch(engine.querier);
    this.#shared = shared;
  }

  /** Throws ListenError, and DriverError. */
  static async open({ config, catalogue, known, member }: QsrSettings): Promise<QsrHost> {
    const { bindings, links } = await upstreamSockets(config.listen.length, canBind);
    const { spread } = config.qsas;
    const pacing = 1_000_000 / config.qsas.maxProbesPerSecond;
    // What one that is alone has no use for is not loaded.
    const { options, listen } = member === undefined ? { options: {}, listen: config.listen } : (await import("./member.ts")).joined(member, config.listen, pacing);
    const engine = new Qsr({
      limits: { ...config.cache, maxUpdates: MAX_UPDATES },
      clients: config.clients,
      maxFetches: config.cache.maxFetches,
      nextU32,
      memory: hugeMemory(loadNative(), config.cache),
      links,
      maxUpstreams: config.qsas.max,
      keepFresh: config.qsas.keepFresh,
      intervals: { ...DEFAULT_INTERVALS, pacing, holding: holdingAmong(config.engineThreads) },
      measures: (member?.place ?? 0) === 0,
      cachingMostMs: config.cache.cachingTimeMaxSeconds * 1000,
      ...(spread === undefined ? {} : { spread: { place: spread.place - 1, of: spread.of, within: spread.withinMilliseconds * 1000 } }),
      gapCachingMs: config.cache.gapCachingTimeSeconds * 1000,
      ...options,
    });
    engine.querier.upstreams.known = known;
    engine.setCatalogue(now(), openMailUnread(catalogue, EMPTY_CATALOGUE));
    const shared = member === undefined ? undefined : await sharedBy(engine);
    return new QsrHost(engine, await openDriver(config.driver, engine, [...listen, ...bindings]), config.listen.length, links, shared);
  }

  /** Whether QSAs can be asked over IPv6. */
  hasIpv6(): boolean {
    return this.#links[6] !== undefined;
  }

  /** Goes over to another catalogue. `mail`: for one that has the catalogue before. */
  useCatalogue(mail: CatalogueMail | null): void {
    this.engine.setCatalogue(now(), openMailUnread(mail, this.engine.catalogue));
    this.opened.driver.wake();
  }

  /** Whether all QSAs of the catalogue are known: they are met by and by. */
  hasMetAll(): boolean {
    return this.engine.querier.upstreams.hasMetAll;
  }

  /** Throws AddressError. */
  why(address: string): WhyReport {
    return whyReport(this.engine, unmapped(parseIp(address)));
  }

  /** What has become of QSAs since the last look. */
  news(): QsaNews {
    return this.#watch.look();
  }

  /** What measuring has shown since the last time, for the other engine threads. */
  findings(): Found[] {
    return this.#shared?.findings.take() ?? [];
  }

  /** Takes what the thread that measures has found. */
  heed(found: readonly Found[]): void {
    this.#shared?.heeding.take(now(), found);
    this.opened.driver.wake();
  }

  /** Measures QSAs at once that another thread took to be down, and this one does not. */
  verify(qsas: readonly QsaEndpoint[]): void {
    const { querier } = this.engine;
    for (const { address, port } of qsas) {
      const upstream = querier.upstreams.find(address, port);
      if (upstream !== undefined && upstream.state !== UpstreamState.down) querier.probe(now(), upstream);
    }
    this.opened.driver.wake();
  }

  /** How far QSAs are, in parts; undefined after the last. */
  ranking(part: number): KnownRtts | undefined {
    const { upstreams } = this.engine.querier;
    // One that ends right after its start is to keep what it knew.
    upstreams.meet(Infinity);
    const from = part * RANKING_PART;
    if (from >= upstreams.capacity) return undefined;
    const upstreamsOfPart = Array.from({ length: RANKING_PART }, (_, index) => upstreams.at(from + index));
    return Float64Array.from(upstreamsOfPart.flatMap((upstream) => (upstream?.measured === true ? knownRttOf(upstream) : [])));
  }
}

async function sharedBy({ querier }: Qsr): Promise<Shared> {
  const { Findings, Heeding } = await import("./findings.ts");
  return { findings: new Findings(querier.upstreams), heeding: new Heeding(querier) };
}
