import { formatIp } from "../address/index.ts";
import type { QsrConfig } from "../config/schema.ts";
import type { Catalogue } from "../core/mabs/catalogue.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import { Qsr } from "../core/qsr.ts";
import type { Problem } from "../dns/discovery/types.ts";
import { now } from "../io/clock.ts";
import { DiscoveryLoop } from "../io/discovery-loop.ts";
import { DnsClient } from "../io/dns-client.ts";
import type { Logger } from "../io/log.ts";
import { NotifyListener } from "../io/notify-listener.ts";
import { nextU32 } from "../io/random.ts";
import { systemResolvers } from "../io/system-resolvers.ts";
import { UdpDriver } from "../io/udp-driver.ts";
import { upstreamSockets } from "../io/upstream-sockets.ts";
import { MAX_UPDATES } from "./limits.ts";
import { RegistrySources } from "./registry-sources.ts";
import { QsaWatch } from "./qsa-watch.ts";
import { QsrState } from "./qsr-state.ts";

const RECHECK_INTERVAL_MS = 250;
const MOST_LOGGED_PROBLEMS = 20;

/** A QSR with its sockets and its discovery. */
export class QsrNode {
  readonly config: QsrConfig;
  readonly engine: Qsr;
  readonly driver: UdpDriver;
  readonly discovery: DiscoveryLoop;
  readonly dns: DnsClient;
  readonly #state: QsrState | undefined;
  readonly #notices: NotifyListener[] = [];
  readonly #watch: QsaWatch;
  readonly #rechecking: NodeJS.Timeout;

  private constructor(config: QsrConfig, engine: Qsr, driver: UdpDriver, sources: RegistrySources, state: QsrState | undefined, log: Logger) {
    this.#state = state;
    this.config = config;
    this.engine = engine;
    this.driver = driver;
    const { dns, qsas } = config;
    this.dns = new DnsClient({ servers: dns.servers ?? systemResolvers(), deadlineMs: dns.queryDeadlineSeconds * 1000 });
    this.discovery = new DiscoveryLoop({
      registries: dns.registries,
      limits: dns,
      addresses: qsas,
      readerOf: (registry, walk, tools) => sources.readerOf(registry, walk, tools),
      maxAgeSeconds: dns.catalogueMaxAgeHours * 3600,
      ...(state === undefined ? {} : { recall: () => state.recall() }),
      dns: this.dns,
      onCatalogue: (catalogue) => {
        this.#adopt(catalogue, log);
      },
      onProblems: (problems) => {
        logProblems(problems, log);
      },
      onFailure: (what, error) => {
        log.warn(`discovery of ${what} failed: ${error.message}`);
      },
      onProgress: ({ registry, sets, setsDone }) => {
        if (setsDone % 50 === 0) log.info(`${registry}: ${setsDone} of ${sets} service sets read`);
      },
    });
    state?.follow(this.discovery, engine.querier.upstreams);
    this.#watch = new QsaWatch(engine, log);
    this.#rechecking = setInterval(() => {
      this.#recheck();
    }, RECHECK_INTERVAL_MS);
  }

  /** Opens the sockets; discovery starts with `discovery.start()`. Throws ListenError. */
  static async open(config: QsrConfig, log: Logger): Promise<QsrNode> {
    const { bindings, links } = await upstreamSockets(config.listen.length);
    if (links[6] === undefined) log.info("this machine has no IPv6: QSAs are asked over IPv4 only");
    const { spread } = config.qsas;
    const sources = new RegistrySources(config.dns);
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
    const state = config.state.directory === undefined ? undefined : new QsrState(config.state.directory, log);
    const driver = await UdpDriver.open(engine, [...config.listen, ...bindings]);
    const node = new QsrNode(config, engine, driver, sources, state, log);
    try {
      await node.#hearNotices(sources, log);
    } catch (error) {
      await node.close();
      throw error;
    }
    node.#recall(log);
    return node;
  }

  async close(): Promise<void> {
    clearInterval(this.#rechecking);
    await Promise.all([this.discovery.close(), this.driver.close(), ...this.#notices.map((listener) => listener.close())]);
    await this.#state?.close();
  }

  /** Primaries tell of changes. Throws ListenError. */
  async #hearNotices(sources: RegistrySources, log: Logger): Promise<void> {
    for (const { address, port } of this.config.dns.notify?.listen ?? []) {
      const listener = new NotifyListener({
        zones: sources.notifyZones,
        onNotice: ({ apex }) => {
          this.discovery.hurry(apex);
        },
        onProblem: (source, problem) => {
          log.debug(`from ${formatIp(source)}: ${problem}`);
        },
      });
      this.#notices.push(listener);
      await listener.listen(formatIp(address), port);
    }
  }

  /** Serves at once what was known when this program ended last. */
  #recall(log: Logger): void {
    if (this.#state === undefined) return;
    this.engine.querier.upstreams.known = this.#state.readRanking();
    const catalogue = this.#state.readCatalogue(this.config.dns.catalogueMaxAgeHours * 3600);
    if (catalogue === undefined) return;
    this.engine.setCatalogue(now(), catalogue);
    this.driver.wake();
    log.info(`catalogue of the last run: ${catalogue.size} MABs, ${catalogue.services.length} services, ${this.engine.querier.upstreams.size} QSAs`);
  }

  #adopt(catalogue: Catalogue, log: Logger): void {
    const started = now();
    this.engine.setCatalogue(started, catalogue);
    this.driver.wake();
    this.#state?.note(catalogue);
    log.info(`catalogue: ${catalogue.size} MABs, ${catalogue.services.length} services, ${this.engine.querier.upstreams.size} QSAs`);
  }

  /** Tells who has failed and who is back, and looks at DNS again for services of which nobody answers. */
  #recheck(): void {
    const { failedServices } = this.engine.querier.health;
    this.#watch.look(failedServices);
    for (const name of failedServices) this.discovery.recheckService(name);
    failedServices.clear();
  }
}

function logProblems(problems: readonly Problem[], log: Logger): void {
  for (const { name, problem } of problems.slice(0, MOST_LOGGED_PROBLEMS)) log.warn(`in DNS: ${name}: ${problem}`);
  if (problems.length > MOST_LOGGED_PROBLEMS) log.warn(`in DNS: ${problems.length - MOST_LOGGED_PROBLEMS} more problems`);
}
