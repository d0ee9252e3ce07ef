import { type Prefix, comparePrefixes, formatPrefix, ipv4, prefixContains } from "../../src/address/index.ts";
import { formatMappingFile } from "../../src/core/mapping/mapping-file.ts";
import type { MabMapping } from "../../src/core/mapping/mapping-store.ts";
import { type ServiceBinding, LOC_DEFAULTS } from "../../src/dns/records/index.ts";
import { formatZoneFile } from "../../src/dns/zone-file/index.ts";
import { type Service, type ZoneHead, dsocRecords, registryRecords, serviceNode } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import type { Mab } from "./mabs.ts";
import { registryNotes } from "./notes.ts";
import { type DsocPlan, REGISTRY_APEX, SERIAL, SETS, type ServicePlan } from "./world.ts";

const PORT = 4344;
const WEIGHT = 100;
const TTL = 3600;
const SERVER_ADDRESS = 0x7f000001;
const GENERATED = ["Made by `npm run zones` (zones/generate.ts): change the script, not this file.", ""];

export function registryFile(mabs: readonly Mab[]): string {
  const sets = SETS.map(({ services }, set) => ({ services, prefixes: mabs.filter((mab) => mab.set === set).map(({ prefix }) => prefix) }));
  const heading = [
    "The registry of the sample world: which MABs exist, and which services answer for them.",
    "Layout: docs/zones.md. Which network a MAB was taken from: zones/mapping/*.txt.",
    ...GENERATED,
  ];
  const records = registryRecords({ ...zoneHead(REGISTRY_APEX), sets }, sha256hex);
  return formatZoneFile(records, { apex: REGISTRY_APEX, heading, notes: registryNotes(sets, mabs) });
}

export function dsocFile(plan: DsocPlan): string {
  const { apex, title, sites } = plan;
  const records = dsocRecords({
    ...zoneHead(apex),
    services: plan.services.map((service) => planService(plan, service)),
    sites: sites.map(({ label, city, latitude, longitude, altitude }, index) => ({
      name: `${label}.${apex}`,
      city,
      location: { latitude, longitude, altitude, ...LOC_DEFAULTS },
      addresses: [siteAddress(plan, index)],
    })),
  });
  const notes = new Map(plan.services.map((service) => serviceNote(apex, service)));
  return formatZoneFile(records, { apex, heading: [`${title}.`, ...GENERATED], notes });
}

export function mappingFile(plan: DsocPlan, mabs: readonly Mab[], mappings: readonly MabMapping[]): string {
  const isOwn = mabs.map(({ set }) => SETS[set]!.services.some((service) => service.endsWith(`.${plan.apex}`)));
  const own = mappings.filter((_, index) => isOwn[index]);
  const others = mabs.filter((_, index) => !isOwn[index]).map(({ prefix }) => prefix);
  const elsewhere = others.filter((prefix) => own.some((mab) => isInside(prefix, mab.prefix))).toSorted(comparePrefixes);
  const heading = [`Mapping of ${plan.apex}, read by all its QSAs. Format: docs/zones.md.`, ...GENERATED];
  const labels = new Map(mabs.map(({ prefix, label }) => [formatPrefix(prefix), label]));
  return formatMappingFile({ mabs: own, elsewhere }, { heading, mabs: labels });
}

function zoneHead(apex: string): ZoneHead {
  return {
    apex,
    ttl: TTL,
    soa: {
      mname: `ns.${apex}`,
      rname: `hostmaster.${apex}`,
      serial: SERIAL,
      refresh: 300,
      retry: 60,
      expire: 604_800,
      minimum: 60,
    },
    nameServers: [{ name: `ns.${apex}`, addresses: [ipv4(SERVER_ADDRESS)] }],
  };
}

function planService(plan: DsocPlan, { label, tiers }: ServicePlan): Service {
  const servers = tiers.flatMap(({ tier, sites }) => sites.map((site) => planServer(plan, tier, site)));
  return { name: `${label}.${plan.apex}`, servers };
}

function planServer(plan: DsocPlan, priority: number, label: string): ServiceBinding {
  const index = plan.sites.findIndex((site) => site.label === label);
  const target = `${label}.${plan.apex}`;
  const ipv4hint = [siteAddress(plan, index)];
  return { priority, target, alpn: ["drtm1"], port: PORT, ipv4hint, region: plan.sites[index]!.region, weight: WEIGHT };
}

/** 127.0.N.1 is the first site of the DSOC with loopback N. */
function siteAddress({ loopback }: DsocPlan, index: number): ReturnType<typeof ipv4> {
  return ipv4(0x7f000000 + loopback * 256 + index + 1);
}

function serviceNote(apex: string, { label, tiers }: ServicePlan): [string, string[]] {
  const parts = tiers.map(({ tier, sites }) => `${sites.length} sites in tier ${tier}`);
  return [serviceNode(`${label}.${apex}`), [`Service ${label}: ${parts.join(", ")}.`]];
}

function isInside(inner: Prefix, outer: Prefix): boolean {
  return inner.length > outer.length && prefixContains(outer, inner.family, inner.hi, inner.lo);
}
