import type { RegistryOptions, RegistryState } from "../dns/discovery/types.ts";
import { clamp } from "./pacing.ts";
import type { RegistryReader } from "./registry-reader.ts";

/** Bounds of the times that registries ask for, in seconds. */
export interface RefreshLimits {
  readonly refreshMinSeconds: number;
  readonly refreshMaxSeconds: number;
}

const FIRST_RETRY_SECONDS = 1;

/** One registry: what is known of it, since when, and why it could not be read the last time. */
export class RegistryWatch {
  readonly options: RegistryOptions;
  readonly reader: RegistryReader;
  readonly #maxAgeMs: number;
  readonly #onFailure: (what: string, error: Error) => void;
  /** As last read; undefined before that, and when that is too long ago. */
  state: RegistryState | undefined;
  /** When DNS last said that it is so; milliseconds of Date. */
  confirmedAt = 0;
  failure: string | undefined;
  #failures = 0;

  /** `maxAgeMs`: for how long it counts as it was when it cannot be read. */
  constructor(options: RegistryOptions, reader: RegistryReader, maxAgeMs: number, onFailure: (what: string, error: Error) => void) {
    this.options = options;
    this.reader = reader;
    this.#maxAgeMs = maxAgeMs;
    this.#onFailure = onFailure;
  }

  /** What did not go as it should, where it was read all the same. */
  get complaints(): readonly string[] {
    return this.failure === undefined ? this.reader.complaints : [];
  }

  /** Goes on from what was known before, unless that is too old. */
  resume(state: RegistryState, confirmedAt: number): void {
    if (Date.now() - confirmedAt >= this.#maxAgeMs) return;
    this.state = state;
    this.confirmedAt = confirmedAt;
  }

  /** True when the state is another one now, or none is known. */
  async read(): Promise<boolean> {
    const before = this.state;
    try {
      this.state = await this.reader.read(before);
      this.#failures = 0;
      this.failure = undefined;
      this.confirmedAt = Date.now();
      return this.state !== before;
    } catch (error) {
      this.#failures++;
      this.failure = (error as Error).message;
      this.#onFailure(this.options.apex, error as Error);
      return this.#forgetIfOld();
    }
  }

  /** When to look at it again: as its SOA says, within limits; after a failure sooner, then later and later. Seconds. */
  nextLook({ refreshMinSeconds, refreshMaxSeconds }: RefreshLimits): number {
    const { state } = this;
    const whenWell = state?.settled === false ? state.retry : (state?.refresh ?? 0);
    if (this.#failures === 0) return clamp(whenWell, refreshMinSeconds, refreshMaxSeconds);
    const wanted = Math.min(state?.retry ?? refreshMaxSeconds, FIRST_RETRY_SECONDS * 2 ** Math.min(this.#failures, 16));
    return clamp(wanted, FIRST_RETRY_SECONDS, refreshMaxSeconds);
  }

  /** What has not been confirmed for too long counts no more: its MABs may have gone elsewhere. */
  #forgetIfOld(): boolean {
    if (this.state === undefined) return true;
    if (Date.now() - this.confirmedAt < this.#maxAgeMs) return false;
    this.state = undefined;
    this.#onFailure(this.options.apex, new Error(`not confirmed since ${new Date(this.confirmedAt).toISOString()}: what was known of it is forgotten`));
    return true;
  }
}
