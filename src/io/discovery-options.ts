import type { Catalogue } from "../core/mabs/catalogue.ts";
import type { AddressPolicy } from "../dns/discovery/service.ts";
import type { Problem, RegistryOptions, WalkProgress, WalkTools } from "../dns/discovery/types.ts";
import type { KeptDiscovery } from "./discovery-file.ts";
import type { DnsClient } from "./dns-client.ts";
import type { RegistryReader } from "./registry-reader.ts";
import type { RefreshLimits, RegistryStanding } from "./registry-watch.ts";
import type { ServiceLimits } from "./service-watch.ts";

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
  /** For how long nothing is published at the start because some registry has not been looked at; milliseconds. */
  readonly patienceMs?: number;
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
  /** `isServed`: some catalogue of it is, be it of the last run. */
  readonly registries: readonly (RegistryStanding & { readonly isServed: boolean })[];
  readonly serials: Readonly<Record<string, number>>;
  /** How each registry was read last. */
  readonly sources: Readonly<Record<string, string>>;
  /** Since DNS has confirmed the present catalogue, all of it; null when it never has. */
  readonly ageSeconds: number | null;
  readonly problems: readonly Problem[];
}
