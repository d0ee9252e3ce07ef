import { RecordType, compareNames, decodeNsec, typeName } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import type { ZoneView } from "../zone-view.ts";
import { isDelegated } from "./delegation.ts";
import type { Report } from "./report.ts";

const MADE_AGAIN = "have the signer make its NSEC records again";

/** Whether a signed zone can prove that something is not there, in the way that readers take (RFC 4035 section 5.4). */
export function checkDenial(zone: ZoneView, report: Report): void {
  const hashed = zone.ofType(RecordType.NSEC3PARAM);
  if (hashed.length > 0) return checkHashed(hashed, report);
  const links = zone.ofType(RecordType.NSEC).toSorted((a, b) => compareNames(a.record.name, b.record.name));
  if (links.length === 0) report.error(`${zone.apex} NSEC`, "is missing: readers cannot be shown that a name is not there", "sign with NSEC");
  else checkChain(zone, links, report);
}

/** RFC 5155 section 4.2: algorithm, flags, iterations. */
function checkHashed(records: readonly PlacedRecord[], report: Report): void {
  const [first] = records;
  report.note(first!, "has absence proved by NSEC3, which readers do not take", "sign with NSEC: there is nothing to hide in these zones");
  for (const placed of records) {
    const { data } = placed.record;
    const iterations = data.length < 4 ? 0 : data[2]! * 256 + data[3]!;
    if (iterations > 0) report.error(placed, `has ${iterations} iterations: resolvers take such a zone as unsigned, or not at all (RFC 9276 section 3.2)`, "sign with NSEC, or at least with 0 iterations");
  }
}

/** Each link leads to the next name, the last one to the apex, and says what is there. The first mistake is told. */
function checkChain(zone: ZoneView, links: readonly PlacedRecord[], report: Report): void {
  for (const [index, placed] of links.entries()) {
    const nsec = report.decoded(placed, decodeNsec);
    if (nsec === undefined) return;
    const next = links[index + 1]?.record.name ?? zone.apex;
    if (nsec.next !== next) return report.error(placed, `leads to ${nsec.next}, and the next name with NSEC is ${next}`, MADE_AGAIN);
    const problem = typesProblem(zone, placed.record.name, nsec.types);
    if (problem !== undefined) return report.error(placed, problem, MADE_AGAIN);
  }
  const linked = new Set(links.map(({ record }) => record.name));
  for (const name of zone.names) {
    if (!linked.has(name) && !isDelegated(zone, name, RecordType.NSEC)) return report.error(zone.under(name)[0]!, "is at a name without NSEC, so that readers are shown that it is not there", MADE_AGAIN);
  }
}

function typesProblem(zone: ZoneView, name: string, said: readonly number[]): string | undefined {
  const present = new Set(zone.under(name).map(({ record }) => record.type));
  const isCut = isDelegated(zone, name, RecordType.NS);
  const wrong = said.find((type) => !present.has(type));
  if (wrong !== undefined) return `says that there is ${typeName(wrong)}, and there is none`;
  const missing = [...present].find((type) => !said.includes(type) && !(isCut && isDelegated(zone, name, type) && type !== RecordType.NS && type !== RecordType.RRSIG));
  return missing === undefined ? undefined : `does not say that there is ${typeName(missing)}, so that readers take it for forged`;
}
