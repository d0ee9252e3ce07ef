import { ancestorsOf } from "../dns/records/index.ts";
import { ZoneTransferError } from "../io/zone-transfer.ts";
import { ZoneFinder, queryRegistry, queryServices } from "./query-zones.ts";
import { type ServerAccess, queriesTo, sourceOf } from "./server-access.ts";
import { type MissingService, type TransferredDsocs, servicesNamed, transferDsocs, transferZone } from "./transfer-zones.ts";
import type { ZoneView } from "./zone-view.ts";

/** What a server gave. */
export interface ServerReading {
  /** A registry first, then its DSOCs; or the zone of one DSOC. */
  readonly zones: readonly ZoneView[];
  /** Services whose zone it does not have, or does not give. */
  readonly missing: readonly MissingService[];
  /** Why something was read by queries, where a transfer was tried. */
  readonly refusal: string | undefined;
}

/**
 * Reads a registry and the DSOCs' zones that its server has, or the zone of one DSOC. By queries only a registry can be read,
 * and of DSOCs' zones the services that it names. Throws ServerZoneError, DnsError, ZoneTransferError.
 */
export async function readServer(access: ServerAccess, apex: string): Promise<ServerReading> {
  if (access.by === "queries") return readByQueries(access, apex, undefined);
  try {
    const { zones, missing } = await transferWithDsocs(access, apex);
    return access.by === "transfer" ? { zones, missing, refusal: undefined } : await withQueries(zones, missing, access);
  } catch (error) {
    if (!(error instanceof ZoneTransferError) || access.by === "transfer") throw error;
    return readByQueries(access, apex, error.message);
  }
}

async function readByQueries(access: ServerAccess, apex: string, refusal: string | undefined): Promise<ServerReading> {
  const { zones, missing } = await queryRegistry(queriesTo(access.server), apex, sourceOf(access));
  return { zones, missing: missing.map((service) => ({ service, why: "" })), refusal };
}

/** A zone, and where it is a registry those that its services are in. Throws ZoneTransferError for the zone itself. */
export async function transferWithDsocs(access: ServerAccess, apex: string): Promise<TransferredDsocs> {
  const source = sourceOf(access);
  const zone = await transferZone(access.server, apex, source);
  const { zones, missing } = await transferDsocs(access.server, servicesNamed(zone), locator(access), source);
  return { zones: [zone, ...zones], missing };
}

/** And by queries the services whose zones were not given. */
async function withQueries(zones: readonly ZoneView[], missing: readonly MissingService[], access: ServerAccess): Promise<ServerReading> {
  const queried = await queryServices(queriesTo(access.server), missing.map(({ service }) => service), sourceOf(access));
  return {
    zones: [...zones, ...queried.zones],
    missing: missing.filter(({ service }) => queried.missing.includes(service)),
    refusal: missing.find(({ why }) => why !== "")?.why,
  };
}

/** Says which zones a service may be in. The DNS client knows no TLS: there transfers of all of them are tried. */
function locator({ server }: ServerAccess): (service: string) => Promise<readonly string[]> {
  if (server.tls !== undefined) return (service) => Promise.resolve(ancestorsOf(service));
  const finder = new ZoneFinder(queriesTo(server));
  return async (service) => {
    const zone = await finder.zoneOf(service);
    return zone === undefined ? [] : [zone.apex];
  };
}
