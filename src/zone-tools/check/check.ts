import type { AddressPolicy } from "../../dns/discovery/service.ts";
import type { ZoneView } from "../zone-view.ts";
import { checkServices, checkUnused } from "./between-zones.ts";
import { type PlacedQsa, checkDsoc, servicesOf } from "./dsoc.ts";
import { checkHead } from "./head.ts";
import { checkKeyData } from "./key-data.ts";
import { checkRegistry } from "./registry.ts";
import type { RegistryContent } from "./registry-content.ts";
import { isRegistry } from "./registry-index.ts";
import { type Finding, Report } from "./report.ts";
import { checkAbsences } from "./absences.ts";
import { checkDenial } from "./denial.ts";
import { checkDigest } from "./digest.ts";
import { checkSignatures, isSigned } from "./signatures.ts";
import { checkSizes } from "./sizes.ts";
import { type GivenAnchors, trustOf } from "./trust.ts";
import { type VerifiedZone, verifySignatures } from "./verification.ts";

export interface CheckOptions {
  /** Which addresses QSAs may have. */
  readonly addresses: AddressPolicy;
  readonly nowSeconds: number;
  /** A signature that ends earlier is an error: its signer has stopped. */
  readonly soonDays: number;
  /** What must have signed; other zones are held against the registry's DS data, or their own keys. */
  readonly anchors?: GivenAnchors | undefined;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly qsas: readonly PlacedQsa[];
  readonly mabs: number;
  /** Zones that are signed, and whose keys are trusted. */
  readonly verified: readonly VerifiedZone[];
}

const NO_ANCHORS: GivenAnchors = new Map();

/** Checks zones, each alone and with the others. Files that cannot be read whole are not for this. */
export function checkZones(zones: readonly ZoneView[], options: CheckOptions): Verdict {
  const reports = new Map(zones.map((zone) => [zone, new Report(zone)]));
  const registries = zones.filter(isRegistry);
  const contents = new Map(registries.map((zone) => [zone, checkRegistry(zone, reports.get(zone)!)]));
  const qsas = zones.flatMap((zone) => {
    const report = reports.get(zone)!;
    checkHead(zone, report);
    checkSizes(zone, report);
    checkKind(zone, registries, report);
    return checkDsoc(zone, options.addresses, report);
  });
  const verified = zones.flatMap((zone) => checkSigning(zone, registries, options, reports.get(zone)!));
  checkTogether(zones, contents, options.nowSeconds, reports);
  return {
    findings: zones.flatMap((zone) => inOrder(reports.get(zone)!.findings)),
    qsas,
    mabs: [...contents.values()].reduce((sum, { mabs }) => sum + mabs.length, 0),
    verified,
  };
}

function checkSigning(zone: ZoneView, registries: readonly ZoneView[], { nowSeconds, soonDays, anchors = NO_ANCHORS }: CheckOptions, report: Report): VerifiedZone[] {
  if (zone.isWhole) checkDigest(zone, isSigned(zone), report);
  if (!isSigned(zone)) {
    if (anchors.has(zone.apex)) report.error(zone.apex, "is not signed, and anchors are given for it", "have the zone signed, or leave its anchors out");
    return [];
  }
  checkSignatures(zone, nowSeconds, soonDays, report);
  const trust = trustOf(zone, registries, anchors, nowSeconds);
  const verified = verifySignatures(zone, trust, nowSeconds, report);
  if (zone.absences === undefined) checkDenial(zone, report);
  else if (verified !== undefined) checkAbsences(zone, zone.absences, trust, nowSeconds, report);
  return verified === undefined ? [] : [verified];
}

function checkKind(zone: ZoneView, registries: readonly ZoneView[], report: Report): void {
  if (registries.includes(zone) || servicesOf(zone).length > 0) return;
  report.error(zone.apex, "is neither a registry nor a DSOC's zone", 'a registry has version TXT "drtm1", a DSOC has _drtm.<service> SVCB (docs/zones.md)');
}

function checkTogether(zones: readonly ZoneView[], contents: ReadonlyMap<ZoneView, RegistryContent>, nowSeconds: number, reports: ReadonlyMap<ZoneView, Report>): void {
  const dsocs = zones.filter((zone) => servicesOf(zone).length > 0 || !contents.has(zone));
  for (const [registry, { services }] of contents) {
    checkServices(services, dsocs, reports.get(registry)!);
    for (const dsoc of dsocs) checkKeyData(registry, dsoc, nowSeconds, reports.get(registry)!);
  }
  const named = new Set([...contents.values()].flatMap(({ services }) => services.map(({ name }) => name)));
  if (contents.size > 0) for (const dsoc of dsocs) checkUnused(dsoc, named, reports.get(dsoc)!);
}

/** By line; errors of a line first. */
function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.severity < b.severity ? -1 : Number(a.severity > b.severity)));
}
