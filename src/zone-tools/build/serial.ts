import { compareSerials } from "../../dns/records/index.ts";
import type { Description } from "../description/description.ts";

/** The serial of a zone whose content has changed, newer than the last one by RFC 1982. `nowSeconds` is Unix time. */
export function nextSerial(style: Description["serial"], last: number | undefined, nowSeconds: number): number {
  const now = Math.floor(nowSeconds) >>> 0;
  if (last === undefined) return style === "increment" ? 1 : now;
  const order = compareSerials(now, last);
  return style === "unix-time" && order !== undefined && order > 0 ? now : (last + 1) >>> 0;
}
