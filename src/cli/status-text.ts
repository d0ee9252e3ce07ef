import type { RegistryReport, StatusReport } from "../roles/reports.ts";
import { counted } from "./counted.ts";
import { formatTable, paint, terminalWidth, wrapList } from "./table.ts";

/** A hostile registry has as many as it likes. */
const MOST_PROBLEMS = 20;
/** Nobody notices these. */
const SHORT_PAUSE_MS = 2;
const LAST_RUN = "what the last run had of it";
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
    const { mabs, sets, services, qsas, registries, ageSeconds } = catalogue;
    const confirmed = ageSeconds === null ? "never confirmed: DNS has not given all registries yet" : `confirmed ${duration(ageSeconds)} ago`;
    rows.push(["catalogue", `${counted(mabs, "MAB")} in ${counted(sets, "set")}, ${counted(services, "service")}, ${counted(qsas, "QSA")}; ${confirmed}`]);
    for (const registry of registries) rows.push(...wrapped(registry.failingSeconds === null ? "registry" : paint.yellow("registry"), registryPhrases(registry, Date.now())));
    for (const problem of shownProblems(catalogue.problems, isWhole)) rows.push([paint.yellow("problem"), problem]);
  }
  if (mapping !== undefined) rows.push(["mapping", `${counted(mapping.mabs, "MAB")}, ${counted(mapping.micronets, "micronet")}`]);
  rows.push(["cache", `${cache.entries} of ${cache.maxEntries} entries, ${cache.promises} promises`]);
  rows.push(...threadRows(status));
  const long = (status.pauses ?? []).filter(([mostMs]) => mostMs === null || mostMs > SHORT_PAUSE_MS);
  rows.push(...wrapped("pauses", long.map(pauseText)));
  const counters = Object.entries(status.counters).filter(([, value]) => value > 0);
  rows.push(...wrapped("counters", counters.map(([name, value]) => `${name} ${value}`)));
  return formatTable(rows.map(([label, value]) => [paint.bold(label), value]));
}

/** Whether the kernel spreads queriers evenly over engine threads. */
function threadRows({ receivedByThread = [] }: StatusReport): [string, string][] {
  if (receivedByThread.length === 0) return [];
  const all = receivedByThread.reduce((sum, received) => sum + received, 0);
  const shares = receivedByThread.map((received) => `${all === 0 ? 0 : Math.round((100 * received) / all)} %`);
  return [["threads", `${receivedByThread.length}, with ${shares.join(", ")} of the datagrams received`]];
}

/** Over as many lines as it takes. */
function wrapped(label: string, items: readonly string[]): [string, string][] {
  return wrapList(items, terminalWidth() - LABEL_COLUMNS).map((line, index) => [index === 0 ? label : "", line]);
}

function pauseText([mostMs, count]: readonly [number | null, number]): string {
  return `${mostMs === null ? "longer" : `up to ${mostMs} ms`} ${counted(count, "time")}`;
}

/** What is served of a registry, why no other, and until when. `now`: milliseconds of Date. */
function registryPhrases(registry: RegistryReport, now: number): string[] {
  const { apex, serial, isServed, source, ageSeconds, expiresInSeconds, failingSeconds, failures, nextLookInSeconds } = registry;
  const confirmed = ageSeconds === null ? [] : [`confirmed ${duration(ageSeconds)} ago`];
  const next = duration(nextLookInSeconds);
  if (failingSeconds === null) {
    if (serial === null) return [`${apex} is being read for the first time`, isServed ? `${LAST_RUN} is served meanwhile` : "nothing of it is served yet"];
    return [`${apex} serial ${serial}`, source === null ? "of the last run" : `by ${source}`, ...confirmed, `next look in ${next}`];
  }
  const failing = [`${apex} cannot be read since ${instant(now - failingSeconds * 1000)}`, `${duration(failingSeconds)} by now`, counted(failures, "try", "tries"), `next in ${next}`];
  if (!isServed) return [...failing, "nothing of it is served", ...confirmed];
  const until = expiresInSeconds === null ? [] : [`until ${instant(now + expiresInSeconds * 1000)} (${duration(expiresInSeconds)} more)`];
  return [...failing, `${serial === null ? LAST_RUN : `serial ${serial}`} is served meanwhile`, ...confirmed, ...until];
}

/** The two largest units. */
function duration(seconds: number): string {
  const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  const [[unit, size], next] = [units[first]!, units[first + 1]];
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[1]);
  return `${Math.floor(seconds / size)} ${unit}${rest === 0 ? "" : ` ${rest} ${next![0]}`}`;
}

/** In UTC, to the second, as logs have it. */
function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

function shownProblems(problems: readonly string[], isWhole: boolean): readonly string[] {
  if (isWhole || problems.length <= MOST_PROBLEMS) return problems;
  const more = (problems.length - MOST_PROBLEMS).toLocaleString("en");
  return [...problems.slice(0, MOST_PROBLEMS), `and ${more} more (see: drtm ctl status --all)`];
}
