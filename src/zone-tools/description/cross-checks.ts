import type { Fault } from "../../config/faults.ts";
import { didYouMean } from "../../config/nearest.ts";
import { isSubdomain } from "../../dns/records/index.ts";
import type { DescriptionFile, DsocFields, RegistryFields, ZoneFields } from "./schema.ts";

/** What the schema cannot say: whether names that belong together do. */
export function crossFaults({ registry, dsocs }: DescriptionFile): Fault[] {
  if (registry === undefined && dsocs.length === 0) {
    return [{ path: [], text: 'neither "registry" nor "dsocs": describe a registry, DSOCs, or both' }];
  }
  return [
    ...(registry === undefined ? [] : [...addressFaults(registry, ["registry"]), ...registryFaults(registry, dsocs)]),
    ...dsocs.flatMap((dsoc, index) => [...addressFaults(dsoc, ["dsocs", index]), ...serviceFaults(dsoc, ["dsocs", index])]),
  ];
}

type Place = readonly PropertyKey[];

function addressFaults({ apex, nameServers }: ZoneFields, place: Place): Fault[] {
  return nameServers.flatMap(({ name, addresses }, index) => {
    const inside = isSubdomain(name, apex);
    const path = [...place, "nameServers", index];
    if (inside && addresses.length === 0) return [{ path, text: `${name} is in the zone and has no address: list its "addresses"` }];
    if (!inside && addresses.length > 0) return [{ path, text: `${name} is not in ${apex}, whose zone cannot hold its addresses: leave them out` }];
    return [];
  });
}

function serviceFaults({ apex, qsas, services }: DsocFields, place: Place): Fault[] {
  const names = qsas.map(({ name }) => name);
  return services.flatMap(({ name, tiers }, at) => {
    const placed = tiers.flatMap((tier, tierAt) => tier.qsas.map((qsa, index) => ({ qsa, path: [...place, "services", at, "tiers", tierAt, "qsas", index] })));
    return placed.flatMap(({ qsa, path }, index) => {
      if (!names.includes(qsa)) return [{ path, text: `${qsa} is no QSA of ${apex}${didYouMean(qsa, names)}` }];
      const before = placed.findIndex((other) => other.qsa === qsa);
      return before < index ? [{ path, text: `${qsa} is in an earlier tier of ${name}: list it once` }] : [];
    });
  });
}

function registryFaults({ sets, keys }: RegistryFields, dsocs: readonly DsocFields[]): Fault[] {
  return [...sets.flatMap((set, index) => setFaults(set, index, sets, dsocs)), ...keyFaults(keys)];
}

function setFaults({ services, mabs, mabFiles }: RegistryFields["sets"][number], index: number, sets: RegistryFields["sets"], dsocs: readonly DsocFields[]): Fault[] {
  const path = ["registry", "sets", index];
  const same = sets.findIndex((other) => other.services.toSorted().join() === services.toSorted().join());
  return [
    ...(mabs.length + mabFiles.length === 0 ? [{ path, text: 'a set without MABs: list them in "mabs", or name files in "mabFiles"' }] : []),
    ...(same < index ? [{ path, text: `the services of set ${same + 1} again: put its MABs there` }] : []),
    ...services.flatMap((service, at) => unknownService(service, dsocs).map((text) => ({ path: [...path, "services", at], text }))),
  ];
}

/** Of DSOCs that are described elsewhere nothing is known. */
function unknownService(service: string, dsocs: readonly DsocFields[]): string[] {
  const dsoc = dsocs.find(({ apex }) => isSubdomain(service, apex));
  if (dsoc === undefined) return [];
  const known = dsoc.services.map(({ name }) => `${name}.${dsoc.apex}`);
  return known.includes(service) ? [] : [`${service} is no service of ${dsoc.apex}${didYouMean(service, known)}`];
}

function keyFaults(keys: RegistryFields["keys"]): Fault[] {
  return keys.flatMap(({ ds, dsFile }, index) => (ds.length === 0 && dsFile === undefined ? [{ path: ["registry", "keys", index], text: 'no DS data: list it in "ds", or name a file in "dsFile"' }] : []));
}
