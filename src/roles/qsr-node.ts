import { setTimeout as sleep } from "node:timers/promises";
import type { QsrConfig } from "../config/schema.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import type { KnownRtts } from "../core/querier/known-rtts.ts";
import type { KeptCatalogue } from "../io/catalogue-file.ts";
import { type CatalogueMail, openMail } from "../io/catalogue-mail.ts";
import { ControlError } from "../io/control-error.ts";
import type { Logger } from "../io/log.ts";
import { catalogueReport } from "./catalogue-report.ts";
import { catalogueScope } from "./catalogue-scope.ts";
import { DiscoveryThread } from "./discovery/discovery-thread.ts";
import type { UpstreamCounts } from "./engine/engine-status.ts";
import { EngineThread, type Engines, STOPPED } from "./engine/engine-thread.ts";
import { whoIs } from "./qsa-name.ts";
import { QsrState } from "./qsr-state.ts";
import type { CatalogueReport, StatusReport } from "./reports.ts";
import { statusOf } from "./status.ts";
import { startEngine } from "./threads.ts";

const LOOK_MS = 250;
const MEETING_MS = 10;

/** A QSR: an engine and discovery, each in its thread; this one only passes on what one has for the other. */
export class QsrNode {
  readonly engine: Engines<"qsr">;
  readonly discovery: DiscoveryThread;
  readonly #log: Logger;
  readonly #state: QsrState | undefined;
  #kept: KeptCatalogue | undefined;
  #catalogue: Catalogue;
  readonly #looking: NodeJS.Timeout;

  private constructor(engine: Engines<"qsr">, discovery: DiscoveryThread, state: QsrState | undefined, kept: KeptCatalogue | undefined, log: Logger) {
    this.engine = engine;
    this.discovery = discovery;
    this.#state = state;
    this.#kept = kept;
    this.#catalogue = openMail(kept?.mail ?? null, EMPTY_CATALOGUE);
    this.#log = log;
    this.#state?.follow(() => this.#ranking());
    this.#looking = setInterval(() => { this.#quietly(this.#look()); }, LOOK_MS);
  }

  /** Opens the sockets, and serves at once what was known when this program ended last. Throws ThreadRefusal. */
  static async open(config: QsrConfig, log: Logger, thread = startEngine("qsr")): Promise<QsrNode> {
    const { dns, qsas, state: { directory } } = config;
    // What joins several is not loaded for one.
    const engine: Engines<"qsr"> = config.engineThreads === 1 ? new EngineThread("qsr", thread) : new (await import("./engine/engine-group.ts")).EngineGroup("qsr", thread, config.engineThreads);
    const state = directory === undefined ? undefined : new QsrState(directory, log);
    const kept = state?.readCatalogue(catalogueScope(config), dns.catalogueMaxAgeHours * 3600);
    const startDiscovery = (): DiscoveryThread => new DiscoveryThread({ dns, qsas, directory }, log);
    // With something to serve, the engine has the processor for itself until it serves.
    let discovery = kept === undefined ? startDiscovery() : undefined;
    try {
      const known = state?.readRanking() ?? new Float64Array();
      const { means } = await engine.open({ config, catalogue: kept?.mail ?? null, known });
      discovery ??= startDiscovery();
      log.info(`datagrams come and go ${means}`);
      if (!(await engine.host.hasIpv6())) log.info("this machine has no IPv6: QSAs are asked over IPv4 only");
      await discovery.ready;
      const node = new QsrNode(engine, discovery, state, kept, log);
      if (kept !== undefined) await node.#logCatalogue("catalogue of the last run");
      return node;
    } catch (error) {
      await Promise.all([engine.close(), discovery?.close()]);
      throw error;
    }
  }

  /** What DNS has told; the engine has it now, or in a moment. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Has discovery begin; over when everything has been read once, as far as it can be read. */
  discover(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    return this.discovery.start(kept && { ...kept, catalogue: this.#catalogue }, (catalogue, mail) => {
      this.#catalogue = catalogue;
      const used = this.#use(mail);
      this.#quietly(used);
      return used;
    });
  }

  async status(role: "qsr" | "up"): Promise<StatusReport & { readonly upstreams: UpstreamCounts; readonly catalogue: CatalogueReport }> {
    const status = await this.engine.host.status();
    return { ...statusOf(role, status), upstreams: status.upstreams, catalogue: catalogueReport(this.#catalogue, this.discovery.status, status.upstreams.known) };
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#state?.close();
    await Promise.all([this.discovery.close(), this.engine.close()]);
  }

  async #use(mail: CatalogueMail | null): Promise<void> {
    await this.engine.host.useCatalogue(mail);
    await this.#logCatalogue("catalogue");
  }

  /** Once the engine knows all QSAs. */
  async #logCatalogue(what: string): Promise<void> {
    const { size, services } = this.#catalogue;
    while (!(await this.engine.host.hasMetAll())) await sleep(MEETING_MS);
    const { upstreams } = await this.engine.host.status();
    this.#log.info(`${what}: ${size} MABs, ${services.length} services, ${upstreams.known} QSAs`);
  }

  /** Tells who has failed and who is back, and has DNS looked at again for services of which nobody answers. */
  async #look(): Promise<void> {
    const { down, up, unanswered, silent, answering } = await this.engine.host.news();
    for (const qsa of down) this.#log.info(`QSA ${whoIs(this.#catalogue, qsa)} is down`);
    for (const qsa of up) this.#log.info(`QSA ${whoIs(this.#catalogue, qsa)} is up again`);
    for (const service of silent) this.#log.warn(`no QSA of ${service} answers; looking at DNS again`);
    for (const service of answering) this.#log.info(`${service}: QSAs answer again`);
    for (const service of unanswered) this.discovery.recheckService(service);
  }

  async #ranking(): Promise<KnownRtts[]> {
    const parts: KnownRtts[] = [];
    for (;;) {
      const part = await this.engine.host.ranking(parts.length);
      if (part === undefined) return parts;
      parts.push(part);
    }
  }

  /** An engine that has ended, or is being stopped, cannot be asked: `engine.failed` tells. */
  #quietly(asked: Promise<void>): void {
    asked.catch((error: Error) => {
      if (!(error instanceof ControlError && error.status === STOPPED)) this.#log.error(`asking the engine: ${error.stack}`);
    });
  }
}
