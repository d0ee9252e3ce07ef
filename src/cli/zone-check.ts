import type { ProbeResult } from "../zone-tools/check/probe.ts";
import type { Finding } from "../zone-tools/check/report.ts";
import { readAnchorsFile } from "../zone-tools/anchors-file.ts";
import { type CheckRequest, type CheckResult, checkFiles, checkServer } from "../zone-tools/check/run.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { counted } from "./counted.ts";
import { formatTable, paint } from "./table.ts";
import { SERVER_HELP, SERVER_OPTIONS, type ServerValues, isServerProblem, readAccess, readApex, refuseServerOptions } from "./zone-server.ts";

export const zoneCheck: Command = {
  name: "zone check",
  summary: "say everything that is wrong in zones, and what to do",
  help: `Usage: drtm zone check FILE|DIRECTORY... [--probe]
       drtm zone check --server ADDRESS[:PORT] --apex NAME [--probe]

Checks the zones of a registry and of DSOCs, each alone and with the others given: layout, digests, MABs, services, QSAs,
sizes, timers, signatures. An error keeps readers from using something, now or soon; a note may be meant so. Of a directory it
takes *.zone.

  -s, --server ADDRESS[:PORT]  read them from a name server: a registry and the zones of its DSOCs that it has, or one DSOC's
  -a, --apex NAME              the apex of that registry or DSOC
${SERVER_HELP}
  --anchors FILE               DS or DNSKEY records, one a line, of keys that must have signed; without them zones of DSOCs
                               are held against the registry's DS data, others only against their own keys
  --probe                      ask each QSA for a reply, and show how far it is
  --timeout MS                 for each QSA (default 2000)
  --allow-loopback             QSAs may have loopback addresses, as in the sample world
  --allow-private              QSAs may have private addresses
  --soon DAYS                  signatures that end earlier are an error: signers make new ones well before (default 5)
  --json                       one JSON object for each finding, each QSA asked, and each zone whose signatures were verified

Exit status: 0 no error (notes do not count), 1 errors, or a server that cannot be read, 2 wrong usage.

Example: drtm zone check zones --allow-loopback`,
  run: async (args) => {
    const { values, positionals } = readArgs("zone check", args, {
      server: { type: "string", short: "s" },
      ...SERVER_OPTIONS,
      anchors: { type: "string" },
      probe: { type: "boolean", default: false },
      timeout: { type: "string", default: "2000" },
      "allow-loopback": { type: "boolean", default: false },
      "allow-private": { type: "boolean", default: false },
      soon: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
    });
    const timeoutMs = wholeNumber("--timeout", values.timeout, "milliseconds");
    const request = {
      addresses: { allowLoopback: values["allow-loopback"], allowPrivate: values["allow-private"] },
      nowSeconds: Date.now() / 1000,
      soonDays: wholeNumber("--soon", values.soon, "days"),
      probeTimeoutMs: values.probe ? timeoutMs : undefined,
      anchors: values.anchors === undefined ? undefined : readAnchorsFile(values.anchors),
    };
    const result = await check(positionals, values, request);
    if (result === undefined) return ExitStatus.unanswered;
    (values.json ? printJson : printText)(result);
    return result.findings.some(({ severity }) => severity === "error") ? ExitStatus.unanswered : ExitStatus.answered;
  },
};

/** Undefined, and told, where a server gave no answer. */
async function check(files: readonly string[], values: ServerValues & { server?: string | undefined; apex?: string | undefined }, request: CheckRequest): Promise<CheckResult | undefined> {
  const { server, apex } = values;
  if (server === undefined && files.length === 0) throw new UsageError("drtm zone check needs zone files, or --server and --apex (see: drtm zone check --help)");
  if (server === undefined) {
    if (apex !== undefined) throw new UsageError("--apex belongs to --server: zone files have their own");
    refuseServerOptions(values);
    return checkFiles(files, request);
  }
  if (files.length > 0) throw new UsageError("drtm zone check takes either zone files or --server");
  if (apex === undefined) throw new UsageError("--server needs --apex NAME, the apex of a registry or DSOC");
  try {
    return await checkServer(readAccess("--server", server, values), readApex(apex), request);
  } catch (error) {
    if (!isServerProblem(error)) throw error;
    console.error(`drtm: ${error.message}`);
    return undefined;
  }
}

function printText({ findings, probes, zones, mabs, qsas, verified }: CheckResult): void {
  for (const finding of findings) console.log(lineOf(finding));
  if (probes.length > 0) console.log(probeTable(probes));
  if (verified.length > 0) console.log(verifiedLine(verified));
  const endpoints = new Set(qsas.map(({ address, port }) => `${address.words.join()} ${port}`)).size;
  const [errors, notes] = (["error", "note"] as const).map((severity) => findings.filter((finding) => finding.severity === severity).length);
  const verdict = errors === 0 ? paint.green("no errors") : paint.red(counted(errors!, "error"));
  console.log(`${counted(zones, "zone")}, ${counted(mabs, "MAB")}, ${counted(endpoints, "QSA address", "QSA addresses")}: ${verdict}, ${counted(notes!, "note")}`);
}

/** `FILE:LINE: error: NAME PROBLEM: REMEDY`. */
function lineOf({ severity, source, line, name, problem, remedy }: Finding): string {
  const place = line === undefined ? source : `${source}:${line}`;
  const label = severity === "error" ? paint.red("error") : paint.yellow("note");
  const text = [name, problem].filter((part) => part !== "").join(" ");
  return `${paint.bold(place)}: ${label}: ${text}${remedy === "" ? "" : `: ${remedy}`}`;
}

/** `24 signatures right, 1 zone by own keys; the first ends 2026-12-09T19:52Z`. */
function verifiedLine(verified: CheckResult["verified"]): string {
  const signatures = verified.reduce((sum, zone) => sum + zone.signatures, 0);
  const ways = [...new Set(verified.map(({ by }) => by))].map((by) => `${counted(verified.filter((zone) => zone.by === by).length, "zone")} by ${by}`);
  const until = Math.min(...verified.map((zone) => zone.until));
  return `${counted(signatures, "signature")} right, ${ways.join(", ")}; the first ends ${new Date(until * 1000).toISOString().slice(0, 16)}Z`;
}

function probeTable(probes: readonly ProbeResult[]): string {
  const rows = probes.toSorted((a, b) => (a.rttMs ?? Infinity) - (b.rttMs ?? Infinity)).map(({ endpoint, rttMs }) => [endpoint, rttMs === undefined ? paint.red("silent") : `${rttMs.toFixed(1)} ms`]);
  return formatTable([["QSA", "RTT"], ...rows], ["left", "right"]);
}

function printJson({ findings, probes, verified }: CheckResult): void {
  for (const { severity, source, line = null, name, problem, remedy } of findings) console.log(JSON.stringify({ severity, source, line, name, problem, remedy }));
  for (const { endpoint, rttMs = null, problem = null } of probes) console.log(JSON.stringify({ qsa: endpoint, rttMs, problem }));
  for (const { zone, by, signatures, until } of verified) console.log(JSON.stringify({ verified: zone, by, signatures, until: new Date(until * 1000).toISOString() }));
}

function wholeNumber(option: string, text: string, unit: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`${option} ${text}: give ${unit}, 0 to 999999`);
  return Number(text);
}
