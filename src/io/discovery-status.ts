import type { Problem } from "../dns/discovery/types.ts";
import { now } from "./clock.ts";
import type { DiscoveryStatus } from "./discovery-options.ts";
import type { RegistryWatch } from "./registry-watch.ts";

/** A catalogue of the last run in use: since when DNS has not confirmed it, and until when it counts; seconds of our clock. */
export interface LastRun {
  readonly confirmed: number;
  readonly expires: number;
}

/** `serials`: of the registries in the catalogue that has been published. `problems`: those that are no registry's failure. */
export function statusOf(watches: readonly RegistryWatch[], serials: ReadonlyMap<string, number>, lastRun: LastRun | undefined, problems: readonly Problem[]): DiscoveryStatus {
  const served = watches.filter(({ registry: { apex } }) => serials.has(apex));
  return {
    registries: watches.map((watch) => standingOf(watch, serials.get(watch.registry.apex) ?? null, lastRun)),
    serials: Object.fromEntries(serials),
    sources: Object.fromEntries(served.map(({ registry: { apex }, source }) => [apex, source])),
    ageSeconds: lastRun === undefined ? oldest(watches.map(({ standing }) => standing.ageSeconds)) : now() / 1e6 - lastRun.confirmed,
    problems: [...watches.flatMap((watch) => failureOf(watch) ?? []), ...problems],
  };
}

function standingOf({ standing }: RegistryWatch, serial: number | null, lastRun: LastRun | undefined): DiscoveryStatus["registries"][number] {
  if (serial !== null || lastRun === undefined) return { ...standing, serial, isServed: serial !== null };
  const left = lastRun.expires - now() / 1e6;
  return { ...standing, serial, isServed: true, expiresInSeconds: left === Infinity ? null : Math.max(0, left) };
}

/** Null where one of them has none. */
function oldest(ages: readonly (number | null)[]): number | null {
  return ages.some((age) => age === null) ? null : Math.max(...(ages as readonly number[]));
}

function failureOf({ registry: { apex }, state, failure, confirmedAt }: RegistryWatch): Problem | undefined {
  if (failure === undefined) return undefined;
  const standing = state !== undefined ? "stays as it was" : confirmedAt === 0 ? "not read yet" : "forgotten";
  return { name: apex, problem: `${standing}: ${failure}` };
}
