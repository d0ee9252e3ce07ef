import { formatEndpoint } from "../../address/index.ts";
import type { Endpoint } from "../../config/fields.ts";
import { DnsClient } from "../../io/dns-client.ts";
import { type ZoneFileReading, readZoneFile } from "../read-file.ts";
import { readServer } from "../read-server.ts";
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

/** Throws ConfigError where a file is missing. */
export async function checkFiles(files: readonly string[], request: CheckRequest): Promise<CheckResult> {
  const readings = files.map((file) => ({ file, reading: readZoneFile(file) }));
  const before = readings.flatMap(({ file, reading }) => textFindings(file, reading));
  const views = readings.flatMap(({ reading }) => reading.view ?? []);
  return finish(views, files.length, before, request);
}

/** Throws DnsError and ServerZoneError. */
export async function checkServer(server: Endpoint, apex: string, request: CheckRequest): Promise<CheckResult> {
  const source = formatEndpoint(server.address, server.port);
  const dns = new DnsClient({ servers: [server] });
  const { zones, notServed } = await readServer((name, type, signal) => dns.query(name, type, signal), apex, source);
  const before = notServed.map((service): Finding => ({ severity: "note", source, line: undefined, name: service, problem: "is in a zone that this server does not have: its QSAs are not checked", remedy: "check its zone file, or a resolver" }));
  return finish(zones, zones.length, before, request);
}

async function finish(views: readonly ZoneView[], zones: number, before: readonly Finding[], request: CheckRequest): Promise<CheckResult> {
  const verdict = checkZones(views, request);
  const probes = request.probeTimeoutMs === undefined ? new Map<string, ProbeResult>() : await probe(verdict.qsas, request.probeTimeoutMs);
  return { ...verdict, zones, findings: [...before, ...verdict.findings, ...silentQsas(verdict, probes)], probes: [...probes.values()] };
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
