import { formatIp } from "../../address/index.ts";
import { Catalogue } from "../../core/mabs/catalogue.ts";
import type { Problem } from "../../dns/discovery/types.ts";
import { type KeptDiscovery, readDiscovery } from "../../io/discovery-file.ts";
import { DiscoveryLoop, type Recalled } from "../../io/discovery-loop.ts";
import { DnsClient } from "../../io/dns-client.ts";
import type { DnsEndpoint } from "../../io/dns-exchange.ts";
import { NotifyListener } from "../../io/notify-listener.ts";
import { systemResolvers } from "../../io/system-resolvers.ts";
import { RegistrySources } from "../registry-sources.ts";
import { catalogueScope } from "../catalogue-scope.ts";
import { readState } from "../state-directory.ts";
import { CatalogueKeeper } from "./catalogue-keeper.ts";
import { mailOf } from "../../io/catalogue-mail.ts";
import type { CatalogueInUse, DiscoverySettings, FromDiscovery, LogLevel } from "./messages.ts";

const MOST_LOGGED_PROBLEMS = 20;

/** All of discovery, as it runs in a thread of its own: DNS client, transfers, NOTIFY, catalogue and its file. */
export class DiscoveryHost {
  readonly #settings: DiscoverySettings;
  readonly #tell: (message: FromDiscovery) => void;
  readonly #discovery: DiscoveryLoop;
  readonly #keeper: CatalogueKeeper | undefined;
  readonly #notices: NotifyListener[] = [];
  /** The catalogue that the query thread has. */
  #sent: Catalogue | undefined;
  /** Those that others may still use, by their numbers. */
  readonly #others = new Map<number, Catalogue>();
  #number = 0;
  #inUse: CatalogueInUse | undefined;
  /** What is wrong with the directory that the catalogue is kept in. */
  #trouble: string | undefined;

  private constructor(settings: DiscoverySettings, sources: RegistrySources, tell: (message: FromDiscovery) => void) {
    const { dns, qsas, directory } = settings;
    this.#settings = settings;
    this.#tell = tell;
    this.#discovery = new DiscoveryLoop({
      registries: sources.registries,
      limits: dns,
      addresses: qsas,
      services: { always: dns.services.signed === "always", resolver: trustedResolver(dns) },
      readerOf: (registry, walk, tools) => sources.readerOf(registry, walk, tools),
      maxAgeSeconds: dns.catalogueMaxAgeHours * 3600,
      recall: () => this.#recall(),
      dns: clientOf(dns, dns.servers ?? systemResolvers()),
      onCatalogue: (catalogue) => { this.#send(catalogue); },
      onProblems: (problems) => { this.#logProblems(problems); },
      onFailure: (what, error) => { this.#log("warn", `discovery of ${what} failed: ${error.message}`); },
      onProgress: ({ registry, sets, setsDone }) => {
        if (setsDone % 50 === 0) this.#log("info", `${registry}: ${setsDone} of ${sets} service sets read`);
      },
      onLooked: () => { this.#tellStatus(); },
    });
    this.#keeper = directory === undefined ? undefined : this.#keepIn(directory);
  }

  /** Listens for NOTIFY. Throws what is wrong with the configuration, and ListenError. */
  static async open(settings: DiscoverySettings, tell: (message: FromDiscovery) => void): Promise<DiscoveryHost> {
    const sources = new RegistrySources(settings.dns);
    const host = new DiscoveryHost(settings, sources, tell);
    try {
      await host.#hearNotices(sources);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  /** Reads everything once, from where the catalogue in use stands, and goes on by itself from there. */
  async start(inUse: CatalogueInUse | undefined): Promise<void> {
    this.#inUse = inUse;
    await this.#discovery.start();
    this.#tell({ type: "read" });
  }

  /** The memory of what was sent before is free. */
  adopted(number: number): void {
    for (const before of this.#others.keys()) if (before < number) this.#others.delete(before);
    this.#discovery.reclaim([...this.#others.values(), ...(this.#keeper?.inUse ?? [])]);
  }

  recheck(service: string): void {
    this.#discovery.recheckService(service);
  }

  async close(): Promise<void> {
    await Promise.all([this.#discovery.close(), ...this.#notices.map((listener) => listener.close())]);
    await this.#keeper?.close();
  }

  /** A catalogue in use is gone on from with what it was made of; without one, what was kept is enough to make one. */
  #recall(): Recalled {
    const discovery = this.#keptDiscovery();
    if (this.#inUse === undefined) return { inUse: undefined, discovery };
    const { columns, confirmedAt, stamp } = this.#inUse;
    const catalogue = new Catalogue(columns);
    this.#sent = catalogue;
    this.#keeper?.resume(catalogue);
    return { inUse: { catalogue, confirmedAt }, discovery: discovery?.stamp === stamp ? discovery : undefined };
  }

  #keptDiscovery(): KeptDiscovery | undefined {
    const { directory } = this.#settings;
    if (directory === undefined) return undefined;
    return readState(directory, "discovery", readDiscovery, (problem) => { this.#log("warn", problem); });
  }

  /** Status first: who sees the catalogue finds what it was made of. */
  #send(catalogue: Catalogue): void {
    const mail = mailOf(catalogue, this.#sent);
    this.#sent = catalogue;
    this.#tellStatus();
    this.#others.set(++this.#number, catalogue);
    this.#tell({ type: "catalogue", number: this.#number, mail });
    this.#keeper?.note(catalogue);
  }

  #keepIn(directory: string): CatalogueKeeper {
    return new CatalogueKeeper({
      directory,
      scope: catalogueScope(this.#settings),
      discovery: this.#discovery,
      onKept: ({ columns: { edition } }, stamp) => { this.#tell({ type: "kept", edition, stamp }); },
      onTrouble: (trouble) => { this.#noteTrouble(trouble); },
    });
  }

  /** Primaries tell of changes. Throws ListenError. */
  async #hearNotices(sources: RegistrySources): Promise<void> {
    for (const { address, port } of this.#settings.dns.notify?.listen ?? []) {
      const listener = new NotifyListener({
        zones: sources.notifyZones,
        onNotice: ({ apex, source }) => { this.#discovery.hurry(apex, source); },
        onProblem: (source, problem) => { this.#log("debug", `from ${formatIp(source)}: ${problem}`); },
      });
      this.#notices.push(listener);
      await listener.listen(formatIp(address), port);
    }
  }

  #tellStatus(): void {
    const { status } = this.#discovery;
    const troubles = this.#trouble === undefined ? [] : [{ name: "state", problem: this.#trouble }];
    this.#tell({ type: "status", status: { ...status, problems: [...troubles, ...status.problems] } });
  }

  /** Once, until it is another one. */
  #noteTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble !== undefined) this.#log("error", trouble);
    this.#tellStatus();
  }

  #log(level: LogLevel, text: string): void {
    this.#tell({ type: "log", level, text });
  }

  #logProblems(problems: readonly Problem[]): void {
    for (const { name, problem } of problems.slice(0, MOST_LOGGED_PROBLEMS)) this.#log("warn", `in DNS: ${name}: ${problem}`);
    if (problems.length > MOST_LOGGED_PROBLEMS) this.#log("warn", `in DNS: ${problems.length - MOST_LOGGED_PROBLEMS} more problems`);
  }
}

function clientOf({ queryDeadlineSeconds }: DiscoverySettings["dns"], servers: readonly DnsEndpoint[]): DnsClient {
  return new DnsClient({ servers, deadlineMs: queryDeadlineSeconds * 1000 });
}

function trustedResolver(dns: DiscoverySettings["dns"]): DnsClient | undefined {
  const { trustedResolver: resolver } = dns.services;
  return resolver === undefined ? undefined : clientOf(dns, [resolver]);
}
