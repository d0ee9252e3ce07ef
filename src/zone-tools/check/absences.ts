import { type Setting, type SignedAnswer, validateAbsence } from "../../dns/dnssec/index.ts";
import { printable, typeName } from "../../dns/records/index.ts";
import type { ZoneView } from "../zone-view.ts";
import type { Report } from "./report.ts";
import { TOOLS, type Trust, keysOf } from "./trust.ts";

/** Of what a server says is not there: whether it proves that, in the way that readers take (RFC 4035 section 5.4). The first that it does not is told. */
export function checkAbsences(zone: ZoneView, absences: readonly SignedAnswer[], { anchors }: Trust, nowSeconds: number, report: Report): void {
  const keys = keysOf(zone, anchors, nowSeconds);
  if (!keys.valid) return;
  const setting: Setting = { zone: zone.apex, now: nowSeconds, verifier: TOOLS.verifier };
  const unproved = absences.flatMap((absence) => {
    const verdict = validateAbsence(absence, keys, setting);
    return verdict.valid ? [] : [{ absence, ...verdict }];
  });
  const [first] = unproved;
  if (first === undefined) return;
  const { absence: { name, type }, fault, reason } = first;
  const others = unproved.length === 1 ? "" : `, nor is that of ${unproved.length - 1} more`;
  const tell = fault === "unsupported" ? report.note : report.error;
  tell.call(report, `${name} ${typeName(type)}`, `is not there, and its absence is not proved${others} (${printable(reason)})`, "sign with NSEC, and ask a server or resolver that passes proofs on");
}
