import type { Child } from "./child.ts";
import type { ClosedLoad, ClosedResult } from "./closed-loop.ts";
import { type LoadedServer, startEchoInC, startGenerator, startServer } from "./loaded-server.ts";
import type { OpenLoad, OpenResult } from "./open-loop.ts";
import { type Row, median, medianRow } from "./table.ts";

/** How often the peak is looked for: what is in the way makes it lower, nothing makes it higher. */
const PEAK_ROUNDS = 3;
const MOST_TIMES_ECHO = 3;

/**
 * How long cached answers take while the server has half the load it can bear, beside an echo in C under the same load, in
 * alternating rounds. Requests leave as a clock says, and times count from when they were due.
 */
export async function benchLatency(micronets: number, rounds: number, milliseconds: number, progress: (text: string) => void): Promise<Row[]> {
  const servers: LoadedServer[] = [];
  const generator = await startGenerator();
  try {
    servers.push(await startEchoInC(), await startServer("batches", micronets));
    const [echo, server] = servers as [LoadedServer, LoadedServer];
    progress(`${micronets.toLocaleString("en")} micronets are asked for once; then the peak`);
    await generator.ask<ClosedResult>({ port: server.port, micronets, milliseconds: undefined } satisfies ClosedLoad);
    const peak = await peakOf(generator, { port: server.port, micronets, milliseconds });
    const results: { readonly echo: OpenResult; readonly server: OpenResult }[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      const load = { micronets, milliseconds, perSecond: peak / 2, isJoined: false };
      const ofEcho = await generator.ask<OpenResult>({ ...load, port: echo.port } satisfies OpenLoad);
      results.push({ echo: ofEcho, server: await generator.ask<OpenResult>({ ...load, port: server.port } satisfies OpenLoad) });
    }
    return [
      { what: "peak", value: peak, unit: "answers/s", note: "what they ask at a time leaves one by one" },
      ...rowsOf("echo in C", results.map((round) => round.echo)),
      ...rowsOf("cached answers by batches", results.map((round) => round.server)),
      medianRow("p99, cached answers", results.map((round) => round.server.p99 / round.echo.p99), "times the echo's", { bound: { most: MOST_TIMES_ECHO } }),
    ];
  } finally {
    await Promise.all([generator.stop(), ...servers.map((server) => server.stop())]);
  }
}

/** The most answers in a second of some rounds of a closed loop. */
export async function peakOf(generator: Child, load: ClosedLoad): Promise<number> {
  let peak = 0;
  for (let round = 0; round < PEAK_ROUNDS; round++) {
    const { answers, seconds } = await generator.ask<ClosedResult>(load);
    peak = Math.max(peak, answers / seconds);
  }
  return peak;
}

function rowsOf(name: string, results: readonly OpenResult[]): Row[] {
  const lost = results.reduce((sum, { crowd }) => sum + crowd.asked - crowd.answered, 0);
  const sent = median(results.map(({ perSecond }) => perSecond));
  const late = median(results.map(({ latenessP99 }) => latenessP99));
  return [
    { what: `${name}: asked`, value: sent, unit: "requests/s", note: `p99 sent ${late.toFixed(0)} us late; ${lost.toLocaleString("en")} without an answer` },
    medianRow(`${name}: p50`, results.map(({ p50 }) => p50), "us"),
    medianRow(`${name}: p99`, results.map(({ p99 }) => p99), "us"),
  ];
}
