import { RecordType, type Rrsig, decodeRrsig, typeName } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import { isDelegated } from "./delegation.ts";
import type { Report } from "./report.ts";

const DAY = 86_400;

/** A signature, and the record that it is in. */
interface Placed {
  readonly placed: PlacedRecord;
  readonly signature: Rrsig;
}

/** Keys elsewhere than at the apex sign nothing. */
export function isSigned(zone: ZoneView): boolean {
  return zone.ofType(RecordType.RRSIG).length + zone.at(zone.apex, RecordType.DNSKEY).length > 0;
}

/** Of a zone that is signed: whether all is, and for how long still. */
export function checkSignatures(zone: ZoneView, nowSeconds: number, soonDays: number, report: Report): void {
  const signatures = zone.ofType(RecordType.RRSIG).flatMap((placed): Placed[] => {
    const signature = report.decoded(placed, decodeRrsig);
    return signature === undefined ? [] : [{ placed, signature }];
  });
  checkTimes(signatures, nowSeconds, soonDays, report);
  checkCoverage(zone, signatures, report);
}

/** One finding for all of a kind: a signer that has stopped lets all of them end. */
function checkTimes(signatures: readonly Placed[], nowSeconds: number, soonDays: number, report: Report): void {
  const left = ({ signature }: Placed): number => sinceThen(signature.expiration, nowSeconds);
  const isEarly = ({ signature }: Placed): boolean => sinceThen(signature.inception, nowSeconds) > 0;
  const over = signatures.filter((one) => left(one) <= 0);
  const early = signatures.filter((one) => left(one) > 0 && isEarly(one));
  const ending = signatures.filter((one) => left(one) > 0 && !isEarly(one) && left(one) < soonDays * DAY).toSorted((a, b) => left(a) - left(b));
  const [expired, notYet, soon] = [over[0], early[0], ending[0]];
  if (expired !== undefined) report.error(expired.placed, `for ${typeName(expired.signature.typeCovered)} has expired${others(over, "and so have")}`, "have the zone signed again, and see why the signer has stopped");
  if (notYet !== undefined) report.error(notYet.placed, `for ${typeName(notYet.signature.typeCovered)} is not valid yet${others(early, "and so are")}`, "set the signer's clock");
  if (soon !== undefined) report.error(soon.placed, `expires in ${(left(soon) / DAY).toFixed(1)} days${ending.length === 1 ? "" : `, the first of ${ending.length}`}`, "see that the signer runs, and loads what it signs");
}

function checkCoverage(zone: ZoneView, signatures: readonly Placed[], report: Report): void {
  const covered = new Set(signatures.map(({ placed, signature }) => `${placed.record.name} ${signature.typeCovered}`));
  const bare = new Map<string, PlacedRecord>();
  for (const placed of zone.records) {
    const { name, type } = placed.record;
    const key = `${name} ${type}`;
    if (type === RecordType.RRSIG || covered.has(key) || bare.has(key) || isDelegated(zone, name, type)) continue;
    bare.set(key, placed);
  }
  const [first] = bare.values();
  if (first !== undefined) report.error(first, `has no signature, and the zone is signed${others([...bare.keys()], "and so have")}`, "have the zone signed again");
}

function others(all: readonly unknown[], words: string): string {
  return all.length === 1 ? "" : `, ${words} ${(all.length - 1).toLocaleString("en")} more`;
}

/** Serial arithmetic (RFC 4034 section 3.1.5): positive where the time is still to come. */
function sinceThen(time: number, nowSeconds: number): number {
  return (time - Math.floor(nowSeconds)) | 0;
}
