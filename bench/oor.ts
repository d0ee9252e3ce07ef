import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OURS, type Round, measureOurs, rowsOf, timesRow } from "./beside.ts";
import { Child } from "./child.ts";
import { type ClosedLoad, type ClosedResult, QUERIERS, WINDOW } from "./closed-loop.ts";
import type { LispLoad, LispResult } from "./lisp-generator.ts";
import { GENERATOR_CORE, type LoadedServer, SERVER_CORE, startGenerator, startServer } from "./loaded-server.ts";
import { OOR_ADDRESS, OorProcess, findOor } from "./oor-process.ts";
import type { Row } from "./table.ts";

const NAME = "OpenOverlayRouter";
const LEAST_TIMES = 3;
const LEFT_OUT: Row = { what: NAME, value: 0, unit: "rounds", note: "left out: no program oor is on PATH (apt install openoverlayrouter; or DRTM_OOR=/path/of/oor)" };
/** Its socket is as large as the kernel gives unasked, which has room for some 190 requests. With fewer it has to be woken more often. */
const IN_FLIGHT = 2 * QUERIERS;

/**
 * Our own cached answers beside the Map-Replies of OpenOverlayRouter, a LISP Map-Server and Map-Resolver in C, in alternating rounds: each on
 * one core, with as many mappings as micronets, drawn evenly. Each of its mappings has been asked for before, and each reply is checked.
 * Ours are asked for as fast as they come, and once more with only as many in flight as there are there, so that batches are small.
 */
export async function benchOor(micronets: number, rounds: number, seconds: number, progress: (text: string) => void): Promise<Row[]> {
  const program = findOor();
  if (program === undefined) return [LEFT_OUT];
  const directory = mkdtempSync(join(tmpdir(), "drtm-bench-"));
  let oor: OorProcess | undefined;
  let [client, itr]: [Child?, Child?] = [];
  let server: LoadedServer | undefined;
  try {
    progress(`${micronets.toLocaleString("en")} mappings`);
    oor = await OorProcess.start(program, directory, micronets, SERVER_CORE);
    itr = (await Child.start("lisp-generator.ts", [], GENERATOR_CORE, { within: oor.within })).child;
    await measureTheirs(itr, oor, micronets, undefined);
    client = await startGenerator();
    server = await startServer("batches", micronets);
    await client.ask<ClosedResult>({ port: server.port, micronets, milliseconds: undefined } satisfies ClosedLoad);
    const [ours, few, theirs]: [Round[], Round[], Round[]] = [[], [], []];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      ours.push(await measureOurs(client, server, micronets, seconds));
      theirs.push(await measureTheirs(itr, oor, micronets, seconds));
      few.push(await measureOurs(client, server, micronets, seconds, IN_FLIGHT / QUERIERS));
    }
    return rowsFor(ours, few, theirs, `${IN_FLIGHT} in flight; ${micronets.toLocaleString("en")} mappings in ${Math.round(oor.memoryMiB())} MiB`);
  } finally {
    await Promise.all([client?.stop(), itr?.stop(), server?.stop()]);
    await oor?.stop();
    rmSync(directory, { recursive: true });
  }
}

async function measureTheirs(itr: Child, oor: OorProcess, mappings: number, seconds: number | undefined): Promise<Round> {
  const before = oor.cpuMicroseconds();
  const load: LispLoad = { address: OOR_ADDRESS, mappings, inFlight: IN_FLIGHT, milliseconds: seconds === undefined ? undefined : 1000 * seconds };
  const result = await itr.ask<LispResult>(load);
  return { perSecond: result.answers / result.seconds, perCpuSecond: (result.answers / (oor.cpuMicroseconds() - before)) * 1e6 };
}

function rowsFor(ours: readonly Round[], few: readonly Round[], theirs: readonly Round[], note: string): Row[] {
  return [
    ...rowsOf(OURS, ours, `${QUERIERS * WINDOW} in flight`),
    ...rowsOf(NAME, theirs, note),
    timesRow(NAME, ours, theirs, LEAST_TIMES),
    { ...timesRow(NAME, few, theirs), note: `with ${IN_FLIGHT} in flight at both` },
  ];
}
