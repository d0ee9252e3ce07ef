/** What a running drtm tells over its control socket: plain JSON values. */

import type { RegistryStanding } from "../io/registry-watch.ts";

export interface StatusReport {
  readonly role: "qsr" | "qsa" | "qsc" | "up";
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly listen: readonly string[];
  readonly epoch: string;
  readonly catalogue?: CatalogueReport;
  readonly mapping?: { readonly mabs: number; readonly micronets: number };
  readonly cache: { readonly entries: number; readonly maxEntries: number; readonly promises: number };
  /**
   * How often datagrams had to wait, while the engine was at something else, for so many milliseconds at most, and more than those before
   * in the list; null for more than all. Left out where node:dgram has the sockets.
   */
  readonly pauses?: readonly (readonly [mostMs: number | null, count: number])[] | undefined;
  readonly counters: Readonly<Record<string, number>>;
  /** Datagrams that each engine thread has received; left out where there is but one. All else is of all threads together. */
  readonly receivedByThread?: readonly number[] | undefined;
}

export interface CatalogueReport {
  readonly mabs: number;
  readonly sets: number;
  readonly services: number;
  readonly qsas: number;
  readonly serials: Readonly<Record<string, number>>;
  /** How each registry was read last. */
  readonly sources: Readonly<Record<string, string>>;
  readonly registries: readonly RegistryReport[];
  /** Since DNS last confirmed it; null when it never has. */
  readonly ageSeconds: number | null;
  readonly problems: readonly string[];
}

/** How it stands with one registry: whole seconds from now, null where there is nothing to say. */
export interface RegistryReport extends RegistryStanding {
  /** Whether anything of it is served at present: of this serial, or, where that is null, what the last run had without saying of which. */
  readonly isServed: boolean;
}

export interface QsaReport {
  readonly service: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tier: number;
  readonly region: string;
  readonly state: "up" | "suspect" | "down" | "unmeasured";
  readonly rttMs: number | null;
  /** 1 for the one asked first; null while down. */
  readonly rank: number | null;
  readonly probes: number;
  readonly lost: number;
  /** Per cent of our load that it asks to keep; null when it asks nothing. */
  readonly share: number | null;
}

export interface WhyReport {
  readonly address: string;
  readonly mab: string | null;
  readonly set: string | null;
  readonly services: readonly { readonly name: string; readonly qsas: readonly QsaReport[] }[];
  readonly cached: CachedReport | null;
  readonly verdict: string;
  /** The same of each engine thread, which has a cache of its own; left out where there is but one. */
  readonly threads?: readonly Pick<WhyReport, "cached" | "verdict">[];
}

export interface CachedReport {
  readonly range: string;
  /** null for a negative answer. */
  readonly etr: string | null;
  readonly version: string;
  readonly remainingSeconds: number;
  readonly from: string;
  /** False when whoever said so is down: the next query asks another. */
  readonly usable: boolean;
}

export interface SiteReport {
  readonly name: string;
  readonly up: boolean;
  readonly address: string;
  /** How long the QSR took to see the change, once it had measured the site again; null when it has not yet. */
  readonly noticedAfterMs: number | null;
}

export interface MapReport {
  readonly mab: string;
  readonly changes: readonly { readonly range: string; readonly etr: string | null; readonly version: number }[];
  /** The QSAs that have it. */
  readonly qsas: readonly string[];
  /** Sites that are down: they have it when they come back. */
  readonly down: readonly string[];
}

export interface ShareReport {
  /** Per cent; 100 when nothing is asked for. */
  readonly share: number;
  readonly remainingSeconds: number;
  readonly alternatives: readonly string[];
}

export interface FlushReport {
  readonly entries: number;
}
