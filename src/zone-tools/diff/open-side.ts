import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatEndpoint } from "../../address/index.ts";
import type { Endpoint } from "../../config/fields.ts";
import { ConfigError } from "../../config/yaml-file.ts";
import type { Query } from "../../dns/discovery/types.ts";
import { isSubdomain } from "../../dns/records/index.ts";
import { DnsClient } from "../../io/dns-client.ts";
import { servicesOf } from "../check/dsoc.ts";
import { isRegistry } from "../check/registry-index.ts";
import { readZoneFile } from "../read-file.ts";
import type { ZoneView } from "../zone-view.ts";
import type { SideSource } from "./side.ts";

/** A zone file, or a directory of them (*.zone). Throws ConfigError with every fault of the text. */
export function openFiles(path: string): SideSource {
  const views = filesAt(path).map(readView);
  const registries = views.filter(isRegistry).map(({ apex }) => apex);
  return { source: path, query: queryIn(views), registries, services: views.flatMap(servicesOf) };
}

/** A name server or resolver, by queries. */
export function openServer(server: Endpoint, apex: string): SideSource {
  const dns = new DnsClient({ servers: [server] });
  return { source: formatEndpoint(server.address, server.port), query: (name, type, signal) => dns.query(name, type, signal), registries: [apex], services: [] };
}

function filesAt(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const files = readdirSync(path).filter((file) => file.endsWith(".zone"));
  if (files.length === 0) throw new ConfigError([`${path} has no zone files (*.zone): name one that has, or a file`]);
  return files.toSorted().map((file) => join(path, file));
}

function readView(file: string): ZoneView {
  const { view, faults } = readZoneFile(file);
  if (view === undefined) throw new ConfigError(faults.map(({ source, line, problem }) => `${source}:${line}: ${problem}`));
  return view;
}

/** Answers as a name server with these zones would: it refuses what is in none of them. */
function queryIn(views: readonly ZoneView[]): Query {
  return (name, type) => {
    const view = views.find(({ apex }) => isSubdomain(name, apex));
    if (view === undefined) return Promise.reject(new Error(`${name} is in no zone that is given`));
    return Promise.resolve({ rcode: "NOERROR", records: view.at(name, type).map(({ record }) => record) });
  };
}
