import { formatEndpoint } from "../address/index.ts";
import { WalkError } from "../dns/discovery/errors.ts";
import { queryOf } from "../dns/discovery/image-query.ts";
import { walkRegistry } from "../dns/discovery/registry-walk.ts";
import type { RegistryOptions, RegistryState, WalkTools } from "../dns/discovery/types.ts";
import { type TrustAnchor, validateZone } from "../dns/dnssec/index.ts";
import type { TransferKind } from "../dns/transfer/index.ts";
import { ZoneImage, ZoneImageError } from "../dns/zone-image/index.ts";
import { dnssecTools } from "./dnssec-verifier.ts";
import type { RegistryReader } from "./registry-reader.ts";
import { unixSeconds } from "./signed-query.ts";
import { type FetchedZone, type Primary, fetchZone } from "./zone-transfer.ts";

export interface TransferSource {
  readonly registry: RegistryOptions;
  /** Tried in order. */
  readonly primaries: readonly Primary[];
  /** None: what a primary gives is believed. */
  readonly anchors: readonly TrustAnchor[];
}

/** A zone as a primary gave it, and until when its signatures hold; seconds since 1970. */
interface Copy {
  readonly image: ZoneImage;
  readonly until: number;
}

const TOOLS = dnssecTools();

/**
 * By zone transfer (RFC 5936, 1995): keeps a copy of the zone, and reads from it what has changed. Where trust anchors are
 * given, nothing is taken that they do not vouch for. A MAB that is gone in a copy is gone.
 */
export class TransferReader implements RegistryReader {
  source = "zone transfer";
  /** What primaries have given: how often nothing new, increments, the whole zone. */
  readonly given: Record<TransferKind, number> = { unchanged: 0, increments: 0, whole: 0 };
  readonly #options: TransferSource;
  readonly #tools: Omit<WalkTools, "query">;
  readonly #over = new AbortController();
  #copy: Copy | undefined;

  constructor(options: TransferSource, tools: Omit<WalkTools, "query">) {
    this.#options = options;
    this.#tools = tools;
  }

  /** Throws WalkError, which names what each primary did. */
  async read(known: RegistryState | undefined): Promise<RegistryState> {
    const failures: string[] = [];
    for (const primary of this.#options.primaries) {
      try {
        return await this.#readFrom(primary, known);
      } catch (error) {
        this.#over.signal.throwIfAborted();
        failures.push((error as Error).message);
      }
    }
    throw new WalkError(`${this.#options.registry.apex}: no primary has given it: ${failures.join("; ")}`);
  }

  close(): void {
    this.#over.abort(new Error("stopped"));
  }

  async #readFrom(primary: Primary, known: RegistryState | undefined): Promise<RegistryState> {
    const copy = await this.#fetch(primary);
    const isKnown = copy === this.#copy && known !== undefined;
    const state = isKnown ? known : await walkRegistry(this.#options.registry, known, { ...this.#tools, query: queryOf(copy.image) });
    this.#copy = copy;
    this.source = `zone transfer from ${formatEndpoint(primary.address, primary.port)}${primary.tls === undefined ? "" : " over TLS"}`;
    return state;
  }

  /** The present copy, where it is still right. */
  async #fetch(primary: Primary): Promise<Copy> {
    const { apex } = this.#options.registry;
    const from = this.#copy?.image.soa.serial;
    const fetched = await this.#fetchZone(primary, from);
    if (fetched.kind === "unchanged") return this.#stillValid(this.#copy!);
    if (fetched.kind === "whole") return this.#validated(ZoneImage.of(apex, fetched.records), fetched.server);
    try {
      return this.#validated(this.#copy!.image.change(fetched.steps).image, fetched.server);
    } catch (error) {
      if (!(error instanceof ZoneImageError)) throw error;
      return this.#fetchWhole(primary);
    }
  }

  /** When what has changed does not fit what we have. */
  async #fetchWhole(primary: Primary): Promise<Copy> {
    const { apex } = this.#options.registry;
    const fetched = await this.#fetchZone(primary, undefined);
    if (fetched.kind !== "whole") throw new WalkError(`${fetched.server} was asked for the whole zone ${apex}, and gave something else`);
    return this.#validated(ZoneImage.of(apex, fetched.records), fetched.server);
  }

  async #fetchZone(primary: Primary, from: number | undefined): Promise<FetchedZone> {
    const { apex } = this.#options.registry;
    const fetched = await fetchZone({ apex, primaries: [primary], from, signal: this.#over.signal });
    this.given[fetched.kind]++;
    return fetched;
  }

  #validated(image: ZoneImage, server: string): Copy {
    const { anchors, registry } = this.#options;
    if (anchors.length === 0) return { image, until: Infinity };
    const verdict = validateZone(image, anchors, unixSeconds(), TOOLS);
    if (!verdict.valid) throw new WalkError(`${registry.apex} from ${server} is refused: ${verdict.reason}`);
    return { image, until: verdict.until };
  }

  #stillValid(copy: Copy): Copy {
    if (unixSeconds() <= copy.until) return copy;
    throw new WalkError(`${this.#options.registry.apex}: the signatures of serial ${copy.image.soa.serial} have expired on ${new Date(copy.until * 1000).toISOString()}: its operator must sign it again`);
  }
}

/** Tries one way, and where that fails another. */
export class FallbackReader implements RegistryReader {
  readonly #first: RegistryReader;
  readonly #second: RegistryReader;
  #last: RegistryReader;

  constructor(first: RegistryReader, second: RegistryReader) {
    this.#first = first;
    this.#second = second;
    this.#last = first;
  }

  get source(): string {
    return this.#last.source;
  }

  async read(known: RegistryState | undefined): Promise<RegistryState> {
    let failure: Error;
    try {
      this.#last = this.#first;
      return await this.#first.read(known);
    } catch (error) {
      failure = error as Error;
    }
    try {
      this.#last = this.#second;
      return await this.#second.read(known);
    } catch (error) {
      throw new WalkError(`${failure.message}; and by ${this.#second.source}: ${(error as Error).message}`, { cause: failure });
    }
  }

  close(): void {
    this.#first.close();
    this.#second.close();
  }
}
