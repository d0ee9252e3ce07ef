import { isSubdomain } from "../../dns/records/index.ts";
import { serviceNode } from "../../dns/zone-model/index.ts";
import type { ZoneView } from "../zone-view.ts";
import { servicesOf } from "./dsoc.ts";
import type { PlacedService } from "./registry-content.ts";
import type { Report } from "./report.ts";

/** A registry's services against the DSOCs' zones that were given along with it. */
export function checkServices(services: readonly PlacedService[], dsocs: readonly ZoneView[], report: Report): void {
  const first = new Map(services.toReversed().map(({ name, placed }) => [name, placed]));
  const missing = new Map<string, string[]>();
  for (const [name, placed] of first) {
    const zone = dsocs.find(({ apex }) => isSubdomain(name, apex));
    if (zone === undefined) addTo(missing, parentOf(name), name);
    else if (!servicesOf(zone).includes(name)) report.error(placed, `names ${name}, which has no QSAs in ${zone.source}`, `write ${serviceNode(name)} SVCB there, or correct the name`);
  }
  for (const [parent, names] of missing) {
    report.note(first.get(names[0]!)!, `names ${names.join(", ")}, and the zone ${parent} is not given: its QSAs are not checked`, "give its zone file too, or check a server that has both");
  }
}

/** Services of a DSOC that no set of the registry names. */
export function checkUnused(zone: ZoneView, named: ReadonlySet<string>, report: Report): void {
  for (const service of servicesOf(zone)) {
    if (!named.has(service)) report.note(`${serviceNode(service)} SVCB`, `has QSAs, but no set names ${service}`, "have the registry add a set, or remove the records");
  }
}

function addTo(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The zone of a DSOC is most often what follows the service's own label. */
function parentOf(service: string): string {
  return service.slice(service.indexOf(".") + 1);
}
