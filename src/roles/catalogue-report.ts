import { type Catalogue, SET_SEPARATOR } from "../core/mabs/catalogue.ts";
import type { DiscoveryStatus } from "../io/discovery-loop.ts";
import type { CatalogueReport, RegistryReport } from "./reports.ts";

/** `qsas`: how many are known. */
export function catalogueReport(catalogue: Catalogue, { registries, serials, sources, ageSeconds, problems }: DiscoveryStatus, qsas: number): CatalogueReport {
  return {
    mabs: catalogue.size,
    sets: new Set(catalogue.groups.flatMap(({ set }) => set.split(SET_SEPARATOR))).size,
    services: catalogue.services.length,
    qsas,
    serials,
    sources,
    registries: registries.map(rounded),
    ageSeconds: wholeSeconds(ageSeconds),
    problems: problems.map(({ name, problem }) => `${name}: ${problem}`),
  };
}

function rounded(registry: RegistryReport): RegistryReport {
  const { ageSeconds, expiresInSeconds, failingSeconds, nextLookInSeconds } = registry;
  return {
    ...registry,
    ageSeconds: wholeSeconds(ageSeconds),
    expiresInSeconds: wholeSeconds(expiresInSeconds),
    failingSeconds: wholeSeconds(failingSeconds),
    nextLookInSeconds: Math.round(nextLookInSeconds),
  };
}

function wholeSeconds(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds);
}
