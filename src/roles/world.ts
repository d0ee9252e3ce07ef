import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type IpAddress, formatEndpoint } from "../address/index.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";
import {
  RecordType,
  type ResourceRecord,
  decodeLoc,
  decodeSvcb,
  decodeTxt,
  printable,
  readRecord,
} from "../dns/records/index.ts";
import { parseZoneFile } from "../dns/zone-file/index.ts";
import { REGISTRY_VERSION, versionNode } from "../dns/zone-model/index.ts";
import type { Place } from "./distance.ts";
import { readStore } from "./read-store.ts";

/** A QSA that some DSOC's zone names. */
export interface WorldSite {
  /** First label of its name: `fra1`. */
  readonly name: string;
  readonly city: string;
  readonly place: Place | undefined;
  readonly address: IpAddress;
  readonly port: number;
  /** Shared by all sites of its DSOC. */
  readonly store: MappingStore;
}

/** All that `drtm up` runs: zones, the registry among them, and the sites with their mapping. */
export interface World {
  readonly zones: readonly (readonly ResourceRecord[])[];
  readonly registries: readonly string[];
  readonly sites: readonly WorldSite[];
}

/** A directory that holds no world. The message names it and what is missing. */
export class WorldError extends Error {
  override readonly name = "WorldError";
  readonly code = "DRTM_WORLD";
}

/** Reads `*.zone` of a directory, and for each DSOC its `mapping/<first label of its apex>.txt`. */
export function readWorld(directory: string): World {
  const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".zone")) : [];
  if (files.length === 0) throw new WorldError(`${directory} has no zone files (*.zone): name a directory that has, with --zones`);
  const zones = files.toSorted().map((file) => {
    const path = join(directory, file);
    return parseZoneFile(readFileSync(path, "utf8"), { file: path, origin: `${basename(file, ".zone")}.` });
  });
  const registries = zones.filter(({ apex, records }) => isRegistry(apex, records)).map(({ apex }) => apex);
  if (registries.length === 0) throw new WorldError(`no zone in ${directory} is a registry: one needs "version TXT ${REGISTRY_VERSION}"`);
  const sites = zones.flatMap(({ apex, records }) => readSites(directory, apex, records));
  return { zones: zones.map(({ records }) => records), registries, sites };
}

function isRegistry(apex: string, records: readonly ResourceRecord[]): boolean {
  const versions = records.filter(({ name, type }) => name === versionNode(apex) && type === RecordType.TXT);
  return versions.some(({ data }) => decodeTxt(data).includes(REGISTRY_VERSION));
}

function readSites(directory: string, apex: string, records: readonly ResourceRecord[]): WorldSite[] {
  const bindings = records.filter(({ type }) => type === RecordType.SVCB).map((record) => readRecord(record, decodeSvcb));
  if (bindings.length === 0) return [];
  const file = join(directory, "mapping", `${apex.split(".")[0]}.txt`);
  if (!existsSync(file)) throw new WorldError(`${apex} lists QSAs, but their mapping file ${file} is missing`);
  const store = readStore([file]);
  const sites = new Map<string, WorldSite>();
  for (const { target, port = 4344, ipv4hint = [], ipv6hint = [] } of bindings) {
    for (const address of [...ipv4hint, ...ipv6hint]) {
      const site = { name: target.split(".")[0]!, city: cityOf(target, records), place: placeOf(target, records), address, port, store };
      sites.set(formatEndpoint(address, port), site);
    }
  }
  return [...sites.values()];
}

function cityOf(name: string, records: readonly ResourceRecord[]): string {
  const text = records.find((record) => record.name === name && record.type === RecordType.TXT);
  return text === undefined ? "" : printable(readRecord(text, decodeTxt)[0] ?? "");
}

function placeOf(name: string, records: readonly ResourceRecord[]): Place | undefined {
  const location = records.find((record) => record.name === name && record.type === RecordType.LOC);
  return location === undefined ? undefined : readRecord(location, decodeLoc);
}
