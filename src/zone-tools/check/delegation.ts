import { RecordType, isSubdomain } from "../../dns/records/index.ts";
import type { ZoneView } from "../zone-view.ts";

const cutsOf = new WeakMap<ZoneView, readonly string[]>();

/** What belongs to another zone is signed there (RFC 4035 section 2.2): delegations but for DS and NSEC, and addresses below. */
export function isDelegated(zone: ZoneView, name: string, type: number): boolean {
  const cuts = cutsIn(zone);
  if (cuts.includes(name)) return type !== RecordType.DS && type !== RecordType.NSEC;
  return cuts.some((cut) => isSubdomain(name, cut));
}

function cutsIn(zone: ZoneView): readonly string[] {
  const known = cutsOf.get(zone);
  if (known !== undefined) return known;
  const cuts = [...new Set(zone.ofType(RecordType.NS).flatMap(({ record }) => (record.name === zone.apex ? [] : [record.name])))];
  cutsOf.set(zone, cuts);
  return cuts;
}
