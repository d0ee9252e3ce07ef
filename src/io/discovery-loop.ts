import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import { sameProblems } from "../dns/discovery/change.ts";
import { CatalogueBook, serviceNames } from "../dns/discovery/catalogue-book.ts";
import { type AddressPolicy, readService } from "../dns/discovery/service.ts";
import type { Problem, Query, RegistryOptions, RegistryState, ServiceState, WalkProgress, WalkTools } from "../dns/discovery/types.ts";
import type { KeptDiscovery } from "./discovery-file.ts";
import type { DnsClient } from "./dns-client.ts";
import { sha256hex } from "./hash.ts";
import { nextU32 } from "./random.ts";
import { type RegistryReader, WalkReader } from "./registry-reader.ts";

/** Bounds of the times that zones ask for, in seconds. */
export interface RefreshLimits {
  readonly refreshMinSeconds: number;
  readonly refreshMaxSeconds: number;
  readonly serviceTtlMinSeconds: number;
  readonly serviceTtlMaxSeconds: number;
}

export interface DiscoveryOptions {
  readonly registries: readonly RegistryOptions[];
  readonly limits: RefreshLimits;
  readonly addresses: AddressPolicy;
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
  /** Gives what was known when this program ended last. */
  readonly recall?: () => Recalled | undefined;
  /** For how long a registry that cannot be read counts as it was; seconds. */
  readonly maxAgeSeconds?: number;
}

export interface Recalled {
  /** In use already, and when DNS had confirmed it; milliseconds of Date. */
  readonly catalogue: Catalogue;
  readonly confirmedAt: number;
  /** What it was made of, where that could be read too. */
  readonly discovery: KeptDiscovery | undefined;
}

export interface DiscoveryStatus {
  readonly serials: Readonly<Record<string, number>>;
  /** How each registry was read last. */
  readonly sources: Readonly<Record<string, string>>;
  /** When the present catalogue was confirmed last, in milliseconds of Date. */
  readonly confirmedAt: number;
  readonly problems: readonly Problem[];
}

const FIRST_RETRY_SECONDS = 1;
const RECHECK_SECONDS = 5;

interface RegistryWatch {
  readonly options: RegistryOptions;
  /** As last read; undefined before that, and when that is too long ago. */
  state: RegistryState | undefined;
  /** When DNS last said that it is so; milliseconds of Date. */
  confirmedAt: number;
  failures: number;
  /** Why it could not be read the last time. */
  failure: string | undefined;
  readonly reader: RegistryReader;
  timer: NodeJS.Timeout | undefined;
}

/** Keeps the catalogue as DNS has it: looks at each registry as its SOA asks, or when told to, and at services by their TTL. */
export class DiscoveryLoop {
  readonly #options: DiscoveryOptions;
  readonly #registries: RegistryWatch[];
  readonly #services = new Map<string, ServiceState>();
  readonly #serviceDue = new Map<string, number>();
  readonly #rechecked = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #tools: WalkTools;
  readonly #book: CatalogueBook;
  #published: Catalogue | undefined;
  #recalled: Recalled | undefined;
  #problems: readonly Problem[] = [];
  #closed = false;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#book = new CatalogueBook(options.registries);
    const query: Query = (name, type, signal) => options.dns.query(name, type, signal);
    this.#tools = { query, sha256hex, ...(options.onProgress === undefined ? {} : { progress: options.onProgress }) };
    this.#registries = options.registries.map((registry) => this.#watch(registry));
  }

  get status(): DiscoveryStatus {
    const known = this.#registries.flatMap(({ state }) => (state === undefined ? [] : [state]));
    return {
      serials: Object.fromEntries(known.map(({ apex, serial }) => [apex, serial])),
      sources: Object.fromEntries(this.#registries.flatMap(({ state, reader }) => (state === undefined ? [] : [[state.apex, reader.source]]))),
      confirmedAt: Math.min(...this.#registries.map(({ confirmedAt }) => confirmedAt)),
      problems: [...this.#registries.flatMap(({ options: { apex }, failure }) => (failure === undefined ? [] : [{ name: apex, problem: `stays as it was: ${failure}` }])), ...this.#problems],
    };
  }

  /** What is to be kept for the next start. */
  get toKeep(): Omit<KeptDiscovery, "stamp"> {
    const registries = this.#registries.flatMap(({ state, confirmedAt }) => (state === undefined ? [] : [{ state, confirmedAt }]));
    return { registries, services: [...this.#services.values()] };
  }

  /** Reads everything once, as far as it can be read, and goes on by itself from there. */
  async start(): Promise<void> {
    this.#recall(this.#options.recall?.());
    await this.#exclusively(async () => {
      await Promise.all(this.#registries.map((watch) => this.#readRegistry(watch)));
      await this.#readServices(this.#wantedServices());
      this.#publish();
    });
    for (const watch of this.#registries) this.#planRegistry(watch);
    this.#planServices();
  }

  #recall(recalled: Recalled | undefined): void {
    if (recalled === undefined) return;
    this.#recalled = recalled;
    this.#published = recalled.catalogue;
    const { registries = [], services = [] } = recalled.discovery ?? {};
    for (const watch of this.#registries) {
      const kept = registries.find(({ state }) => state.apex === watch.options.apex);
      if (kept !== undefined && this.#isYoung(kept.confirmedAt)) Object.assign(watch, kept);
    }
    for (const service of services) this.#services.set(service.name, service);
    const states = this.#registries.flatMap(({ state }) => state ?? []);
    if (recalled.discovery !== undefined && states.length === registries.length) this.#book.resume(recalled.catalogue, states, services);
    this.#publish();
  }

  #isYoung(confirmedAt: number): boolean {
    return Date.now() - confirmedAt < (this.#options.maxAgeSeconds ?? Infinity) * 1000;
  }

  /** Looks at a registry now: it is said to have changed. */
  hurry(apex: string): void {
    const watch = this.#registries.find(({ options }) => options.apex === apex);
    if (watch !== undefined && !this.#closed) void this.#pollRegistry(watch);
  }

  /** Reads a service again because its QSAs do not answer; not more often than every 5 s. */
  recheckService(name: string): void {
    const now = performance.now();
    if (now - (this.#rechecked.get(name) ?? -Infinity) < RECHECK_SECONDS * 1000) return;
    this.#rechecked.set(name, now);
    void this.#exclusively(async () => {
      await this.#readServices([name]);
      this.#publish();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { reader } of this.#registries) reader.close();
    this.#options.dns.close();
    await this.#working;
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
  }

  #watch(options: RegistryOptions): RegistryWatch {
    const walk = new WalkReader(options, this.#tools);
    const reader = this.#options.readerOf?.(options, walk, this.#tools) ?? walk;
    return { options, state: undefined, confirmedAt: 0, failures: 0, failure: undefined, reader, timer: undefined };
  }

  async #pollRegistry(watch: RegistryWatch): Promise<void> {
    clearTimeout(watch.timer);
    await this.#exclusively(async () => {
      if (await this.#readRegistry(watch)) {
        const known = this.#wantedServices().filter((name) => !this.#services.has(name));
        await this.#readServices(known);
        this.#publish();
      }
    });
    this.#planRegistry(watch);
  }

  /** True when the state is another one now. */
  async #readRegistry(watch: RegistryWatch): Promise<boolean> {
    const { options, state, reader } = watch;
    try {
      watch.state = await reader.read(state);
      watch.failures = 0;
      watch.failure = undefined;
      watch.confirmedAt = Date.now();
      return watch.state !== state;
    } catch (error) {
      watch.failures++;
      watch.failure = (error as Error).message;
      this.#fail(options.apex, error as Error);
      return this.#forgetIfOld(watch);
    }
  }

  /** What has not been confirmed for too long counts no more: its MABs may have gone elsewhere. True when nothing is known. */
  #forgetIfOld(watch: RegistryWatch): boolean {
    if (watch.state === undefined) return true;
    if (this.#isYoung(watch.confirmedAt)) return false;
    watch.state = undefined;
    this.#fail(watch.options.apex, new Error(`not confirmed since ${new Date(watch.confirmedAt).toISOString()}: what was known of it is forgotten`));
    return true;
  }

  #wantedServices(): string[] {
    return serviceNames(this.#registries.flatMap(({ state }) => (state === undefined ? [] : [state])));
  }

  async #readServices(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        try {
          this.#services.set(name, await readService(name, this.#options.addresses, this.#tools.query));
        } catch (error) {
          this.#fail(name, error as Error);
          if (!this.#services.has(name)) this.#services.set(name, { name, servers: [], ttl: 0, problems: [] });
        }
        const { serviceTtlMinSeconds, serviceTtlMaxSeconds } = this.#options.limits;
        const ttl = clamp(this.#services.get(name)!.ttl, serviceTtlMinSeconds, serviceTtlMaxSeconds);
        this.#serviceDue.set(name, performance.now() + jittered(ttl) * 1000);
      }),
    );
  }

  #publish(): void {
    const registries = this.#registries.flatMap(({ state }) => (state === undefined ? [] : [state]));
    if ((registries.length === 0 && this.#hasNothingToTakeBack) || this.#closed) return;
    const wanted = new Set(this.#wantedServices());
    for (const name of this.#services.keys()) if (!wanted.has(name)) this.#forgetService(name);
    const services = [...this.#services.values()];
    const { catalogue: made, problems } = this.#book.update(registries, services);
    // Where nothing is known any more, no address can be said to be in no MAB.
    const catalogue = registries.length === 0 ? EMPTY_CATALOGUE : made;
    this.#noteProblems([...registries.flatMap((state) => state.problems), ...services.flatMap((service) => service.problems), ...problems]);
    if (this.#published === catalogue) return;
    this.#published = catalogue;
    this.#options.onCatalogue(catalogue);
  }

  /** Whether no catalogue is in use, or one of the last run that may still count although DNS has not been read since. */
  get #hasNothingToTakeBack(): boolean {
    return this.#published === undefined || (this.#published === this.#recalled?.catalogue && this.#isYoung(this.#recalled.confirmedAt));
  }

  #noteProblems(problems: readonly Problem[]): void {
    if (sameProblems(this.#problems, problems)) return;
    this.#problems = problems;
    this.#options.onProblems(problems);
  }

  #forgetService(name: string): void {
    this.#services.delete(name);
    this.#serviceDue.delete(name);
    this.#rechecked.delete(name);
  }

  #planRegistry(watch: RegistryWatch): void {
    const { refreshMinSeconds, refreshMaxSeconds } = this.#options.limits;
    const { state, failures } = watch;
    const whenWell = state?.settled === false ? state.retry : (state?.refresh ?? 0);
    const wanted = failures === 0 ? whenWell : Math.min(state?.retry ?? refreshMaxSeconds, FIRST_RETRY_SECONDS * 2 ** Math.min(failures, 16));
    const least = failures === 0 ? refreshMinSeconds : FIRST_RETRY_SECONDS;
    clearTimeout(watch.timer);
    watch.timer = this.#after(clamp(wanted, least, refreshMaxSeconds), () => void this.#pollRegistry(watch));
  }

  #planServices(): void {
    this.#after(Math.min(5, this.#options.limits.serviceTtlMinSeconds), () => void this.#refreshServices());
  }

  async #refreshServices(): Promise<void> {
    const now = performance.now();
    const due = [...this.#serviceDue].filter(([, at]) => at <= now).map(([name]) => name);
    await this.#exclusively(async () => {
      await this.#readServices(due);
      if (due.length > 0) this.#publish();
    });
    this.#planServices();
  }

  #after(seconds: number, work: () => void): NodeJS.Timeout | undefined {
    if (this.#closed) return undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, jittered(seconds) * 1000);
    this.#timers.add(timer);
    return timer;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Up to a tenth less, so that many QSRs do not ask in step. */
function jittered(seconds: number): number {
  return seconds * (0.9 + (0.1 * nextU32()) / 2 ** 32);
}
