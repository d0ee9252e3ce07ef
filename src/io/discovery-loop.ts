import type { IpAddress } from "../address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import { sameProblems } from "../dns/discovery/change.ts";
import { CatalogueBook, serviceNames } from "../dns/discovery/catalogue-book.ts";
import type { AddressPolicy } from "../dns/discovery/service.ts";
import { type ServiceRules, ServiceTrust } from "../dns/discovery/service-trust.ts";
import type { DemandingQuery, Problem, Query, RegistryOptions, RegistryState, Validation, WalkProgress, WalkTools } from "../dns/discovery/types.ts";
import type { KeptDiscovery } from "./discovery-file.ts";
import { now } from "./clock.ts";
import type { DnsClient } from "./dns-client.ts";
import { dnssecTools } from "./dnssec-verifier.ts";
import { sha256hex } from "./hash.ts";
import { jittered } from "./pacing.ts";
import { type RegistryReader, WalkReader } from "./registry-reader.ts";
import { type RefreshLimits, RegistryWatch, refreshBounds } from "./registry-watch.ts";
import { type ServiceLimits, ServiceWatch } from "./service-watch.ts";
import { unixSeconds } from "./signed-query.ts";

export interface DiscoveryOptions {
  readonly registries: readonly RegistryOptions[];
  readonly limits: RefreshLimits & ServiceLimits;
  readonly addresses: AddressPolicy;
  /** Whether something must vouch for every service, not only where a registry has DS data; a resolver whose word is taken for that. */
  readonly services?: { readonly always: boolean; readonly resolver: DnsClient | undefined };
  readonly dns: DnsClient;
  /** How a registry is read; by query walk where nothing else is said. `walk` does that. */
  readonly readerOf?: (registry: RegistryOptions, walk: RegistryReader, tools: Omit<WalkTools, "query">) => RegistryReader;
  /** Told of each catalogue that differs from the one before. */
  readonly onCatalogue: (catalogue: Catalogue) => void;
  /** Told of everything that is wrong in DNS, when that differs from what was before. */
  readonly onProblems: (problems: readonly Problem[]) => void;
  /** Told why a registry or service could not be read; what was known of it stays. */
  readonly onFailure: (what: string, error: Error) => void;
  readonly onProgress?: (progress: WalkProgress) => void;
  /** Told when something has been read, or could not be: `status` is another one now. */
  readonly onLooked?: () => void;
  /** Gives what was known when this program ended last. */
  readonly recall?: () => Recalled | undefined;
  /** For how long a registry that cannot be read counts as it was; seconds. */
  readonly maxAgeSeconds?: number;
}

export interface Recalled {
  readonly inUse: CatalogueInUse | undefined;
  /** What that was made of, where it could be read too; without a catalogue in use one is made of it. */
  readonly discovery: KeptDiscovery | undefined;
}

/** A catalogue that serves already, and when DNS had confirmed it; milliseconds of Date. */
export interface CatalogueInUse {
  readonly catalogue: Catalogue;
  readonly confirmedAt: number;
}

export interface DiscoveryStatus {
  readonly serials: Readonly<Record<string, number>>;
  /** How each registry was read last. */
  readonly sources: Readonly<Record<string, string>>;
  /** When the present catalogue was confirmed last, in milliseconds of Date. */
  readonly confirmedAt: number;
  readonly problems: readonly Problem[];
}

const LONGEST_WAIT_SECONDS = 60;

/** Keeps the catalogue as DNS has it: looks at each registry as its SOA asks, or when told to, and at services by their TTL. */
export class DiscoveryLoop {
  readonly #options: DiscoveryOptions;
  readonly #registries: readonly RegistryWatch[];
  readonly #services: ServiceWatch;
  readonly #book: CatalogueBook;
  /** Of which a look has been asked for, and not begun. */
  readonly #waiting = new Set<RegistryWatch>();
  /** The next look at each registry, and at services that are due. */
  readonly #timers = new Map<RegistryWatch | ServiceWatch, NodeJS.Timeout>();
  #published: Catalogue | undefined;
  /** The catalogue of the last run, where nothing is known of what it was made of, and until when it counts; seconds of our clock. */
  #recalled: { readonly catalogue: Catalogue; readonly expires: number } | undefined;
  /** What is wrong in the zones as last read. */
  #spoilt: readonly Problem[] = [];
  #problems: readonly Problem[] = [];
  #closed = false;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DiscoveryOptions) {
    const { registries, limits, addresses, services, dns, onProgress } = options;
    const query: Query = (name, type, signal) => dns.query(name, type, signal);
    const tools: WalkTools = { query, sha256hex, ...(onProgress === undefined ? {} : { progress: onProgress }) };
    const validation: Validation = { ask: demanding(dns), dnssec: dnssecTools(), now: unixSeconds };
    this.#options = options;
    this.#book = new CatalogueBook(registries);
    this.#registries = registries.map((registry) => this.#watch(registry, tools, validation));
    const rules: ServiceRules = { always: services?.always ?? false, resolver: services?.resolver && demanding(services.resolver) };
    const trust = (): ServiceTrust => new ServiceTrust({ registries: this.#states, rules, query, validation });
    this.#services = new ServiceWatch({ limits, addresses, trust, maxAgeSeconds: options.maxAgeSeconds ?? Infinity, onFailure: (what, error) => { this.#fail(what, error); } });
  }

  get status(): DiscoveryStatus {
    const known = this.#registries.flatMap(({ state, reader: { source } }) => (state === undefined ? [] : [{ ...state, source }]));
    const failures = this.#registries.flatMap(({ registry: { apex }, failure }) => (failure === undefined ? [] : [{ name: apex, problem: `stays as it was: ${failure}` }]));
    return {
      serials: Object.fromEntries(known.map(({ apex, serial }) => [apex, serial])),
      sources: Object.fromEntries(known.map(({ apex, source }) => [apex, source])),
      confirmedAt: Math.min(...this.#registries.map(({ confirmedAt }) => confirmedAt)),
      problems: [...failures, ...this.#services.failures, ...this.#problems],
    };
  }

  /** What is to be kept for the next start. */
  get toKeep(): Omit<KeptDiscovery, "stamp"> {
    const registries = this.#registries.flatMap(({ registry: { isVouchedFor = false }, state, confirmedAt }) => (state === undefined ? [] : [{ state, confirmedAt, isVouchedFor }]));
    return { registries, services: this.#services.toKeep, areServicesVouchedFor: this.#areServicesVouchedFor };
  }

  /** Reads everything once, as far as it can be read, and goes on by itself from there. */
  async start(): Promise<void> {
    this.#recall(this.#options.recall?.());
    await this.#exclusively(async () => {
      await Promise.all(this.#registries.map((watch) => watch.read()));
      await this.#services.read(this.#wantedServices());
      this.#publish();
    });
    for (const watch of this.#registries) this.#planRegistry(watch);
    this.#planServices();
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
    void this.#exclusively(async () => {
      await this.#services.read([name]);
      this.#publish();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { reader } of this.#registries) reader.close();
    this.#options.dns.close();
    this.#options.services?.resolver?.close();
    await this.#working;
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
    if (inUse !== undefined && states.length === discovery.registries.length) this.#book.resume(inUse.catalogue, states, this.#services.states);
    // What has expired is taken back only after a look: DNS may be there.
    if (states.length > 0) this.#publish();
  }

  /** A catalogue of which nothing more is known than until when it counts. */
  #rememberUse(inUse: CatalogueInUse | undefined): void {
    if (inUse === undefined) return;
    const age = Math.max(0, Date.now() - inUse.confirmedAt) / 1000;
    this.#recalled = { catalogue: inUse.catalogue, expires: now() / 1e6 + (this.#options.maxAgeSeconds ?? Infinity) - age };
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

  /** One piece of work at a time: a catalogue is built from states that belong together. */
  #exclusively(work: () => Promise<void>): Promise<void> {
    this.#working = this.#inTurn(this.#working, work);
    return this.#working;
  }

  async #inTurn(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before;
    if (this.#closed) return;
    try {
      await work();
    } catch (error) {
      this.#fail("discovery", error as Error);
    }
    if (this.#closed) return;
    this.#noteProblems();
    this.#options.onLooked?.();
  }

  /** Once for all that ask for it before it begins: it will find what each of them has heard of. */
  async #pollRegistry(watch: RegistryWatch): Promise<void> {
    if (this.#waiting.has(watch)) return;
    this.#waiting.add(watch);
    clearTimeout(this.#timers.get(watch));
    await this.#exclusively(async () => {
      this.#waiting.delete(watch);
      if (!(await watch.read())) return;
      await this.#services.read(this.#services.outdated(this.#wantedServices()));
      this.#publish();
    });
    this.#planRegistry(watch);
  }

  get #states(): RegistryState[] {
    return this.#registries.flatMap(({ state }) => state ?? []);
  }

  #wantedServices(): string[] {
    return serviceNames(this.#states);
  }

  #publish(): void {
    const registries = this.#states;
    if ((registries.length === 0 && this.#hasNothingToTakeBack) || this.#closed) return;
    this.#services.keepOnly(new Set(this.#wantedServices()));
    const services = this.#services.states;
    const { catalogue: made, problems } = this.#book.update(registries, services);
    // Where nothing is known any more, no address can be said to be in no MAB.
    const catalogue = registries.length === 0 ? EMPTY_CATALOGUE : made;
    this.#spoilt = [...registries.flatMap((state) => state.problems), ...services.flatMap((service) => service.problems), ...problems];
    this.#noteProblems();
    if (this.#published === catalogue) return;
    this.#published = catalogue;
    this.#options.onCatalogue(catalogue);
  }

  /** Whether no catalogue is in use, or one of the last run that may still count although DNS has not been read since. */
  get #hasNothingToTakeBack(): boolean {
    if (this.#published === undefined) return true;
    return this.#recalled !== undefined && this.#published === this.#recalled.catalogue && now() / 1e6 < this.#recalled.expires;
  }

  #noteProblems(): void {
    const complaints = this.#registries.flatMap(({ registry: { apex }, complaints: said }) => said.map((problem) => ({ name: apex, problem })));
    const problems = [...complaints, ...this.#spoilt];
    if (sameProblems(this.#problems, problems)) return;
    this.#problems = problems;
    this.#options.onProblems(problems);
  }

  /** In short waits: a timer does not count the time for which the machine was suspended. */
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
    if (due.length > 0) {
      await this.#exclusively(async () => {
        await this.#services.read(due);
        this.#publish();
      });
    }
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
