import { RecordType, type Soa, decodeHostName, decodeSoa, isSubdomain } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import { OF_SIGNERS } from "./of-signers.ts";
import type { Report } from "./report.ts";

const HOUR = 3_600;
const DAY = 86_400;
/** QSRs look no more often (docs/configuration.md). */
const LEAST_REFRESH = 10;

/** SOA timers, TTLs, and name servers. */
export function checkHead(zone: ZoneView, report: Report): void {
  for (const placed of zone.at(zone.apex, RecordType.SOA)) {
    const soa = report.decoded(placed, decodeSoa);
    if (soa !== undefined) checkTimers(placed, soa, report);
  }
  checkTtls(zone, report);
  checkNameServers(zone, report);
}

function checkTimers(placed: PlacedRecord, { refresh, retry, expire, minimum }: Soa, report: Report): void {
  if (expire < refresh + retry) report.error(placed, `expires after ${expire} s, before a secondary has asked twice (refresh ${refresh} s, retry ${retry} s)`, "set the expiry to days, such as 604800");
  else if (expire < DAY) report.note(placed, `expires after ${expire} s: a day's outage of the primary ends the zone`, "set the expiry to days, such as 604800");
  if (retry > refresh) report.note(placed, `has a retry of ${retry} s, longer than its refresh of ${refresh} s`, "set the retry to a part of the refresh, such as 60");
  if (refresh < LEAST_REFRESH) report.note(placed, `has a refresh of ${refresh} s: QSRs ask no more often than every ${LEAST_REFRESH} s`, "set the refresh to 300, and send NOTIFY");
  if (refresh > HOUR) report.note(placed, `has a refresh of ${refresh} s: where NOTIFY is lost, a change is seen that late`, "set the refresh to 300");
  if (minimum > HOUR) report.note(placed, `has a minimum of ${minimum} s: for so long resolvers go on saying that a new name does not exist`, "set the minimum to 60");
}

function checkTtls(zone: ZoneView, report: Report): void {
  const seen = new Set<number>();
  for (const placed of zone.records) {
    const { ttl, type } = placed.record;
    if (seen.has(ttl) || OF_SIGNERS.has(type)) continue;
    seen.add(ttl);
    if (ttl === 0) report.note(placed, "has a TTL of 0, so that no resolver keeps it", "set the TTL to 300 or more");
    if (ttl > DAY) report.note(placed, `has a TTL of ${ttl} s: resolvers hide a change for so long`, "set the TTL to 3600 or less");
  }
}

function checkNameServers(zone: ZoneView, report: Report): void {
  const servers = zone.at(zone.apex, RecordType.NS);
  const [first] = servers;
  if (first === undefined) report.error(`${zone.apex} NS`, "has no name servers", "list those that serve the zone");
  else if (servers.length === 1) report.note(first, "is the only name server: without it the zone cannot be read", "list two or more, in different networks");
  for (const placed of servers) {
    const name = report.decoded(placed, decodeHostName);
    if (name === undefined || !isSubdomain(name, zone.apex)) continue;
    const hasAddress = zone.at(name, RecordType.A).length + zone.at(name, RecordType.AAAA).length > 0;
    if (!hasAddress) report.error(placed, `names ${name}, which has no address in this zone`, `write ${name} A or AAAA`);
  }
}
