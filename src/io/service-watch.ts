import { type AddressPolicy, readService } from "../dns/discovery/service.ts";
import type { ServiceTrust } from "../dns/discovery/service-trust.ts";
import type { Problem, ServiceState } from "../dns/discovery/types.ts";
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
}

const RECHECK_SECONDS = 5;

/** The services that registries name: what is known of each, and when it is to be read again. */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  readonly #states = new Map<string, ServiceState>();
  /** On the clock of performance.now. */
  readonly #due = new Map<string, number>();
  readonly #rechecked = new Map<string, number>();
  /** By whose word each was read last. */
  readonly #marks = new Map<string, string>();
  /** Why a service could not be read the last time. */
  readonly #failures = new Map<string, string>();

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
  }

  get states(): ServiceState[] {
    return [...this.#states.values()];
  }

  /** Services that stay as they were. */
  get failures(): Problem[] {
    return Array.from(this.#failures, ([name, failure]) => ({ name, problem: `stays as it was: ${failure}` }));
  }

  /** Goes on from what was known before. */
  resume(states: readonly ServiceState[]): void {
    for (const state of states) this.#states.set(state.name, state);
  }

  /** Of these, those that are not known, or known on the word of others than vouch for them now. */
  outdated(names: readonly string[]): string[] {
    const trust = this.#options.trust();
    return names.filter((name) => !this.#states.has(name) || this.#marks.get(name) !== trust.markOf(name));
  }

  /** Those whose TTL is over. */
  get due(): string[] {
    const now = performance.now();
    return [...this.#due].filter(([, at]) => at <= now).map(([name]) => name);
  }

  /** Whether a service may be read out of its turn: not more often than every 5 s. */
  mayRecheck(name: string): boolean {
    const now = performance.now();
    if (now - (this.#rechecked.get(name) ?? -Infinity) < RECHECK_SECONDS * 1000) return false;
    this.#rechecked.set(name, now);
    return true;
  }

  /** Those that cannot be read stay as they were, and are due again soon. */
  async read(names: readonly string[]): Promise<void> {
    const trust = this.#options.trust();
    await Promise.all(names.map((name) => this.#read(name, trust)));
  }

  keepOnly(wanted: ReadonlySet<string>): void {
    for (const kept of [this.#states, this.#due, this.#rechecked, this.#marks, this.#failures]) for (const name of kept.keys()) if (!wanted.has(name)) kept.delete(name);
  }

  async #read(name: string, trust: ReturnType<ServiceWatchOptions["trust"]>): Promise<void> {
    const { addresses, limits, onFailure } = this.#options;
    this.#marks.set(name, trust.markOf(name));
    try {
      this.#states.set(name, await readService(name, addresses, await trust.queryFor(name)));
      this.#failures.delete(name);
    } catch (error) {
      this.#failures.set(name, (error as Error).message);
      onFailure(name, error as Error);
      if (!this.#states.has(name)) this.#states.set(name, { name, servers: [], ttl: 0, problems: [] });
    }
    const wanted = this.#failures.has(name) ? 0 : this.#states.get(name)!.ttl;
    const ttl = clamp(wanted, limits.serviceTtlMinSeconds, limits.serviceTtlMaxSeconds);
    this.#due.set(name, performance.now() + jittered(ttl) * 1000);
  }
}
