import type { QsrConfig } from "../config/schema.ts";
import type { Catalogue } from "../core/mabs/catalogue.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import { Qsr } from "../core/qsr.ts";
import type { KeptCatalogue } from "../io/catalogue-file.ts";
import { now } from "../io/clock.ts";
import type { Logger } from "../io/log.ts";
import { nextU32 } from "../io/random.ts";
import { UdpDriver } from "../io/udp-driver.ts";
import { upstreamSockets } from "../io/upstream-sockets.ts";
import { catalogueScope } from "./catalogue-scope.ts";
import { DiscoveryThread } from "./discovery/discovery-thread.ts";
import { MAX_UPDATES } from "./limits.ts";
import { QsaWatch } from "./qsa-watch.ts";
import { QsrState } from "./qsr-state.ts";

const RECHECK_INTERVAL_MS = 250;

/** A QSR with its sockets and its discovery. */
export class QsrNode {
  readonly config: QsrConfig;
  readonly engine: Qsr;
  readonly driver: UdpDriver;
  readonly discovery: DiscoveryThread;
  readonly #log: Logger;
  readonly #state: QsrState | undefined;
  readonly #kept: KeptCatalogue | undefined;
  readonly #watch: QsaWatch;
  readonly #rechecking: NodeJS.Timeout;

  private constructor(config: QsrConfig, engine: Qsr, driver: UdpDriver, discovery: DiscoveryThread, log: Logger) {
    const { directory } = config.state;
    this.config = config;
    this.engine = engine;
    this.driver = driver;
    this.discovery = discovery;
    this.#log = log;
    this.#state = directory === undefined ? undefined : new QsrState(directory, log);
    this.#kept = this.#recall();
    this.#state?.follow(engine.querier.upstreams);
    this.#watch = new QsaWatch(engine, log);
    this.#rechecking = setInterval(() => { this.#recheck(); }, RECHECK_INTERVAL_MS);
  }

  /** Opens the sockets, and serves at once what was known when this program ended last. Throws ListenError, and DiscoveryRefusal. */
  static async open(config: QsrConfig, log: Logger): Promise<QsrNode> {
    const { dns, qsas, state } = config;
    // First of all: it starts beside what follows.
    const discovery = new DiscoveryThread({ dns, qsas, directory: state.directory }, log);
    let node: QsrNode | undefined;
    try {
      const { engine, driver } = await openEngine(config, log);
      node = new QsrNode(config, engine, driver, discovery, log);
      await discovery.ready;
      return node;
    } catch (error) {
      await (node ?? discovery).close();
      throw error;
    }
  }

  /** Has discovery begin; over when everything has been read once, as far as it can be read. */
  discover(): Promise<void> {
    return this.discovery.start(this.#kept, (catalogue) => { this.#use(catalogue, "catalogue"); });
  }

  async close(): Promise<void> {
    clearInterval(this.#rechecking);
    await Promise.all([this.discovery.close(), this.driver.close()]);
    await this.#state?.close();
  }

  #recall(): KeptCatalogue | undefined {
    if (this.#state === undefined) return undefined;
    this.engine.querier.upstreams.known = this.#state.readRanking();
    const kept = this.#state.readCatalogue(catalogueScope(this.config), this.config.dns.catalogueMaxAgeHours * 3600);
    if (kept !== undefined) this.#use(kept.catalogue, "catalogue of the last run");
    return kept;
  }

  #use(catalogue: Catalogue, what: string): void {
    this.engine.setCatalogue(now(), catalogue);
    this.driver.wake();
    this.#log.info(`${what}: ${catalogue.size} MABs, ${catalogue.services.length} services, ${this.engine.querier.upstreams.size} QSAs`);
  }

  /** Tells who has failed and who is back, and has DNS looked at again for services of which nobody answers. */
  #recheck(): void {
    const { failedServices } = this.engine.querier.health;
    this.#watch.look(failedServices);
    for (const name of failedServices) this.discovery.recheckService(name);
    failedServices.clear();
  }
}

async function openEngine(config: QsrConfig, log: Logger): Promise<{ engine: Qsr; driver: UdpDriver }> {
  const { bindings, links } = await upstreamSockets(config.listen.length);
  if (links[6] === undefined) log.info("this machine has no IPv6: QSAs are asked over IPv4 only");
  const { spread } = config.qsas;
  const engine = new Qsr({
    limits: { ...config.cache, maxUpdates: MAX_UPDATES },
    clients: config.clients,
    nextU32,
    links,
    maxUpstreams: config.qsas.max,
    keepFresh: config.qsas.keepFresh,
    intervals: { ...DEFAULT_INTERVALS, pacing: 1_000_000 / config.qsas.maxProbesPerSecond },
    cachingMostMs: config.cache.cachingTimeMaxSeconds * 1000,
    ...(spread === undefined ? {} : { spread: { place: spread.place - 1, of: spread.of, within: spread.withinMilliseconds * 1000 } }),
    gapCachingMs: config.cache.gapCachingTimeSeconds * 1000,
  });
  return { engine, driver: await UdpDriver.open(engine, [...config.listen, ...bindings]) };
}
