import type { IpAddress } from "../address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import { sameProblems } from "../dns/discovery/change.ts";
import { CatalogueMemory } from "../core/mabs/catalogue-memory.ts";
import { CatalogueBook, serviceNames } from "../dns/discovery/catalogue-book.ts";
import { type ServiceRules, ServiceTrust } from "../dns/discovery/service-trust.ts";
import type { DemandingQuery, Problem, Query, RegistryOptions, RegistryState, Validation, WalkTools } from "../dns/discovery/types.ts";
import type { KeptDiscovery } from "./discovery-file.ts";
import { now } from "./clock.ts";
import type { CatalogueInUse, DiscoveryOptions, DiscoveryStatus, Recalled } from "./discovery-options.ts";
import { type LastRun, statusOf } from "./discovery-status.ts";
import type { DnsClient } from "./dns-client.ts";
import { dnssecTools } from "./dnssec-verifier.ts";
import { sha256hex } from "./hash.ts";
import { jittered } from "./pacing.ts";
import { WalkReader } from "./registry-reader.ts";
import { RegistryWatch, refreshBounds } from "./registry-watch.ts";
import { ServiceWatch } from "./service-watch.ts";
import { unixSeconds } from "./signed-query.ts";
import { Turns } from "./turns.ts";

export type { CatalogueInUse, DiscoveryOptions, DiscoveryStatus, Recalled } from "./discovery-options.ts";

/** A timer does not count the time for which the machine was suspended: what became due meanwhile is seen so soon. */
const LONGEST_WAIT_SECONDS = 5;
const PATIENCE_MS = 5_000;

/** Keeps the catalogue as DNS has it: looks at each registry as its SOA asks, or when told to, and at services by their TTL. */
export class DiscoveryLoop {
  readonly #options: DiscoveryOptions;
  readonly #registries: readonly RegistryWatch[];
  readonly #services: ServiceWatch;
  readonly #memory = new CatalogueMemory();
  readonly #book: CatalogueBook;
  /** Of which a look has been asked for, and not begun. */
  readonly #waiting = new Set<RegistryWatch>();
  /** Not looked at since the start. */
  readonly #untried: Set<RegistryWatch>;
  /** One look at a registry at a time, and one piece of work on services and the catalogue; none of them waits for a registry. */
  readonly #turns: Turns<RegistryWatch | ServiceWatch>;
  /** The next look at each registry, and at services that are due. */
  readonly #timers = new Map<RegistryWatch | ServiceWatch, NodeJS.Timeout>();
  /** Registries as last read, once their services have been read too: what the catalogue is made of. */
  #settled: readonly RegistryState[] = [];
  /** What services some registries name: hundreds, for which is asked several times. */
  #named: { readonly of: readonly RegistryState[]; readonly names: readonly string[] } = { of: [], names: [] };
  /** Those of the catalogue that has been published. */
  #served: readonly RegistryState[] = [];
  #published: Catalogue | undefined;
  /** The catalogue of the last run, where nothing is known of what it was made of, and until when it counts; seconds of our clock. */
  #recalled: (LastRun & { readonly catalogue: Catalogue }) | undefined;
  /** What is wrong in the zones as last read. */
  #spoilt: readonly Problem[] = [];
  #problems: readonly Problem[] = [];
  /** Whether registries that have not been looked at are waited for. */
  #isPatient = true;
  #closed = false;

  constructor(options: DiscoveryOptions) {
    const { registries, limits, addresses, services, dns, onProgress } = options;
    const query: Query = (name, type, signal) => dns.query(name, type, signal);
    const tools: WalkTools = { query, sha256hex, ...(onProgress === undefined ? {} : { progress: onProgress }) };
    const validation: Validation = { ask: demanding(dns), dnssec: dnssecTools(), now: unixSeconds };
    this.#options = options;
    this.#book = new CatalogueBook(registries, this.#memory.take);
    this.#registries = registries.map((registry) => this.#watch(registry, tools, validation));
    this.#untried = new Set(this.#registries);
    this.#turns = new Turns((error) => { this.#fail("discovery", error); }, () => { this.#noteLook(); });
    const rules: ServiceRules = { always: services?.always ?? false, resolver: services?.resolver && demanding(services.resolver) };
    const trust = (): ServiceTrust => new ServiceTrust({ registries: this.#states, rules, query, validation });
    this.#services = new ServiceWatch({ limits, addresses, trust, maxAgeSeconds: options.maxAgeSeconds ?? Infinity, onFailure: (what, error) => { this.#fail(what, error); } });
  }

  get status(): DiscoveryStatus {
    const serials = new Map(this.#served.map(({ apex, serial }) => [apex, serial]));
    return statusOf(this.#registries, serials, this.#recalledInUse, [...this.#services.failures, ...this.#problems]);
  }

  /** What is to be kept for the next start. */
  get toKeep(): Omit<KeptDiscovery, "stamp"> {
    const registries = this.#registries.flatMap(({ registry: { apex, isVouchedFor = false }, confirmedAt }) => {
      const state = this.#served.find((one) => one.apex === apex);
      return state === undefined ? [] : [{ state, confirmedAt, isVouchedFor }];
    });
    return { registries, services: this.#services.toKeep, areServicesVouchedFor: this.#areServicesVouchedFor };
  }

  /** Uses the memory of catalogues again that nobody has: neither this nor who has these. */
  reclaim(inUse: readonly Catalogue[]): void {
    this.#memory.reclaim([...inUse, this.#book.catalogue, ...(this.#published === undefined ? [] : [this.#published])]);
  }

  /** Reads everything once, as far as it can be read, and goes on by itself from there. */
  async start(): Promise<void> {
    this.#recall(this.#options.recall?.());
    this.#planServices();
    const impatient = setTimeout(() => { this.#losePatience(); }, this.#options.patienceMs ?? PATIENCE_MS);
    await Promise.all(this.#registries.map((watch) => this.#pollRegistry(watch)));
    clearTimeout(impatient);
  }

  /** Looks at a registry now: `source` says that it has changed. */
  hurry(apex: string, source: IpAddress): void {
    const watch = this.#registries.find(({ registry }) => registry.apex === apex);
    if (watch === undefined || this.#closed) return;
    watch.reader.heard?.(source);
    void this.#pollRegistry(watch);
  }

  /** Reads a service again because its QSAs do not answer; not more often than every 5 s. */
  recheckService(name: string): void {
    if (!this.#services.mayRecheck(name)) return;
    void this.#readServices([name]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { reader } of this.#registries) reader.close();
    this.#options.dns.close();
    this.#options.services?.resolver?.close();
    await this.#turns.ended();
  }

  #watch(registry: RegistryOptions, tools: WalkTools, validation: Validation): RegistryWatch {
    const walk = new WalkReader(registry, tools, validation);
    const reader = this.#options.readerOf?.(registry, walk, tools) ?? walk;
    const bounds = refreshBounds(this.#options.limits, this.#options.maxAgeSeconds ?? Infinity);
    return new RegistryWatch({ registry, reader, bounds, onFailure: (what, error) => { this.#fail(what, error); } });
  }

  #recall(recalled: Recalled | undefined): void {
    if (recalled === undefined) return;
    const { inUse, discovery } = recalled;
    this.#published = inUse?.catalogue;
    if (discovery === undefined) return this.#rememberUse(inUse);
    this.#resume(discovery);
    const states = this.#states;
    this.#settled = states;
    if (inUse !== undefined && states.length === discovery.registries.length) this.#book.resume(inUse.catalogue, states, this.#services.states);
    // What has expired is taken back only after a look: DNS may be there.
    if (states.length === 0) return;
    this.#isPatient = false;
    this.#publish();
  }

  /** A catalogue of which nothing more is known than until when it counts. */
  #rememberUse(inUse: CatalogueInUse | undefined): void {
    if (inUse === undefined) return;
    const confirmed = now() / 1e6 - Math.max(0, Date.now() - inUse.confirmedAt) / 1000;
    this.#recalled = { catalogue: inUse.catalogue, confirmed, expires: confirmed + (this.#options.maxAgeSeconds ?? Infinity) };
  }

  /** What was taken before anything had to vouch for it must not bind what is vouched for, as by its serial. */
  #resume({ registries, services, areServicesVouchedFor }: KeptDiscovery): void {
    let isTrusted = areServicesVouchedFor || !this.#areServicesVouchedFor;
    for (const watch of this.#registries) {
      const kept = registries.find(({ state }) => state.apex === watch.registry.apex);
      if (kept === undefined) continue;
      if (kept.isVouchedFor || !watch.registry.isVouchedFor) watch.resume(kept.state, kept.confirmedAt);
      else isTrusted = false;
    }
    if (isTrusted) this.#services.resume(services);
  }

  get #areServicesVouchedFor(): boolean {
    return this.#options.services?.always ?? false;
  }

  /** What fails because we stop is no news. */
  #fail(what: string, error: Error): void {
    if (!this.#closed) this.#options.onFailure(what, error);
  }

  get #recalledInUse(): LastRun | undefined {
    return this.#recalled !== undefined && this.#published === this.#recalled.catalogue ? this.#recalled : undefined;
  }

  #noteLook(): void {
    if (this.#closed) return;
    this.#noteProblems();
    this.#options.onLooked?.();
  }

  /** Once for all that ask for it before it begins: it will find what each of them has heard of. */
  async #pollRegistry(watch: RegistryWatch): Promise<void> {
    if (this.#waiting.has(watch)) return;
    this.#waiting.add(watch);
    clearTimeout(this.#timers.get(watch));
    await this.#inTurn(watch, async () => {
      this.#waiting.delete(watch);
      const hasChanged = await watch.read();
      const isFirst = this.#untried.delete(watch);
      if (hasChanged || isFirst) await this.#settle();
    });
    this.#planRegistry(watch);
  }

  /** Goes over to the registries as they are now, with the services that they name. */
  #settle(): Promise<void> {
    return this.#inTurn(this.#services, async () => {
      const states = this.#states;
      await this.#services.read(this.#services.outdated(this.#servicesOf(states)));
      this.#settled = states;
      this.#publish();
    });
  }

  #readServices(names: readonly string[]): Promise<void> {
    return this.#inTurn(this.#services, async () => {
      await this.#services.read(names);
      this.#publish();
    });
  }

  #inTurn(what: RegistryWatch | ServiceWatch, work: () => Promise<void>): Promise<void> {
    return this.#turns.take(what, async () => {
      if (!this.#closed) await work();
    });
  }

  /** Some registry takes its time: the others are published without it. */
  #losePatience(): void {
    this.#isPatient = false;
    void this.#inTurn(this.#services, () => Promise.resolve(this.#publish()));
  }

  get #states(): RegistryState[] {
    return this.#registries.flatMap(({ state }) => state ?? []);
  }

  #publish(): void {
    const registries = this.#settled;
    if (this.#mustWait || (registries.length === 0 && this.#hasNothingToTakeBack) || this.#closed) return;
    this.#services.keepOnly(new Set(this.#servicesOf([...new Set([...registries, ...this.#states])])));
    const services = this.#services.states;
    const { catalogue: made, problems } = this.#book.update(registries, services);
    // Where nothing is known any more, no address can be said to be in no MAB.
    const catalogue = registries.length === 0 ? EMPTY_CATALOGUE : made;
    this.#served = registries;
    this.#spoilt = [...registries.flatMap((state) => state.problems), ...services.flatMap((service) => service.problems), ...problems];
    this.#noteProblems();
    if (this.#published === catalogue) return;
    this.#published = catalogue;
    this.#options.onCatalogue(catalogue);
  }

  /** The services that registries name. */
  #servicesOf(registries: readonly RegistryState[]): readonly string[] {
    const { of, names } = this.#named;
    if (of.length === registries.length && of.every((state, place) => state === registries[place])) return names;
    this.#named = { of: registries, names: serviceNames(registries) };
    return this.#named.names;
  }

  /** Whether what is known is a part only: who is told that an address is in no MAB believes it for a while. */
  get #mustWait(): boolean {
    if (this.#untried.size === 0 || this.#settled.length === this.#registries.length) return false;
    return this.#recalled !== undefined || (this.#published === undefined && this.#isPatient);
  }

  /** Whether no catalogue is in use, or one of the last run that may still count although DNS has not been read since. */
  get #hasNothingToTakeBack(): boolean {
    if (this.#published === undefined) return true;
    const recalled = this.#recalledInUse;
    return recalled !== undefined && now() / 1e6 < recalled.expires;
  }

  #noteProblems(): void {
    const complaints = this.#registries.flatMap(({ registry: { apex }, complaints: said }) => said.map((problem) => ({ name: apex, problem })));
    const problems = [...complaints, ...this.#spoilt];
    if (sameProblems(this.#problems, problems)) return;
    this.#problems = problems;
    this.#options.onProblems(problems);
  }

  #planRegistry(watch: RegistryWatch): void {
    const { wait } = watch;
    if (wait > LONGEST_WAIT_SECONDS) this.#plan(watch, LONGEST_WAIT_SECONDS, () => { this.#planRegistry(watch); });
    else this.#plan(watch, wait, () => void this.#pollRegistry(watch));
  }

  #planServices(): void {
    this.#plan(this.#services, jittered(Math.min(5, this.#options.limits.serviceTtlMinSeconds)), () => void this.#refreshServices());
  }

  async #refreshServices(): Promise<void> {
    const { due } = this.#services;
    if (due.length > 0) await this.#readServices(due);
    this.#planServices();
  }

  /** In place of what was planned for it before. */
  #plan(what: RegistryWatch | ServiceWatch, seconds: number, work: () => void): void {
    clearTimeout(this.#timers.get(what));
    if (!this.#closed) this.#timers.set(what, setTimeout(work, seconds * 1000));
  }
}

function demanding(dns: DnsClient): DemandingQuery {
  return (name, type, demand, signal) => dns.queryWith(name, type, demand, signal);
}
