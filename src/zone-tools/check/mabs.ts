import { type Prefix, comparePrefixes, formatPrefix, parsePrefix } from "../../address/index.ts";
import { MOST } from "../../dns/discovery/budget.ts";
import { covers } from "../../dns/discovery/covers.ts";
import type { PlacedMab, RegistryContent } from "./registry-content.ts";
import type { Report } from "./report.ts";

/** What networks commonly take in BGP: nothing longer. */
const LONGEST = { 4: 24, 6: 48 } as const;
const SHORTEST = 8;
/** Space that no network can be reached in from elsewhere (RFC 6890). */
const UNROUTED = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8"].map(parsePrefix);

/** What a registry's MABs are among each other. */
export function checkMabs(content: RegistryContent, apex: string, report: Report): void {
  const sorted = content.mabs.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
  checkLimits(content, apex, report);
  for (const mab of sorted) checkPrefix(mab, report);
  checkDoubles(sorted, report);
  checkNesting(sorted, report);
}

function checkLimits({ sets, buckets, mabs, services }: RegistryContent, apex: string, report: Report): void {
  const counts = { sets, buckets, MABs: mabs.length, services: new Set(services.map(({ name }) => name)).size };
  for (const [what, most] of Object.entries(MOST)) {
    const count = counts[what as keyof typeof counts];
    if (count > most) report.error(apex, `has ${count.toLocaleString("en")} ${what}: readers refuse a registry with more than ${most.toLocaleString("en")}`, "divide it into several registries");
  }
}

function checkPrefix({ prefix, placed }: PlacedMab, report: Report): void {
  const text = formatPrefix(prefix);
  const longest = LONGEST[prefix.family];
  if (prefix.length > longest) report.note(placed, `has ${text}, longer than the /${longest} that networks take in BGP`, "list the prefix that is announced");
  if (prefix.length < SHORTEST) report.note(placed, `has ${text}, shorter than /${SHORTEST}: is so much of the Internet meant?`, "list the prefixes that are announced");
  const area = UNROUTED.find((unrouted) => covers(unrouted, prefix));
  if (area !== undefined) report.note(placed, `has ${text}, which is in ${formatPrefix(area)}: space that is not routed`, "list space of the MABOC's own");
}

/** The same MAB in two sets has the services of both; in one set it is a mistake. */
function checkDoubles(sorted: readonly PlacedMab[], report: Report): void {
  for (const [index, { prefix, placed, set }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined || comparePrefixes(before.prefix, prefix) !== 0) continue;
    if (before.set === set) report.error(placed, `has ${formatPrefix(prefix)} again, which is in this set already${at(before)}`, "list it once, in the bucket that it belongs to");
    else report.note(placed, `has ${formatPrefix(prefix)}, which is in the set ${before.set} too${at(before)}: the services of both answer for it`, "list it in one set, if that is not meant");
  }
}

interface Nesting {
  readonly inner: PlacedMab;
  readonly outer: PlacedMab;
  count: number;
}

/** One note for each two sets: where MABs are meant to lie in others, there may be thousands. */
function checkNesting(sorted: readonly PlacedMab[], report: Report): void {
  const found = new Map<string, Nesting>();
  const around: PlacedMab[] = [];
  for (const inner of sorted) {
    while (around.length > 0 && !covers(around.at(-1)!.prefix, inner.prefix)) around.pop();
    const outer = around.findLast(({ prefix }) => prefix.length < inner.prefix.length);
    if (outer !== undefined) addNesting(found, inner, outer);
    around.push(inner);
  }
  for (const nesting of found.values()) noteNesting(nesting, report);
}

function addNesting(found: Map<string, Nesting>, inner: PlacedMab, outer: PlacedMab): void {
  const key = `${inner.set} ${outer.set}`;
  const nesting = found.get(key);
  if (nesting === undefined) found.set(key, { inner, outer, count: 1 });
  else nesting.count++;
}

function noteNesting({ inner, outer, count }: Nesting, report: Report): void {
  const where = inner.set === outer.set ? "of the same set" : `of the set ${outer.set}`;
  const others = count === 1 ? "" : `, and so do ${count - 1} more`;
  const remedy = inner.set === outer.set ? "leave the longer ones out, unless they are announced on their own" : "check that this is agreed: the longest match answers";
  report.note(inner.placed, `has ${formatPrefix(inner.prefix)}, which lies in ${formatPrefix(outer.prefix)} ${where}${at(outer)}${others}`, remedy);
}

function at({ placed }: { placed: PlacedMab["placed"]; prefix: Prefix }): string {
  return placed.line === undefined ? "" : ` (line ${placed.line})`;
}
