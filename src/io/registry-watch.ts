import type { RegistryOptions, RegistryState } from "../dns/discovery/types.ts";
import { DEFAULT_BOUNDS, type RefreshBounds, type RefreshState, type SoaTimes, failed, hasExpired, refreshed, refreshedInPart, unknownZone } from "../dns/transfer/index.ts";
import { now } from "./clock.ts";
import { nextU32 } from "./random.ts";
import type { RegistryReader } from "./registry-reader.ts";

/** Bounds of the times that registries ask for, in seconds. */
export interface RefreshLimits {
  readonly refreshMinSeconds: number;
  readonly refreshMaxSeconds: number;
}

/** Bounds for the SOA of a registry; `maxAgeSeconds`: for how long it counts at most as it was when it cannot be read. */
export function refreshBounds({ refreshMinSeconds, refreshMaxSeconds }: RefreshLimits, maxAgeSeconds: number): RefreshBounds {
  const { retryMin, expireMin } = DEFAULT_BOUNDS;
  return {
    refreshMin: refreshMinSeconds,
    refreshMax: refreshMaxSeconds,
    retryMin: Math.min(retryMin, refreshMinSeconds),
    retryMax: refreshMaxSeconds,
    expireMin: Math.min(expireMin, maxAgeSeconds),
    expireMax: maxAgeSeconds,
  };
}

export interface RegistryWatchOptions {
  readonly registry: RegistryOptions;
  readonly reader: RegistryReader;
  readonly bounds: RefreshBounds;
  readonly onFailure: (what: string, error: Error) => void;
  /** Seconds on a clock that never steps, and counts the time for which the machine was suspended. */
  readonly clock?: () => number;
}

/** How it stands with one registry. Seconds from now; null where there is nothing to say. */
export interface RegistryStanding {
  readonly apex: string;
  /** Of what is known of it. */
  readonly serial: number | null;
  /** How it was read last, since the start. */
  readonly source: string | null;
  /** Since DNS last said that it is so. */
  readonly ageSeconds: number | null;
  /** Until what is known of it counts no more, if DNS does not confirm it. */
  readonly expiresInSeconds: number | null;
  /** Since when it cannot be read, and how often that has been tried. */
  readonly failingSeconds: number | null;
  readonly failures: number;
  readonly nextLookInSeconds: number;
}

/** One registry: what is known of it, since when and until when, and why it could not be read the last time. */
export class RegistryWatch {
  readonly registry: RegistryOptions;
  readonly reader: RegistryReader;
  readonly #bounds: RefreshBounds;
  readonly #onFailure: (what: string, error: Error) => void;
  readonly #clock: () => number;
  /** As last read; undefined before that, and when that is too long ago. */
  state: RegistryState | undefined;
  failure: string | undefined;
  /** How it was read last, and what did not go as it should: not of a reading that goes on. */
  #source: string | undefined;
  #complaints: readonly string[] = [];
  #timer: RefreshState;
  /** When DNS last said that it is so, on our clock: the time of day may step, as at the first word of NTP. */
  #confirmed: number | undefined;
  /** The first of the failures that have followed. */
  #failing: number | undefined;

  constructor({ registry, reader, bounds, onFailure, clock = () => now() / 1e6 }: RegistryWatchOptions) {
    this.registry = registry;
    this.reader = reader;
    this.#bounds = bounds;
    this.#onFailure = onFailure;
    this.#clock = clock;
    this.#timer = unknownZone(clock());
  }

  /** What did not go as it should, where it was read all the same. */
  get complaints(): readonly string[] {
    return this.failure === undefined ? this.#complaints : [];
  }

  /** How it was read last, for people. */
  get source(): string {
    return this.#source ?? "the last run";
  }

  get standing(): RegistryStanding {
    const { expires, failures } = this.#timer;
    return {
      apex: this.registry.apex,
      serial: this.state?.serial ?? null,
      source: this.#source ?? null,
      ageSeconds: this.#since(this.#confirmed),
      expiresInSeconds: this.state === undefined || expires === Infinity ? null : Math.max(0, expires - this.#clock()),
      failingSeconds: this.#since(this.#failing),
      failures,
      nextLookInSeconds: this.wait,
    };
  }

  /** Seconds until it is to be looked at again. */
  get wait(): number {
    return Math.max(0, this.#timer.due - this.#clock());
  }

  /** When DNS last said that it is so, in milliseconds of Date; 0: never. */
  get confirmedAt(): number {
    return this.#confirmed === undefined ? 0 : Math.round(Date.now() - (this.#clock() - this.#confirmed) * 1000);
  }

  /** Goes on from what was known before, unless that has expired. `confirmedAt`: milliseconds of Date; what is still to come counts as now. */
  resume(state: RegistryState, confirmedAt: number): void {
    const confirmed = this.#clock() - Math.max(0, Date.now() - confirmedAt) / 1000;
    const timer = refreshed(confirmed, state, this.#bounds, 0);
    if (hasExpired(timer, this.#clock())) return;
    this.#timer = timer;
    this.#confirmed = confirmed;
    this.state = state;
  }

  /** True when the state is another one now, or none is known. */
  async read(): Promise<boolean> {
    const before = this.state;
    try {
      this.state = await this.reader.read(before);
      this.#source = this.reader.source;
      this.#complaints = this.reader.complaints;
      this.#confirm(this.state, this.state.settled);
      return this.state !== before;
    } catch (error) {
      this.#timer = failed(this.#timer, this.#clock(), this.#bounds, random());
      this.failure = (error as Error).message;
      this.#failing ??= this.#clock();
      this.#onFailure(this.registry.apex, error as Error);
      return this.#forgetIfExpired();
    }
  }

  #confirm(times: SoaTimes, isWhole: boolean): void {
    this.#confirmed = this.#clock();
    this.#timer = (isWhole ? refreshed : refreshedInPart)(this.#confirmed, times, this.#bounds, random());
    this.failure = undefined;
    this.#failing = undefined;
  }

  #since(time: number | undefined): number | null {
    return time === undefined ? null : this.#clock() - time;
  }

  /** What has not been confirmed for too long counts no more: its MABs may have gone elsewhere. */
  #forgetIfExpired(): boolean {
    if (this.state === undefined) return true;
    if (!hasExpired(this.#timer, this.#clock())) return false;
    this.state = undefined;
    this.#onFailure(this.registry.apex, new Error(`not confirmed since ${new Date(this.confirmedAt).toISOString()}: what was known of it is forgotten`));
    return true;
  }
}

function random(): number {
  return nextU32() / 2 ** 32;
}
