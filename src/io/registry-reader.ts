import type { IpAddress } from "../address/index.ts";
import { CacheDoubt } from "../dns/discovery/cache-doubt.ts";
import { losesMabs, sameSets } from "../dns/discovery/change.ts";
import { readSoa, walkRegistry } from "../dns/discovery/registry-walk.ts";
import type { RegistryOptions, RegistryState, WalkTools } from "../dns/discovery/types.ts";

/** One way to read a registry, again and again. */
export interface RegistryReader {
  /** How it was read last, for people. */
  readonly source: string;
  /** What did not go as it should, although the registry was read; for people. */
  readonly complaints: readonly string[];
  /** Somebody says that the registry has changed. */
  heard?(source: IpAddress): void;
  /** The registry now; what is known of it where that is still so. Throws with the reason when it cannot be read. */
  read(known: RegistryState | undefined): Promise<RegistryState>;
  /** Ends what is going on. */
  close(): void;
}

/** By ordinary queries, through any resolver. */
export class WalkReader implements RegistryReader {
  readonly source = "query walk";
  readonly complaints = [];
  readonly #options: RegistryOptions;
  readonly #tools: WalkTools;
  readonly #doubt: CacheDoubt;

  constructor(options: RegistryOptions, tools: WalkTools) {
    this.#options = options;
    this.#tools = tools;
    this.#doubt = new CacheDoubt(options.apex);
  }

  /** Walks when the serial has moved, something could not be read the last time, or may have come from a cache that is behind. */
  async read(known: RegistryState | undefined): Promise<RegistryState> {
    const isKnown = known?.settled === true && (await readSoa(this.#options.apex, this.#tools)).serial === known.serial;
    if (isKnown) return known;
    const begun = performance.now();
    const state = await this.#walk(known, { ...this.#tools, query: this.#doubt.noting(this.#tools.query) });
    return this.#doubt.judge(state, begun, performance.now());
  }

  /** The queries are the DNS client's. */
  close(): void {}

  /** A MAB disappears only when a second walk, which trusts nothing of the first, agrees. */
  async #walk(known: RegistryState | undefined, tools: WalkTools): Promise<RegistryState> {
    const first = await walkRegistry(this.#options, known, tools);
    if (!losesMabs(known, first)) return first;
    const second = await walkRegistry(this.#options, known, tools, true);
    if (sameSets(first, second)) return second;
    throw new Error(`${this.#options.apex}: two walks do not agree on which MABs are gone; the catalogue stays as it is`);
  }
}
