import type { IpAddress } from "../address/index.ts";
import { CacheDoubt } from "../dns/discovery/cache-doubt.ts";
import { keepingMabs, lostMabs, sameSets } from "../dns/discovery/change.ts";
import { readSoa, walkRegistry } from "../dns/discovery/registry-walk.ts";
import type { RegistryOptions, RegistryState, Validation, WalkTools } from "../dns/discovery/types.ts";
import { fetchKeys, validatingQuery } from "../dns/discovery/validating-query.ts";

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

/** By ordinary queries, through any resolver. Where the registry has anchors, nothing is taken that they do not vouch for. */
export class WalkReader implements RegistryReader {
  readonly source: string;
  readonly complaints = [];
  readonly #options: RegistryOptions;
  readonly #tools: WalkTools;
  readonly #validation: Validation;
  readonly #doubt: CacheDoubt;
  readonly #clock: () => number;

  /** `clock`: milliseconds that never go back. */
  constructor(options: RegistryOptions, tools: WalkTools, validation: Validation, clock = () => performance.now()) {
    this.#options = options;
    this.#tools = tools;
    this.#validation = validation;
    this.#clock = clock;
    this.#doubt = new CacheDoubt(options.apex);
    this.source = this.#isValidated ? "validated query walk" : "query walk";
  }

  /** Walks when the serial has moved, something could not be read the last time, or may have come from a cache that is behind. */
  async read(known: RegistryState | undefined): Promise<RegistryState> {
    const tools = await this.#toolsNow();
    // What nobody has validated, as before there were anchors, is not gone on from.
    const before = this.#isValidated && known?.keys === undefined ? undefined : known;
    const isKnown = before?.settled === true && (await readSoa(this.#options.apex, tools)).serial === before.serial;
    if (isKnown) return before;
    return this.#walk(before, { ...tools, query: this.#doubt.noting(tools.query) });
  }

  /** The queries are the DNS client's. */
  close(): void {}

  get #isValidated(): boolean {
    return (this.#options.anchors?.length ?? 0) > 0;
  }

  /** Keys are fetched anew for each reading: while they are rolled, those of the last one would refuse what is right. */
  async #toolsNow(): Promise<WalkTools> {
    const { apex, anchors = [] } = this.#options;
    if (!this.#isValidated) return this.#tools;
    return { ...this.#tools, query: validatingQuery([await fetchKeys(apex, anchors, this.#validation)], this.#validation) };
  }

  /**
   * A MAB disappears only when a second walk, which trusts nothing of the first, agrees; and not while a cache may have the index
   * node from before it came to another set: then both walks would miss it.
   */
  async #walk(known: RegistryState | undefined, tools: WalkTools): Promise<RegistryState> {
    const begun = this.#clock();
    const first = await this.#judged(walkRegistry(this.#options, known, tools), begun);
    const lost = lostMabs(known, first);
    if (known === undefined || lost.size === 0) return first;
    if (this.#doubt.mayBeBehind(begun)) return keepingMabs(known, first, lost);
    const second = await this.#judged(walkRegistry(this.#options, known, tools, true), this.#clock());
    if (sameSets(first, second)) return second;
    throw new Error(`${this.#options.apex}: two walks do not agree on which MABs are gone; the catalogue stays as it is`);
  }

  async #judged(walk: Promise<RegistryState>, begun: number): Promise<RegistryState> {
    const state = await walk;
    return this.#doubt.judge(state, begun, this.#clock());
  }
}
