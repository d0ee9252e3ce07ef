import { ConfigError } from "../../config/config-error.ts";
import type { DemandingQuery, Query } from "../../dns/discovery/types.ts";
import { isSubdomain } from "../../dns/records/index.ts";
import { ZoneTransferError } from "../../io/zone-transfer.ts";
import { servicesOf } from "../check/dsoc.ts";
import { isRegistry } from "../check/registry-index.ts";
import { filesAt, readZoneFile } from "../read-file.ts";
import { transferWithDsocs } from "../read-server.ts";
import { type ServerAccess, queriesTo, sourceOf } from "../server-access.ts";
import type { ZoneView } from "../zone-view.ts";
import type { SideSource } from "./side.ts";

/** A zone to be read from a server. */
export interface WantedZone {
  readonly apex: string;
  readonly isRegistry: boolean;
}

/** A zone file, or a directory of them (*.zone). Throws ConfigError with every fault of the text. */
export function openFiles(path: string): SideSource {
  return sideOf(path, filesAt(path).map(readView), false, (name) => Promise.reject(new Error(`${name} is in no zone that is given`)));
}

/** A name server or resolver. What it does not give by transfer is read by queries, where that is allowed. Throws ZoneTransferError. */
export async function openServer(access: ServerAccess, wanted: readonly WantedZone[]): Promise<SideSource> {
  const source = sourceOf(access);
  const views: ZoneView[] = [];
  const refused: WantedZone[] = [];
  for (const zone of access.by === "queries" ? [] : wanted) {
    try {
      if (!views.some(({ apex }) => apex === zone.apex)) views.push(...(await transferWithDsocs(access, zone.apex)).zones);
    } catch (error) {
      if (!(error instanceof ZoneTransferError) || access.by === "transfer") throw error;
      refused.push(zone);
    }
  }
  const queried = (access.by === "queries" ? wanted : refused).filter((zone) => zone.isRegistry).map(({ apex }) => apex);
  const otherwise: Query = access.by === "transfer" ? (name) => Promise.reject(new Error(`${name} is in no zone that ${source} has given`)) : plainly(queriesTo(access.server));
  const side = sideOf(source, views, true, otherwise);
  return { ...side, registries: [...side.registries, ...queried] };
}

/** Differences are told of records, whoever has signed them. */
function plainly(ask: DemandingQuery): Query {
  return (name, type, signal) => ask(name, type, { evidence: "none" }, signal);
}

/** What is in none of the zones is asked for otherwise. */
function sideOf(source: string, zones: readonly ZoneView[], isServer: boolean, otherwise: Query): SideSource {
  const query: Query = (name, type, signal) => {
    const view = zones.find(({ apex }) => isSubdomain(name, apex));
    if (view === undefined) return otherwise(name, type, signal);
    return Promise.resolve({ rcode: "NOERROR", records: view.at(name, type).map(({ record }) => record) });
  };
  return { source, isServer, query, zones, registries: zones.filter(isRegistry).map(({ apex }) => apex), services: zones.flatMap(servicesOf) };
}

function readView(file: string): ZoneView {
  const { view, faults } = readZoneFile(file);
  if (view === undefined) throw new ConfigError(faults.map(({ source, line, problem }) => `${source}:${line}: ${problem}`));
  return view;
}
