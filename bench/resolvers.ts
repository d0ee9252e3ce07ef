import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../test/support/process.ts";
import { findProgram, requireProgram } from "../test/support/program.ts";
import { OURS, type Round, measureOurs, rowsOf, timesRow } from "./beside.ts";
import type { Child } from "./child.ts";
import type { ClosedLoad, ClosedResult } from "./closed-loop.ts";
import { DnsProcess } from "./dns-process.ts";
import { type DnsProgram, NSD, RESOLVERS } from "./dns-programs.ts";
import { dnsperf } from "./dnsperf.ts";
import { GENERATOR_CORE, type LoadedServer, SERVER_CORE, startGenerator, startServer } from "./loaded-server.ts";
import { versionOf } from "./program-version.ts";
import { generator } from "./random.ts";
import type { Row } from "./table.ts";

const ZONE = "bench.example";
const LEAST_TIMES = { Unbound: 1.5 } as Readonly<Record<string, number>>;
/** Each name takes some hundred octets in a resolver's cache. */
const OCTETS_A_NAME = 1_000;
const LEAST_CACHE_OCTETS = 64 << 20;
/** A resolver loses some of what it is asked first; what is not there after so many times is an error. */
const MOST_PRIMINGS = 5;
/** Below this share of answers with a record the run does not measure what it says. */
const LEAST_ANSWERED = 0.999;

/**
 * Cached names at Unbound and Knot Resolver, asked by dnsperf, beside our own cached answers, in alternating rounds: each on one core,
 * with one thread, and as many names as micronets. The name server has ended when they are asked: all answers are from the cache.
 */
export async function benchResolvers(micronets: number, rounds: number, seconds: number, progress: (text: string) => void): Promise<Row[]> {
  const present = RESOLVERS.filter(({ program }) => findProgram(program) !== undefined);
  for (const { program, from } of [NSD, { program: "dnsperf", from: "dnsperf" }]) requireProgram(program, from);
  const directory = mkdtempSync(join(tmpdir(), "drtm-bench-"));
  const resolvers: DnsProcess[] = [];
  let [client, server]: [Child?, LoadedServer?] = [];
  try {
    progress(`${micronets.toLocaleString("en")} names`);
    const names = writeNames(directory, micronets);
    await primed(present, directory, names, micronets, resolvers, progress);
    client = await startGenerator();
    server = await startServer("batches", micronets);
    await client.ask<ClosedResult>({ port: server.port, micronets, milliseconds: undefined } satisfies ClosedLoad);
    const results: { readonly ours: Round; readonly theirs: Round[] }[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      const ours = await measureOurs(client, server, micronets, seconds);
      const theirs: Round[] = [];
      for (const resolver of resolvers) theirs.push(await measureTheirs(resolver, names, seconds));
      results.push({ ours, theirs });
    }
    const absent = RESOLVERS.filter((resolver) => !present.includes(resolver)).map(({ name, from }) => `${name} (apt install ${from})`);
    const rows = rowsOf(OURS, results.map(({ ours }) => ours), absent.length === 0 ? "" : `left out, since they are not installed: ${absent.join(", ")}`);
    for (const [index, program] of present.entries()) {
      rows.push(...rowsOf(versionLine(program), results.map(({ theirs }) => theirs[index]!), "by dnsperf"));
      rows.push(timesRow(program.name, results.map(({ ours }) => ours), results.map(({ theirs }) => theirs[index]!), LEAST_TIMES[program.name]));
    }
    return rows;
  } finally {
    await Promise.all([client?.stop(), server?.stop(), ...resolvers.map((resolver) => resolver.stop())]);
    rmSync(directory, { recursive: true });
  }
}

/** The zone file, and the names in no order; gives the file of these. */
function writeNames(directory: string, count: number): string {
  const order = Array.from({ length: count }, (_, name) => name);
  const records = order.map((name) => `m${name} A 203.0.113.7\n`);
  writeFileSync(join(directory, `${ZONE}.zone`), `$ORIGIN ${ZONE}.\n$TTL 86400\n@ SOA ns hostmaster 1 3600 600 86400 3600\n@ NS ns\nns A 127.0.0.1\n${records.join("")}`);
  const random = generator(1);
  for (let left = count; left > 1; left--) {
    const other = random() % left;
    [order[left - 1], order[other]] = [order[other]!, order[left - 1]!];
  }
  const names = join(directory, "names");
  writeFileSync(names, order.map((name) => `m${name}.${ZONE} A\n`).join(""));
  return names;
}

/** Starts resolvers and has them get all names from a name server, which then ends. */
async function primed(programs: readonly DnsProgram[], directory: string, names: string, count: number, resolvers: DnsProcess[], progress: (text: string) => void): Promise<void> {
  const cacheOctets = Math.max(LEAST_CACHE_OCTETS, OCTETS_A_NAME * count);
  const authority = await freePort();
  const nsd = await DnsProcess.start(NSD, { directory, port: authority, zone: ZONE, authority, cacheOctets }, GENERATOR_CORE);
  try {
    for (const program of programs) {
      progress(`${program.name} gets ${count.toLocaleString("en")} names`);
      const own = join(directory, program.program);
      mkdirSync(own);
      const resolver = await DnsProcess.start(program, { directory: own, port: await freePort(), zone: ZONE, authority, cacheOctets }, SERVER_CORE);
      resolvers.push(resolver);
      await prime(resolver, names, count);
    }
  } finally {
    await nsd.stop();
  }
}

async function prime(resolver: DnsProcess, names: string, count: number): Promise<void> {
  let answers = 0;
  for (let time = 0; answers < count && time < MOST_PRIMINGS; time++) answers = (await dnsperf(resolver.port, names, GENERATOR_CORE, "once")).answers;
  if (answers < LEAST_ANSWERED * count) throw new Error(`${resolver.name} has only ${answers} of ${count} names`);
}

async function measureTheirs(resolver: DnsProcess, names: string, seconds: number): Promise<Round> {
  const before = resolver.cpuMicroseconds();
  const result = await dnsperf(resolver.port, names, GENERATOR_CORE, seconds);
  const used = resolver.cpuMicroseconds() - before;
  if (result.answers < LEAST_ANSWERED * result.sent) throw new Error(`${resolver.name}: only ${result.answers} of ${result.sent} queries were answered with a record`);
  return { perSecond: result.answers / result.seconds, perCpuSecond: (result.answers / used) * 1e6 };
}

function versionLine({ program, name, versionOption }: DnsProgram): string {
  const version = /\d+(\.\d+)+/.exec(versionOf(program, versionOption))?.[0];
  return version === undefined ? name : `${name} ${version}`;
}
