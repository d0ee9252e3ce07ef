import { type AddressPolicy, addressFault, readService } from "../dns/discovery/service.ts";
import type { ServiceTrust } from "../dns/discovery/service-trust.ts";
import type { Problem, ServiceState } from "../dns/discovery/types.ts";
import { now } from "./clock.ts";
import type { KeptService } from "./discovery-file.ts";
import { clamp, jittered } from "./pacing.ts";

/** Bounds of the TTLs that services have, in seconds. */
export interface ServiceLimits {
  readonly serviceTtlMinSeconds: number;
  readonly serviceTtlMaxSeconds: number;
}

export interface ServiceWatchOptions {
  readonly limits: ServiceLimits;
  readonly addresses: AddressPolicy;
  /** How services are asked for now. */
  readonly trust: () => Pick<ServiceTrust, "queryFor" | "markOf">;
  readonly onFailure: (what: string, error: Error) => void;
  /** For how long a service that cannot be read counts as it was; seconds. */
  readonly maxAgeSeconds?: number;
  /** Seconds on a clock that never steps, and counts the time for which the machine was suspended. */
  readonly clock?: () => number;
}

const RECHECK_SECONDS = 5;

/** The services that registries name: what is known of each, and when it is to be read again. */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  readonly #clock: () => number;
  readonly #states = new Map<string, ServiceState>();
  /** When DNS last said that it is so, when it is to be asked again, and when it was asked out of turn: on our clock. */
  readonly #confirmed = new Map<string, number>();
  readonly #due = new Map<string, number>();
  readonly #rechecked = new Map<string, number>();
  /** By whose word each was read last. */
  readonly #marks = new Map<string, string>();
  /** Why a service could not be read the last time. */
  readonly #failures = new Map<string, string>();

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => now() / 1e6);
  }

  get states(): ServiceState[] {
    return [...this.#states.values()];
  }

  /** Services that stay as they were. */
  get failures(): Problem[] {
    return Array.from(this.#failures, ([name, failure]) => ({ name, problem: `${this.#confirmed.has(name) ? "stays as it was" : "has no QSAs"}: ${failure}` }));
  }

  /** What is to be kept for the next start. */
  get toKeep(): KeptService[] {
    return Array.from(this.#confirmed, ([name, confirmed]) => ({ state: this.#states.get(name)!, confirmedAt: Math.round(Date.now() - (this.#clock() - confirmed) * 1000) }));
  }

  /** Goes on from what was known before, but for what is too old, and for QSAs whose address is not allowed now. */
  resume(services: readonly KeptService[]): void {
    for (const { state, confirmedAt } of services) {
      const confirmed = this.#clock() - Math.max(0, Date.now() - confirmedAt) / 1000;
      if (this.#isTooOld(confirmed)) continue;
      this.#states.set(state.name, allowedOf(state, this.#options.addresses));
      this.#confirmed.set(state.name, confirmed);
    }
  }

  /** Of these, those that are not known, or known on the word of others than vouch for them now. */
  outdated(names: readonly string[]): string[] {
    const trust = this.#options.trust();
    return names.filter((name) => !this.#states.has(name) || this.#marks.get(name) !== trust.markOf(name));
  }

  /** Those whose TTL is over. */
  get due(): string[] {
    const time = this.#clock();
    return [...this.#due].filter(([, at]) => at <= time).map(([name]) => name);
  }

  /** Whether a service may be read out of its turn: not more often than every 5 s. */
  mayRecheck(name: string): boolean {
    const time = this.#clock();
    if (time - (this.#rechecked.get(name) ?? -Infinity) < RECHECK_SECONDS) return false;
    this.#rechecked.set(name, time);
    return true;
  }

  /** Those that cannot be read stay as they were, and are due again soon. */
  async read(names: readonly string[]): Promise<void> {
    const trust = this.#options.trust();
    await Promise.all(names.map((name) => this.#read(name, trust)));
  }

  keepOnly(wanted: ReadonlySet<string>): void {
    for (const kept of [this.#states, this.#confirmed, this.#due, this.#rechecked, this.#marks, this.#failures]) for (const name of kept.keys()) if (!wanted.has(name)) kept.delete(name);
  }

  async #read(name: string, trust: ReturnType<ServiceWatchOptions["trust"]>): Promise<void> {
    const { addresses, limits, onFailure } = this.#options;
    this.#marks.set(name, trust.markOf(name));
    try {
      this.#states.set(name, await readService(name, addresses, await trust.queryFor(name)));
      this.#confirmed.set(name, this.#clock());
      this.#failures.delete(name);
    } catch (error) {
      this.#forgetIfTooOld(name);
      this.#failures.set(name, (error as Error).message);
      onFailure(name, error as Error);
      if (!this.#states.has(name)) this.#states.set(name, { name, servers: [], ttl: 0, problems: [] });
    }
    const wanted = this.#failures.has(name) ? 0 : this.#states.get(name)!.ttl;
    const ttl = clamp(wanted, limits.serviceTtlMinSeconds, limits.serviceTtlMaxSeconds);
    this.#due.set(name, this.#clock() + jittered(ttl));
  }

  /** QSAs that nobody has confirmed for too long may be somebody else's. */
  #forgetIfTooOld(name: string): void {
    const confirmed = this.#confirmed.get(name);
    if (confirmed === undefined || !this.#isTooOld(confirmed)) return;
    this.#confirmed.delete(name);
    this.#states.delete(name);
  }

  #isTooOld(confirmed: number): boolean {
    return this.#clock() - confirmed >= (this.#options.maxAgeSeconds ?? Infinity);
  }
}

/** The same where nothing is left out. */
function allowedOf(state: ServiceState, addresses: AddressPolicy): ServiceState {
  const servers = state.servers.filter(({ address }) => addressFault(address, addresses) === undefined);
  return servers.length === state.servers.length ? state : { ...state, servers };
}
