import { LOC_DEFAULTS, type ResourceRecord, type ServiceBinding } from "../../dns/records/index.ts";
import { type Site, type ZoneHead, dsocContents, headRecords, registryContents } from "../../dns/zone-model/index.ts";
import { sha256hex } from "../../io/hash.ts";
import type { DescribedRegistry, Description } from "../description/description.ts";
import type { DsocFields, QsaFields, ServiceFields, ZoneFields } from "../description/schema.ts";
import { registryNotes, serviceNotes } from "./notes.ts";

/** A zone as described, but for its serial. */
export interface ZoneDraft {
  readonly apex: string;
  readonly heading: readonly string[];
  /** Comments above the first record of an owner. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
  /** SOA first. */
  readonly records: (serial: number) => ResourceRecord[];
}

/** The zones of a description, the registry's first. Throws ZoneModelError. */
export function draftZones({ name, registry, dsocs }: Description): ZoneDraft[] {
  return [...(registry === undefined ? [] : [draftRegistry(registry, name)]), ...dsocs.map((dsoc) => draftDsoc(dsoc, name))];
}

function draftRegistry(registry: DescribedRegistry, source: string): ZoneDraft {
  const sets = registry.sets.map(({ services, mabs }) => ({ services, prefixes: mabs.map(({ prefix }) => prefix) }));
  const { apex, ttlSeconds: ttl, keys } = registry;
  const contents = registryContents({ apex, ttl, sets, keys }, sha256hex);
  return {
    apex,
    heading: heading(registry.title ?? "A registry: which MABs exist, and which services answer for them", source),
    notes: registryNotes(registry),
    records: (serial) => [...headRecords(zoneHead(registry, serial)), ...contents],
  };
}

function draftDsoc(dsoc: DsocFields, source: string): ZoneDraft {
  const services = dsoc.services.map((service) => ({ name: `${service.name}.${dsoc.apex}`, servers: bindings(dsoc, service) }));
  const sites = dsoc.qsas.map((qsa) => siteOf(qsa, dsoc.apex));
  const contents = dsocContents({ ttl: dsoc.ttlSeconds, services, sites });
  return {
    apex: dsoc.apex,
    heading: heading(dsoc.title ?? "A DSOC: its services, and their QSAs", source),
    notes: serviceNotes(dsoc),
    records: (serial) => [...headRecords(zoneHead(dsoc, serial)), ...contents],
  };
}

/** What a zone file says of its description. */
export function madeFrom(source: string): string {
  return `Made from ${source} by "drtm zone build"`;
}

function heading(title: string, source: string): string[] {
  return [`${title}.`, `${madeFrom(source)}: change that file, not this one. Layout: docs/zones.md.`, ""];
}

function zoneHead({ apex, ttlSeconds, nameServers, soa }: ZoneFields, serial: number): ZoneHead {
  const { mailbox = `hostmaster.${apex}`, refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds } = soa;
  return {
    apex,
    ttl: ttlSeconds,
    soa: { mname: nameServers[0]!.name, rname: mailbox, serial, refresh: refreshSeconds, retry: retrySeconds, expire: expireSeconds, minimum: negativeTtlSeconds },
    nameServers,
  };
}

function bindings({ apex, qsas }: DsocFields, { tiers }: ServiceFields): ServiceBinding[] {
  return tiers.flatMap(({ tier, qsas: names }) => names.map((name) => bindingOf(qsas.find((qsa) => qsa.name === name)!, tier, apex)));
}

function bindingOf({ name, addresses, port, region, weight }: QsaFields, priority: number, apex: string): ServiceBinding {
  const [ipv4hint, ipv6hint] = ([4, 6] as const).map((family) => addresses.filter((address) => address.family === family));
  return {
    priority,
    target: `${name}.${apex}`,
    alpn: ["drtm1"],
    port,
    ...(ipv4hint!.length > 0 && { ipv4hint: ipv4hint! }),
    ...(ipv6hint!.length > 0 && { ipv6hint: ipv6hint! }),
    ...(region !== undefined && { region }),
    weight,
  };
}

function siteOf({ name, addresses, city, location }: QsaFields, apex: string): Site {
  const place = location && { latitude: location.latitude, longitude: location.longitude, altitude: location.altitudeMetres, ...LOC_DEFAULTS };
  return { name: `${name}.${apex}`, addresses, city, location: place };
}
