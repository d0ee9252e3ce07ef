import { formatEndpoint } from "../../address/index.ts";
import { type ZoneFileReading, filesAt, readZoneFile } from "../read-file.ts";
import { type ServerReading, readServer } from "../read-server.ts";
import { type ServerAccess, sourceOf } from "../server-access.ts";
import type { ZoneView } from "../zone-view.ts";
import { type CheckOptions, type Verdict, checkZones } from "./check.ts";
import { type ProbeResult, probe } from "./probe.ts";
import type { Finding } from "./report.ts";

export interface CheckResult extends Verdict {
  readonly zones: number;
  /** By QSA; empty where nobody was asked. */
  readonly probes: readonly ProbeResult[];
}

/** What is checked, and whether QSAs are asked too. */
export interface CheckRequest extends CheckOptions {
  readonly probeTimeoutMs: number | undefined;
}

/** Zone files, and directories of them. Throws ConfigError where one is missing. */
export async function checkFiles(places: readonly string[], request: CheckRequest): Promise<CheckResult> {
  const files = places.flatMap(filesAt);
  const readings = files.map((file) => ({ file, reading: readZoneFile(file) }));
  const before = readings.flatMap(({ file, reading }) => textFindings(file, reading));
  const views = readings.flatMap(({ reading }) => reading.view ?? []);
  return finish(views, files.length, before, request);
}

/** Throws what `readServer` throws. */
export async function checkServer(access: ServerAccess, apex: string, request: CheckRequest): Promise<CheckResult> {
  const reading = await readServer(access, apex);
  return finish(reading.zones, reading.zones.length, notesOn(reading, sourceOf(access)), request);
}

/** What could not be read, or not as well as by transfer. Of zones that a server does not have at all the check of the registry tells. */
function notesOn({ zones, missing, refusal }: ServerReading, source: string): Finding[] {
  const [first, ...more] = zones.filter(({ isWhole }) => !isWhole);
  const others = more.length === 0 ? "" : `, and so are ${more.length} more`;
  const byQueries = refusal === undefined || first === undefined ? [] : [noteOn(source, first.apex, `is read by queries${others}, so that only what readers ask for is checked: ${refusal}`, "give --tsig, or --by queries if that is meant")];
  const refused = missing.filter(({ why }) => why !== "");
  return [...byQueries, ...refused.map(({ service, why }) => noteOn(source, service, `is in a zone that this server does not give: ${why}`, "allow transfers of it to this address, or check its zone file"))];
}

function noteOn(source: string, name: string, problem: string, remedy: string): Finding {
  return { severity: "note", source, line: undefined, name, problem, remedy };
}

async function finish(views: readonly ZoneView[], zones: number, before: readonly Finding[], request: CheckRequest): Promise<CheckResult> {
  const verdict = checkZones(views, request);
  const probes = request.probeTimeoutMs === undefined ? new Map<string, ProbeResult>() : await probe(verdict.qsas, request.probeTimeoutMs);
  return { ...verdict, zones, findings: [...before, ...unusedAnchors(views, request), ...verdict.findings, ...silentQsas(verdict, probes)], probes: [...probes.values()] };
}

/** Who gives anchors wants to know that they have counted. */
function unusedAnchors(views: readonly ZoneView[], { anchors }: CheckRequest): Finding[] {
  const unused = [...(anchors?.keys() ?? [])].filter((zone) => !views.some(({ apex }) => apex === zone));
  return unused.map((name) => ({ severity: "error", source: "--anchors", line: undefined, name, problem: "has anchors, and is not among the zones that could be read", remedy: "give its zone file too, check a server that has it, or take them out" }));
}

/** A text that is faulty is told of, and nothing else of that file. */
function textFindings(file: string, { faults }: ZoneFileReading): Finding[] {
  const findings = faults.map(({ source, line, problem }): Finding => ({ severity: "error", source, line, name: "", problem, remedy: "" }));
  if (faults.length > 0) findings.push({ severity: "note", source: file, line: undefined, name: "", problem: "cannot be read whole, so its content is not checked yet", remedy: "correct it, and check again" });
  return findings;
}

function silentQsas({ qsas }: Verdict, probes: ReadonlyMap<string, ProbeResult>): Finding[] {
  return qsas.flatMap(({ source, name, service, address, port, placed }) => {
    const problem = probes.get(formatEndpoint(address, port))?.problem;
    if (problem === undefined) return [];
    return [{ severity: "error", source, line: placed.line, name: `${placed.record.name} SVCB`, problem: `has ${name} of ${service}, and it does not answer: ${problem}`, remedy: "start it, open the port, or take it out" }];
  });
}
