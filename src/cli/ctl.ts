import { ControlError, askControl, defaultControlSocket } from "../io/control-socket.ts";
import type { MapReport, QsaReport, SiteReport, StatusReport, WhyReport } from "../roles/reports.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { didYouMean } from "../config/nearest.ts";
import { qsaTable } from "./qsa-table.ts";
import { formatTable, paint } from "./table.ts";

export const ctl: Command = {
  name: "ctl",
  summary: "look into a running drtm, or change it",
  help: `Usage: drtm ctl ACTION [--socket PATH] [--json]

  status                            what runs, what it has found, its counters
  qsas                              all QSAs of all services, with RTT and rank
  why ADDRESS                       why an address is answered as it is
  site down NAME | site up NAME     take a site of "drtm up" down, and bring it back
  map set RANGE --etr ADDRESS       map a range of addresses to an ETR
  map unset RANGE                   take the mapping of a range away

  --socket PATH  control socket of the drtm meant (default ${defaultControlSocket()})
  --json         the answer as JSON

Example: drtm ctl map set 192.0.2.0-192.0.2.99 --etr 203.0.113.7`,
  run: async (args) => {
    const { values, positionals } = readArgs("ctl", args, {
      socket: { type: "string", default: defaultControlSocket() },
      json: { type: "boolean", default: false },
      etr: { type: "string" },
    });
    const request = readAction(positionals, values.etr);
    try {
      const answer = await askControl(values.socket, request.method, request.target, request.body);
      console.log(values.json ? JSON.stringify(answer) : request.print(answer));
      return ExitStatus.answered;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      console.error(`drtm: ${error.message}`);
      return error.status >= 500 ? ExitStatus.unanswered : ExitStatus.usage;
    }
  },
};

interface Request {
  readonly method: "GET" | "POST";
  readonly target: string;
  readonly body?: object;
  readonly print: (answer: never) => string;
}

const ACTIONS = ["status", "qsas", "why", "site", "map"];

function readAction(words: readonly string[], etr: string | undefined): Request & { print: (answer: unknown) => string } {
  const [action, ...rest] = words;
  if (action === undefined) throw new UsageError("drtm ctl needs an action (see: drtm ctl --help)");
  const request = requestOf(action, rest, etr);
  if (request === undefined) {
    const problem = ACTIONS.includes(action) ? `"${words.join(" ")}" is not complete, or has a word too many` : `unknown action "${action}"${didYouMean(action, ACTIONS)}`;
    throw new UsageError(`${problem} (see: drtm ctl --help)`);
  }
  return request as Request & { print: (answer: unknown) => string };
}

function requestOf(action: string, rest: readonly string[], etr: string | undefined): Request | undefined {
  const [first, second, ...more] = rest;
  switch (action) {
    case "status":
      return rest.length === 0 ? { method: "GET", target: "/status", print: printStatus } : undefined;
    case "qsas":
      return rest.length === 0 ? { method: "GET", target: "/qsas", print: qsaTable } : undefined;
    case "why":
      return rest.length === 1 ? { method: "GET", target: `/why?address=${encodeURIComponent(first!)}`, print: printWhy } : undefined;
    case "site":
      if (second === undefined || more.length > 0 || (first !== "up" && first !== "down")) return undefined;
      return { method: "POST", target: "/site", body: { name: second, up: first === "up" }, print: printSite };
    case "map":
      if (second === undefined || more.length > 0) return undefined;
      if (first === "set" && etr === undefined) throw new UsageError("map set needs --etr ADDRESS (0.0.0.0 or :: to drop packets)");
      if (first !== "set" && first !== "unset") return undefined;
      return { method: "POST", target: "/map", body: { range: second, etr: first === "set" ? etr : null }, print: printMap };
    default:
      return undefined;
  }
}

function printStatus(status: StatusReport): string {
  const { catalogue, mapping, cache } = status;
  const rows: [string, string][] = [
    ["role", `${status.role}, drtm ${status.version}, process ${status.pid}, up ${status.uptimeSeconds} s`],
    ["listens on", status.listen.join(", ")],
    ["epoch", status.epoch],
  ];
  if (catalogue !== undefined) {
    const { mabs, sets, services, qsas, serials, ageSeconds } = catalogue;
    rows.push(["catalogue", `${mabs} MABs in ${sets} sets, ${services} services, ${qsas} QSAs; confirmed ${ageSeconds} s ago`]);
    rows.push(["serials", Object.entries(serials).map(([apex, serial]) => `${apex} ${serial}`).join(", ") || "none yet"]);
    for (const problem of catalogue.problems) rows.push([paint.yellow("problem"), problem]);
  }
  if (mapping !== undefined) rows.push(["mapping", `${mapping.mabs} MABs, ${mapping.micronets} micronets`]);
  rows.push(["cache", `${cache.entries} of ${cache.maxEntries} entries, ${cache.promises} promises`]);
  const counters = Object.entries(status.counters).filter(([, value]) => value > 0);
  rows.push(["counters", counters.map(([name, value]) => `${name} ${value}`).join(", ")]);
  return formatTable(rows.map(([label, value]) => [paint.bold(label), value]));
}

function printWhy(why: WhyReport): string {
  const lines = [`${paint.bold(why.address)}: ${why.verdict}`];
  if (why.mab !== null) lines.push(`MAB ${why.mab}, set ${why.set}`);
  if (why.cached !== null) {
    const { range, etr, version, remainingSeconds, from } = why.cached;
    lines.push(`cached: ${range} ${etr === null ? "no mapping" : `to ${etr}`}, version ${version}, ${remainingSeconds} s more, from ${from}`);
  }
  const qsas: QsaReport[] = why.services.flatMap((service) => service.qsas);
  if (qsas.length > 0) lines.push("", qsaTable(qsas));
  return lines.join("\n");
}

function printSite({ name, up, address, noticedAfterMs }: SiteReport): string {
  const noticed = noticedAfterMs === null ? "the QSR has not seen it yet" : `the QSR saw it after ${noticedAfterMs} ms`;
  return `${name} (${address}) is ${up ? paint.green("up") : paint.red("down")}; ${noticed}`;
}

function printMap({ mab, changes, qsas }: MapReport): string {
  const rows = changes.map(({ range, etr, version }) => [`  ${range}`, etr === null ? "no mapping" : `to ${etr}`, `version ${version}`]);
  return `MAB ${mab} at ${qsas.join(", ")}:\n${formatTable(rows)}`;
}
