import type { StatusReport } from "../roles/reports.ts";
import { counted } from "./counted.ts";
import { formatTable, paint, terminalWidth, wrapList } from "./table.ts";

/** A hostile registry has as many as it likes. */
const MOST_PROBLEMS = 20;
/** The widest label, and the space after it. */
const LABEL_COLUMNS = "listens on  ".length;

/** What `drtm ctl status` prints; with all problems that DNS has, or the first of them and how many more there are. */
export function statusText(status: StatusReport, isWhole: boolean): string {
  const { catalogue, mapping, cache } = status;
  const rows: [string, string][] = [
    ["role", `${status.role}, drtm ${status.version}, process ${status.pid}, up ${status.uptimeSeconds} s`],
    ["listens on", status.listen.join(", ")],
    ["epoch", status.epoch],
  ];
  if (catalogue !== undefined) {
    const { mabs, sets, services, qsas, serials, sources, ageSeconds } = catalogue;
    const confirmed = ageSeconds === null ? "never confirmed: DNS has not answered yet" : `confirmed ${ageSeconds} s ago`;
    rows.push(["catalogue", `${counted(mabs, "MAB")} in ${counted(sets, "set")}, ${counted(services, "service")}, ${counted(qsas, "QSA")}; ${confirmed}`]);
    rows.push(["serials", Object.entries(serials).map(([apex, serial]) => `${apex} ${serial} (${sources[apex]})`).join(", ") || "none yet"]);
    for (const problem of shownProblems(catalogue.problems, isWhole)) rows.push([paint.yellow("problem"), problem]);
  }
  if (mapping !== undefined) rows.push(["mapping", `${counted(mapping.mabs, "MAB")}, ${counted(mapping.micronets, "micronet")}`]);
  rows.push(["cache", `${cache.entries} of ${cache.maxEntries} entries, ${cache.promises} promises`]);
  const counters = Object.entries(status.counters).filter(([, value]) => value > 0);
  const lines = wrapList(counters.map(([name, value]) => `${name} ${value}`), terminalWidth() - LABEL_COLUMNS);
  rows.push(...lines.map((line, index): [string, string] => [index === 0 ? "counters" : "", line]));
  return formatTable(rows.map(([label, value]) => [paint.bold(label), value]));
}

function shownProblems(problems: readonly string[], isWhole: boolean): readonly string[] {
  if (isWhole || problems.length <= MOST_PROBLEMS) return problems;
  const more = (problems.length - MOST_PROBLEMS).toLocaleString("en");
  return [...problems.slice(0, MOST_PROBLEMS), `and ${more} more (see: drtm ctl status --all)`];
}
