import { parseIp } from "../address/index.ts";
import type { QsrConfig } from "../config/schema.ts";
import type { CatalogueContent } from "../core/mabs/catalogue-content.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import { Qsr } from "../core/qsr.ts";
import type { Problem } from "../dns/discovery/types.ts";
import { now } from "../io/clock.ts";
import { DiscoveryLoop } from "../io/discovery-loop.ts";
import { DnsClient } from "../io/dns-client.ts";
import { ListenError } from "../io/listen-error.ts";
import type { Logger } from "../io/log.ts";
import { nextU32 } from "../io/random.ts";
import { systemResolvers } from "../io/system-resolvers.ts";
import { type Binding, UdpDriver } from "../io/udp-driver.ts";

const RECHECK_INTERVAL_MS = 250;
const MOST_LOGGED_PROBLEMS = 20;
const MAX_UPDATES = 8192;

/** A QSR with its sockets and its discovery. */
export class QsrNode {
  readonly config: QsrConfig;
  readonly engine: Qsr;
  readonly driver: UdpDriver;
  readonly discovery: DiscoveryLoop;
  readonly dns: DnsClient;
  readonly #recheck: NodeJS.Timeout;

  private constructor(config: QsrConfig, engine: Qsr, driver: UdpDriver, log: Logger) {
    this.config = config;
    this.engine = engine;
    this.driver = driver;
    const { dns, qsas } = config;
    this.dns = new DnsClient({ servers: dns.servers ?? systemResolvers(), deadlineMs: dns.queryDeadlineSeconds * 1000 });
    this.discovery = new DiscoveryLoop({
      registries: dns.registries,
      limits: dns,
      addresses: qsas,
      dns: this.dns,
      onCatalogue: (content) => {
        this.#adopt(content, log);
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
    this.#recheck = setInterval(() => {
      this.#recheckFailedServices(log);
    }, RECHECK_INTERVAL_MS);
  }

  /** Opens the sockets; discovery starts with `discovery.start()`. Throws ListenError. */
  static async open(config: QsrConfig, log: Logger): Promise<QsrNode> {
    const listeners = config.listen.length;
    const engine = new Qsr({
      limits: { ...config.cache, maxUpdates: MAX_UPDATES },
      clients: config.clients,
      nextU32,
      links: { 4: listeners, 6: listeners + 1 },
      maxUpstreams: config.qsas.max,
      keepFresh: config.qsas.keepFresh,
      intervals: DEFAULT_INTERVALS,
      caching: { leastMs: config.cache.cachingTimeMinSeconds * 1000, mostMs: config.cache.cachingTimeMaxSeconds * 1000 },
      gapCachingMs: config.cache.gapCachingTimeSeconds * 1000,
    });
    return new QsrNode(config, engine, await openSockets(engine, config, log), log);
  }

  async close(): Promise<void> {
    clearInterval(this.#recheck);
    await Promise.all([this.discovery.close(), this.driver.close()]);
  }

  #adopt(content: CatalogueContent, log: Logger): void {
    const started = now();
    this.engine.setCatalogue(started, content);
    this.driver.wake();
    log.info(`catalogue: ${content.mabs.length} MABs, ${content.services.length} services, ${this.engine.upstreams.size} QSAs`);
  }

  #recheckFailedServices(log: Logger): void {
    const { failedServices } = this.engine.fetcher.port;
    for (const name of failedServices) {
      log.warn(`no QSA of ${name} answers; looking at DNS again`);
      this.discovery.recheckService(name);
    }
    failedServices.clear();
  }
}

function logProblems(problems: readonly Problem[], log: Logger): void {
  for (const { name, problem } of problems.slice(0, MOST_LOGGED_PROBLEMS)) log.warn(`in DNS: ${name}: ${problem}`);
  if (problems.length > MOST_LOGGED_PROBLEMS) log.warn(`in DNS: ${problems.length - MOST_LOGGED_PROBLEMS} more problems`);
}

/** Listeners first, then one socket to ask QSAs from for each family. A machine without IPv6 does without the second. */
async function openSockets(engine: Qsr, { listen }: QsrConfig, log: Logger): Promise<UdpDriver> {
  const upstream: Binding[] = ["0.0.0.0", "::"].map((address) => ({ address: parseIp(address), port: 0 }));
  try {
    return await UdpDriver.open(engine, [...listen, ...upstream]);
  } catch (error) {
    const { code } = (error as ListenError).cause as NodeJS.ErrnoException;
    if (!(error instanceof ListenError) || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw error;
    const driver = await UdpDriver.open(engine, [...listen, upstream[0]!]);
    log.info("this machine has no IPv6: QSAs are asked over IPv4 only");
    return driver;
  }
}
