import { askControl, ownControlSocket } from "../io/control-client.ts";
import { ControlError } from "../io/control-error.ts";
import { defaultControlSocket } from "../io/control-place.ts";
import type { CachedReport, FlushReport, MapReport, QsaReport, ShareReport, SiteReport, StatusReport, WhyReport } from "../roles/reports.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { didYouMean } from "../config/nearest.ts";
import { counted } from "./counted.ts";
import { qsaTable } from "./qsa-table.ts";
import { statusText } from "./status-text.ts";
import { formatTable, paint } from "./table.ts";

interface Request {
  readonly method: "GET" | "POST";
  readonly target: string;
  readonly body?: object;
  readonly print: (answer: never) => string;
}

interface Action {
  /** Its words, each way they may be given, and what they do. */
  readonly usage: readonly (readonly [words: string, does: string])[];
  /** The options it takes. */
  readonly options?: readonly (keyof Options)[];
  /** What to ask for these words after the action's name; undefined when they do not fit. */
  readonly request: (words: readonly string[], options: Options) => Request | undefined;
}

interface Options {
  readonly etr?: string | undefined;
  readonly alternatives?: string | undefined;
  readonly hold?: string | undefined;
  readonly all?: boolean | undefined;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  status: {
    usage: [["status [--all]", "what runs, what it has found, its counters; --all: all problems in DNS"]],
    options: ["all"],
    request: (words, { all }) => {
      if (words.length > 0) return undefined;
      return { method: "GET", target: "/status", print: (status: StatusReport) => statusText(status, all === true) };
    },
  },
  qsas: {
    usage: [["qsas", "all QSAs of all services, with RTT and rank"]],
    request: noWords({ method: "GET", target: "/qsas", print: printQsas }),
  },
  why: {
    usage: [["why ADDRESS", "why an address is answered as it is"]],
    request: ([address, ...more]) => {
      if (address === undefined || more.length > 0) return undefined;
      return { method: "GET", target: `/why?address=${encodeURIComponent(address)}`, print: printWhy };
    },
  },
  site: {
    usage: [["site down NAME", 'take a site of "drtm up" down'], ["site up NAME", "bring it back"]],
    request: ([to, name, ...more]) => {
      if (name === undefined || more.length > 0 || (to !== "up" && to !== "down")) return undefined;
      return { method: "POST", target: "/site", body: { name, up: to === "up" }, print: printSite };
    },
  },
  map: {
    usage: [["map set RANGE --etr ADDRESS", "map a range of addresses to an ETR (0.0.0.0 or ::: drop)"], ["map unset RANGE", "take the mapping of a range away"]],
    options: ["etr"],
    request: ([to, range, ...more], { etr }) => {
      if (range === undefined || more.length > 0 || (to !== "set" && to !== "unset") || (to === "set") !== (etr !== undefined)) return undefined;
      return { method: "POST", target: "/map", body: { range, etr: etr ?? null }, print: printMap };
    },
  },
  share: {
    usage: [
      ["share PERCENT [--alternatives A,B,...] [--hold SECONDS]", "ask queriers to leave this QSA so much of their load (100: all)"],
      ["share", "what it asks for now"],
    ],
    options: ["alternatives", "hold"],
    request: ([share, ...more], { alternatives, hold }) => {
      if (more.length > 0 || (share === undefined && (alternatives ?? hold) !== undefined)) return undefined;
      if (share === undefined) return { method: "POST", target: "/share", body: {}, print: printShare };
      const wish = { share: readCount(share), holdSeconds: readCount(hold ?? DEFAULT_HOLD_SECONDS), alternatives: (alternatives ?? "").split(",").filter(Boolean) };
      return { method: "POST", target: "/share", body: wish, print: printShare };
    },
  },
  flush: {
    usage: [["flush RANGE", "forget what is cached there, here and at all queriers"], ["flush all", "forget everything"]],
    request: ([range, ...more]) => {
      if (range === undefined || more.length > 0) return undefined;
      return { method: "POST", target: "/flush", body: { range: range === "all" ? null : range }, print: ({ entries }: FlushReport) => `${counted(entries, "entry", "entries")} flushed` };
    },
  },
};

/** How long a wish for less load lasts when nothing is said. */
const DEFAULT_HOLD_SECONDS = "300";

/** Longer ones stand in a line of their own. */
const WORDS_WIDTH = 29;
const USAGES = Object.values(ACTIONS).flatMap(({ usage }) => usage);

export const ctl: Command = {
  name: "ctl",
  summary: "look into a running drtm, or change it",
  help: `Usage: drtm ctl ACTION [--socket PATH] [--json]

${USAGES.map(([words, does]) => `  ${words.length > WORDS_WIDTH ? `${words}\n  ${" ".repeat(WORDS_WIDTH)}` : words.padEnd(WORDS_WIDTH)}  ${does}`).join("\n")}

  --socket PATH  control socket of the drtm meant (default ${defaultControlSocket()})
  --json         the answer as JSON, one object a line

Exit status: 0 done, 1 no answer, or it could not be done, 2 wrong usage, or what is asked for cannot be.

Example: drtm ctl map set 192.0.2.0-192.0.2.99 --etr 203.0.113.7`,
  run: async (args) => {
    const { values, positionals } = readArgs("ctl", args, {
      socket: { type: "string" },
      json: { type: "boolean", default: false },
      etr: { type: "string" },
      alternatives: { type: "string" },
      hold: { type: "string" },
      all: { type: "boolean" },
    });
    const { etr, alternatives, hold, all } = values;
    const request = readAction(positionals, { etr, alternatives, hold, all });
    try {
      const answer = await askControl(values.socket ?? ownControlSocket(), request.method, request.target, request.body);
      const print = values.json ? printJson : request.print;
      const text = print(answer as never);
      if (text !== "") console.log(text);
      return ExitStatus.answered;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      console.error(`drtm: ${error.message}`);
      return error.status >= 500 ? ExitStatus.unanswered : ExitStatus.usage;
    }
  },
};

/** NaN, which the server refuses, where the text is no decimal number: nothing, above all, is not 0. */
function readCount(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
}

function noWords(request: Request): Action["request"] {
  return (words) => (words.length === 0 ? request : undefined);
}

/** Throws UsageError with the usage of the action meant. */
function readAction([name, ...words]: readonly string[], options: Options): Request {
  if (name === undefined) throw new UsageError("drtm ctl needs an action (see: drtm ctl --help)");
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name]! : undefined;
  if (action === undefined) throw new UsageError(`unknown action "${name}"${didYouMean(name, Object.keys(ACTIONS))} (see: drtm ctl --help)`);
  const isForeign = (["etr", "alternatives", "hold", "all"] as const).some((option) => options[option] !== undefined && action.options?.includes(option) !== true);
  const request = isForeign ? undefined : action.request(words, options);
  if (request === undefined) throw new UsageError(`usage: ${usageOf(action, [name, ...words]).map(([usage]) => `drtm ctl ${usage}`).join(", or ")}`);
  return request;
}

/** The ways to give an action that begin as these words do; all of them where none does. */
function usageOf({ usage }: Action, [name, verb]: readonly string[]): Action["usage"] {
  const meant = usage.filter(([words]) => words.split(" ")[1] === verb && words.split(" ")[0] === name);
  return meant.length > 0 ? meant : usage;
}

function printJson(answer: unknown): string {
  return [answer].flat().map((object) => JSON.stringify(object)).join("\n");
}

function printWhy(why: WhyReport): string {
  const { threads } = why;
  const lines = threads === undefined ? [`${paint.bold(why.address)}: ${why.verdict}`] : [paint.bold(why.address), ...threads.map(({ verdict }, index) => `  thread ${index + 1}: ${verdict}`)];
  if (why.mab !== null) lines.push(`MAB ${why.mab}, set ${why.set}`);
  for (const [index, { cached }] of (threads ?? [why]).entries()) if (cached !== null) lines.push(`cached${threads === undefined ? "" : ` by thread ${index + 1}`}: ${cachedText(cached)}`);
  const qsas: QsaReport[] = why.services.flatMap((service) => service.qsas);
  if (qsas.length > 0) lines.push("", qsaTable(qsas));
  return lines.join("\n");
}

function cachedText({ range, etr, version, remainingSeconds, from }: CachedReport): string {
  return `${range} ${etr === null ? "no mapping" : `to ${etr}`}, version ${version}, ${remainingSeconds} s more, from ${from}`;
}

function printSite({ name, up, address, noticedAfterMs }: SiteReport): string {
  const noticed = noticedAfterMs === null ? "the QSR has not seen it yet" : `the QSR saw it after ${noticedAfterMs} ms`;
  return `${name} (${address}) is ${up ? paint.green("up") : paint.red("down")}; ${noticed}`;
}

function printShare({ share, remainingSeconds, alternatives }: ShareReport): string {
  if (share === 100) return "nothing asked for: queriers bring the load that they have";
  const where = alternatives.length === 0 ? "" : `; the rest had better go to ${alternatives.join(", ")}`;
  return `queriers are asked to leave ${share} % of their load here for ${remainingSeconds} s more${where}`;
}

function printMap({ mab, changes, qsas, down }: MapReport): string {
  const rows = changes.map(({ range, etr, version }) => [`  ${range}`, etr === null ? "no mapping" : `to ${etr}`, `version ${version}`]);
  return `MAB ${mab} ${holders(qsas, down)}:\n${formatTable(rows)}`;
}

/** Who has a change now, and who will. */
function holders(qsas: readonly string[], down: readonly string[]): string {
  if (qsas.length === 0) return `at no site now: all are down (${down.join(", ")}), and will have it when they are back`;
  const later = down.length === 0 ? "" : ` (${down.join(", ")} ${down.length === 1 ? "is" : "are"} down, and will have it when back)`;
  return `at ${qsas.join(", ")}${later}`;
}

function printQsas(qsas: readonly QsaReport[]): string {
  return qsas.length === 0 ? 'no QSA is known: discovery has found none yet (see: "drtm ctl status", and the log)' : qsaTable(qsas);
}
