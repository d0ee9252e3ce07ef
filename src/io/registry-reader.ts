import { losesMabs, sameSets } from "../dns/discovery/change.ts";
import { readSoa, walkRegistry } from "../dns/discovery/registry-walk.ts";
import type { RegistryOptions, RegistryState, WalkTools } from "../dns/discovery/types.ts";

/** One way to read a registry, again and again. */
export interface RegistryReader {
  /** How it was read last, for people. */
  readonly source: string;
  /** The registry now; what is known of it where that is still so. Throws with the reason when it cannot be read. */
  read(known: RegistryState | undefined): Promise<RegistryState>;
  /** Ends what is going on. */
  close(): void;
}

/** By ordinary queries, through any resolver. */
export class WalkReader implements RegistryReader {
  readonly source = "query walk";
  readonly #options: RegistryOptions;
  readonly #tools: WalkTools;

  constructor(options: RegistryOptions, tools: WalkTools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** Walks when the serial has moved, or something could not be read the last time. */
  async read(known: RegistryState | undefined): Promise<RegistryState> {
    const isKnown = known?.settled === true && (await readSoa(this.#options.apex, this.#tools)).serial === known.serial;
    return isKnown ? known : this.#walk(known);
  }

  /** The queries are the DNS client's. */
  close(): void {}

  /** A MAB disappears only when a second walk, which trusts nothing of the first, agrees. */
  async #walk(known: RegistryState | undefined): Promise<RegistryState> {
    const first = await walkRegistry(this.#options, known, this.#tools);
    if (!losesMabs(known, first)) return first;
    const second = await walkRegistry(this.#options, known, this.#tools, true);
    if (sameSets(first, second)) return second;
    throw new Error(`${this.#options.apex}: two walks do not agree on which MABs are gone; the catalogue stays as it is`);
  }
}
