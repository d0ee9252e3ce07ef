import { RecordType, decodeApl, encodeName, typeName } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";

/** NSD 4.6 refuses more than 64. */
const MOST_APL_ITEMS = 60;
/** What passes nearly everywhere without fragments (DNS flag day 2020). */
const DATAGRAM = 1_232;
const MESSAGE = 65_535;
const HEADER = 12;
const TYPE_AND_CLASS = 4;
/** A compressed owner, type, class, TTL and length. */
const RECORD_HEAD = 12;
/** OPT with a cookie. */
const OPT = 39;
/** RRSIG data of ECDSA P-256 but for the signer's name. */
const SIGNATURE = 18 + 64;
/** Bucket lists are meant to be longer than a datagram: they are read once, over TCP. */
const MAY_BE_LONG = /^ix\./;
const READ: ReadonlySet<number> = new Set([RecordType.APL, RecordType.PTR, RecordType.SVCB, RecordType.TXT]);

/** Whether what readers ask for fits the messages that bring it. */
export function checkSizes(zone: ZoneView, report: Report): void {
  for (const placed of zone.ofType(RecordType.APL)) checkItems(placed, report);
  for (const rrset of rrsetsOf(zone)) checkRrset(rrset, zone.apex, report);
}

function checkItems(placed: PlacedRecord, report: Report): void {
  const items = itemsOf(placed);
  if (items > MOST_APL_ITEMS) report.error(placed, `has ${items} items: NSD takes no record with more than 64`, `divide it into records of at most ${MOST_APL_ITEMS}`);
}

function itemsOf({ record }: PlacedRecord): number {
  try {
    return decodeApl(record.data).length;
  } catch {
    return 0;
  }
}

function rrsetsOf(zone: ZoneView): Iterable<readonly PlacedRecord[]> {
  const sets = new Map<string, PlacedRecord[]>();
  for (const placed of zone.records) {
    const { name, type } = placed.record;
    if (!READ.has(type)) continue;
    const key = `${type} ${name}`;
    const others = sets.get(key);
    if (others === undefined) sets.set(key, [placed]);
    else others.push(placed);
  }
  return sets.values();
}

function checkRrset(rrset: readonly PlacedRecord[], apex: string, report: Report): void {
  const [first] = rrset;
  const { name, type } = first!.record;
  const records = rrset.reduce((sum, { record }) => sum + RECORD_HEAD + record.data.length, 0);
  const octets = HEADER + encodeName(name).length + TYPE_AND_CLASS + records + RECORD_HEAD + SIGNATURE + encodeName(apex).length + OPT;
  if (octets > MESSAGE) report.error(first!, `has ${rrset.length} records of ${octets.toLocaleString("en")} octets: no DNS message holds more than ${MESSAGE.toLocaleString("en")}`, remedyFor(type));
  else if (octets > DATAGRAM && !MAY_BE_LONG.test(name)) report.note(first!, `takes ${octets.toLocaleString("en")} octets when signed, more than the ${DATAGRAM.toLocaleString("en")} of a datagram: it is read over TCP`, remedyFor(type));
}

function remedyFor(type: number): string {
  if (type === RecordType.APL) return "divide the bucket by its next address bit (drtm zone build does)";
  if (type === RecordType.SVCB) return "divide the QSAs over two services, or leave it so: TCP must be open";
  return type === RecordType.TXT ? "divide its MABs over two services" : `have fewer ${typeName(type)} records here`;
}
