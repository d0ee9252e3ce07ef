import { someAtOnce } from "../dns/discovery/some-at-once.ts";
import { RdataError, RecordType, decodeHostName, isSubdomain } from "../dns/records/index.ts";
import { type Primary, ZoneTransferError, fetchZone } from "../io/zone-transfer.ts";
import { isRegistry } from "./check/registry-index.ts";
import { isSetName } from "./check/registry-sets.ts";
import { ZoneView } from "./zone-view.ts";

const AT_ONCE = 8;

/** A zone whole, signatures and all. Throws ZoneTransferError. */
export async function transferZone(server: Primary, apex: string, source: string): Promise<ZoneView> {
  const fetched = await fetchZone({ apex, primaries: [server] });
  const records = fetched.kind === "whole" ? fetched.records : [];
  return new ZoneView(source, apex, records.map((record) => ({ record })));
}

/** A service whose zone a server has not given, and why, as far as that is known. */
export interface MissingService {
  readonly service: string;
  readonly why: string;
}

/** Zones, as far as a server has given them. */
export interface TransferredDsocs {
  readonly zones: readonly ZoneView[];
  readonly missing: readonly MissingService[];
}

/** The zones that services are in. `locate` says which zones a service may be in, the nearest first. */
export async function transferDsocs(server: Primary, services: readonly string[], locate: (service: string) => Promise<readonly string[]>, source: string): Promise<TransferredDsocs> {
  const asked = new Map<string, Promise<ZoneView | string>>();
  const ask = (apex: string): Promise<ZoneView | string> => {
    const zone = asked.get(apex) ?? transferZone(server, apex, source).catch(reasonOf);
    asked.set(apex, zone);
    return zone;
  };
  const found = await someAtOnce(services, AT_ONCE, async (service) => {
    let why = "";
    for (const apex of await locate(service)) {
      const zone = await ask(apex);
      if (typeof zone !== "string") return zone;
      why ||= zone;
    }
    return { service, why };
  });
  const missing = found.flatMap((one) => (one instanceof ZoneView ? [] : [one]));
  return { zones: [...new Set(found.filter((one) => one instanceof ZoneView))], missing };
}

/** The services that the sets of a registry name. */
export function servicesNamed(zone: ZoneView): string[] {
  if (!isRegistry(zone)) return [];
  const pointers = zone.ofType(RecordType.PTR).filter(({ record }) => isSetName(record.name, zone.apex));
  const names = pointers.flatMap(({ record }) => hostIn(record.data));
  return [...new Set(names)].filter((name) => !isSubdomain(name, zone.apex)).toSorted();
}

/** What is malformed is told of when it is checked. */
function hostIn(data: Uint8Array): string[] {
  try {
    return [decodeHostName(data)];
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    return [];
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ZoneTransferError)) throw error;
  return error.message;
}
