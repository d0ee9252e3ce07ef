import type { IpAddress } from "../../address/index.ts";
import { type Location, type ServiceBinding, RecordType, type ResourceRecord } from "../records/index.ts";
import { encodeLoc, encodeSvcb, encodeTxt } from "../records/index.ts";
import { serviceNode } from "./layout.ts";
import { type ZoneHead, addressRecord, headRecords } from "./registry.ts";

export interface Service {
  /** Absolute: `s1.dsoc-a.example.`. */
  readonly name: string;
  readonly servers: readonly ServiceBinding[];
}

/** What people may want to know of a site; queriers use the hints in SVCB only. */
export interface Site {
  readonly name: string;
  readonly city?: string | undefined;
  readonly location?: Location | undefined;
  readonly addresses: readonly IpAddress[];
}

/** What a DSOC's zone holds besides its head. */
export interface DsocContents {
  /** TTL of every record, in seconds. */
  readonly ttl: number;
  readonly services: readonly Service[];
  readonly sites: readonly Site[];
}

export type DsocZone = ZoneHead & DsocContents;

/** All records of a DSOC's zone, SOA first. */
export function dsocRecords(zone: DsocZone): ResourceRecord[] {
  return [...headRecords(zone), ...dsocContents(zone)];
}

/** All but SOA, NS and name servers' addresses. */
export function dsocContents(zone: DsocContents): ResourceRecord[] {
  return [
    ...zone.services.flatMap((service) => serviceRecords(service, zone.ttl)),
    ...zone.sites.flatMap((site) => siteRecords(site, zone.ttl)),
  ];
}

/** One SVCB record for each QSA of a service. */
export function serviceRecords({ name, servers }: Service, ttl: number): ResourceRecord[] {
  return servers.map((server) => ({ name: serviceNode(name), type: RecordType.SVCB, ttl, data: encodeSvcb(server) }));
}

function siteRecords({ name, city, location, addresses }: Site, ttl: number): ResourceRecord[] {
  return [
    ...addresses.map((address) => addressRecord(name, ttl, address)),
    ...(location === undefined ? [] : [{ name, type: RecordType.LOC, ttl, data: encodeLoc(location) }]),
    ...(city === undefined ? [] : [{ name, type: RecordType.TXT, ttl, data: encodeTxt([city]) }]),
  ];
}
