import { type Prefix, prefixContains } from "../../address/index.ts";

/** Whether all of a prefix lies in an area. */
export function covers(area: Prefix, prefix: Prefix): boolean {
  return area.length <= prefix.length && prefixContains(area, prefix.family, prefix.hi, prefix.lo);
}
