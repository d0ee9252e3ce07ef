import { type IpAddress, formatEndpoint, formatIp, sameIp } from "../../address/index.ts";
import { type AddressPolicy, DEFAULT_PORT, MOST_SERVERS, PROTOCOL, addressFault } from "../../dns/discovery/service.ts";
import { RecordType, type ServiceBinding, decodeA, decodeAaaa, decodeSvcb, isSubdomain, printable } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";

/** A QSA that readers would take, and the record that names it. */
export interface PlacedQsa {
  readonly name: string;
  readonly service: string;
  readonly address: IpAddress;
  readonly port: number;
  /** File or server of the zone. */
  readonly source: string;
  readonly placed: PlacedRecord;
}

const SERVICE_LABEL = "_drtm.";

/** `s1.dsoc-a.example.` for each name that has SVCB records of DRTM. */
export function servicesOf(zone: ZoneView): string[] {
  const owners = zone.ofType(RecordType.SVCB).map(({ record }) => record.name);
  return [...new Set(owners)].filter((name) => name.startsWith(SERVICE_LABEL)).map((name) => name.slice(SERVICE_LABEL.length));
}

export function checkDsoc(zone: ZoneView, policy: AddressPolicy, report: Report): PlacedQsa[] {
  const stray = zone.ofType(RecordType.SVCB).filter(({ record }) => !record.name.startsWith(SERVICE_LABEL));
  for (const placed of stray) report.note(placed, "is no service of DRTM: its name does not begin with _drtm", `write _drtm.${placed.record.name} for a service`);
  return servicesOf(zone).flatMap((service) => checkService(zone, service, policy, report));
}

function checkService(zone: ZoneView, service: string, policy: AddressPolicy, report: Report): PlacedQsa[] {
  const records = zone.at(SERVICE_LABEL + service, RecordType.SVCB);
  const qsas = records.flatMap((placed) => {
    const binding = report.decoded(placed, decodeSvcb);
    return binding === undefined ? [] : checkBinding(zone, service, placed, binding, policy, report);
  });
  if (qsas.length === 0) report.error(records[0]!, "has no QSA that readers could use", "correct its records, or add one");
  if (qsas.length > MOST_SERVERS) report.error(records[0]!, `has ${qsas.length} addresses: QSRs use ${MOST_SERVERS} of them`, "divide its MABs over two services");
  checkDoubles(qsas, report);
  return qsas;
}

function checkBinding(zone: ZoneView, service: string, placed: PlacedRecord, binding: ServiceBinding, policy: AddressPolicy, report: Report): PlacedQsa[] {
  const { target, alpn = [], port = DEFAULT_PORT, ipv4hint = [], ipv6hint = [] } = binding;
  const name = printable(target);
  const addresses = [...ipv4hint, ...ipv6hint];
  if (!alpn.includes(PROTOCOL)) report.error(placed, `has ${name} without alpn ${PROTOCOL}`, `write alpn=${PROTOCOL}`);
  if (port === 0) report.error(placed, `has ${name} with port 0`, `write the port that it listens on, such as port=${DEFAULT_PORT}`);
  if (addresses.length === 0) report.error(placed, `has ${name} without an address`, "write ipv4hint or ipv6hint: nothing else is looked up");
  const usable = addresses.filter((address) => isUsable(address, placed, name, policy, report));
  checkTarget(zone, placed, target, addresses, report);
  if (!alpn.includes(PROTOCOL) || port === 0) return [];
  return usable.map((address) => ({ name: target, service, address, port, source: zone.source, placed }));
}

function isUsable(address: IpAddress, placed: PlacedRecord, name: string, policy: AddressPolicy, report: Report): boolean {
  const fault = addressFault(address, policy);
  if (fault === undefined) return true;
  const kind = fault === "unusable" ? "unspecified, multicast or reserved" : fault;
  report.error(placed, `has ${name} at the ${kind} address ${formatIp(address)}: QSRs leave it out`, "write its public address");
  return false;
}

/** The addresses that people find under the name should be those that QSRs use. */
function checkTarget(zone: ZoneView, placed: PlacedRecord, target: string, hints: readonly IpAddress[], report: Report): void {
  if (!isSubdomain(target, zone.apex)) return;
  const known = [...zone.at(target, RecordType.A).flatMap((record) => report.decoded(record, decodeA) ?? []), ...zone.at(target, RecordType.AAAA).flatMap((record) => report.decoded(record, decodeAaaa) ?? [])];
  const odd = hints.find((hint) => known.length > 0 && !known.some((address) => sameIp(address, hint)));
  if (odd !== undefined) report.note(placed, `has ${printable(target)} at ${formatIp(odd)}, but its address records say ${known.map(formatIp).join(", ")}`, "make both the same: QSRs use the hints");
}

function checkDoubles(qsas: readonly PlacedQsa[], report: Report): void {
  const seen = new Map<string, PlacedQsa>();
  for (const qsa of qsas) {
    const endpoint = formatEndpoint(qsa.address, qsa.port);
    const before = seen.get(endpoint);
    if (before === undefined) seen.set(endpoint, qsa);
    else report.note(qsa.placed, `has ${endpoint} again${before.placed.line === undefined ? "" : ` (line ${before.placed.line})`}: only the record of the lower tier counts`, "list each QSA of a service once");
  }
}
