import { RecordType, type Rrsig, decodeRrsig, isSubdomain, typeName } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";

const DAY = 86_400;

/** Of a zone that is signed: whether all is, and for how long still. Whether signatures are right is for who has the keys. */
export function checkSignatures(zone: ZoneView, nowSeconds: number, soonDays: number, report: Report): void {
  const signatures = zone.ofType(RecordType.RRSIG);
  if (signatures.length + zone.ofType(RecordType.DNSKEY).length === 0) return;
  const covered = new Set<string>();
  const ending: { placed: PlacedRecord; days: number }[] = [];
  for (const placed of signatures) {
    const signature = report.decoded(placed, decodeRrsig);
    if (signature === undefined) continue;
    covered.add(`${placed.record.name} ${signature.typeCovered}`);
    const days = checkTimes(placed, signature, nowSeconds, report);
    if (days !== undefined && days < soonDays) ending.push({ placed, days });
  }
  noteEnding(ending, report);
  checkCoverage(zone, covered, report);
  const [hashed] = zone.ofType(RecordType.NSEC3PARAM);
  if (hashed !== undefined) report.note(hashed, "has absence proved by NSEC3, which readers do not take", "sign with NSEC: there is nothing to hide in these zones");
  if (zone.at(zone.apex, RecordType.ZONEMD).length === 0) report.note(`${zone.apex} ZONEMD`, "is missing: a transfer cannot be checked as a whole", "have the signer add it (Knot: zonemd-generate)");
}

/** Days that it holds still; undefined where it does not. */
function checkTimes(placed: PlacedRecord, { typeCovered, expiration, inception }: Rrsig, nowSeconds: number, report: Report): number | undefined {
  const left = sinceThen(expiration, nowSeconds);
  if (left <= 0) report.error(placed, `for ${typeName(typeCovered)} has expired`, "have the zone signed again, and see why the signer has stopped");
  else if (sinceThen(inception, nowSeconds) > 0) report.error(placed, `for ${typeName(typeCovered)} is not valid yet`, "set the signer's clock");
  else return left / DAY;
  return undefined;
}

/** One note for all: a signer that has stopped lets all of them end. */
function noteEnding(ending: readonly { placed: PlacedRecord; days: number }[], report: Report): void {
  const [first] = ending.toSorted((a, b) => a.days - b.days);
  if (first === undefined) return;
  const others = ending.length === 1 ? "" : `, the first of ${ending.length}`;
  report.note(first.placed, `expires in ${first.days.toFixed(1)} days${others}`, "see that the signer runs, and loads what it signs");
}

function checkCoverage(zone: ZoneView, covered: ReadonlySet<string>, report: Report): void {
  const told = new Set<string>();
  const cuts = zone.ofType(RecordType.NS).flatMap(({ record }) => (record.name === zone.apex ? [] : [record.name]));
  for (const placed of zone.records) {
    const { name, type } = placed.record;
    const key = `${name} ${type}`;
    if (type === RecordType.RRSIG || covered.has(key) || told.has(key) || isDelegated(name, type, cuts)) continue;
    told.add(key);
    report.error(placed, "has no signature, and the zone is signed", "have the zone signed again");
  }
}

/** What belongs to another zone is signed there (RFC 4035 section 2.2). */
function isDelegated(name: string, type: number, cuts: readonly string[]): boolean {
  const atCut = cuts.includes(name) && (type === RecordType.DS || type === RecordType.NSEC);
  return !atCut && cuts.some((cut) => isSubdomain(name, cut));
}

/** Serial arithmetic (RFC 4034 section 3.1.5): positive where the time is still to come. */
function sinceThen(time: number, nowSeconds: number): number {
  return (time - Math.floor(nowSeconds)) | 0;
}
