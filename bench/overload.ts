import type { Child } from "./child.ts";
import type { ClosedLoad, ClosedResult } from "./closed-loop.ts";
import { peakOf } from "./latency.ts";
import { type LoadedServer, startGenerator, startServer } from "./loaded-server.ts";
import type { Fate, OpenLoad, OpenResult } from "./open-loop.ts";
import { type Row, median, medianRow } from "./table.ts";

/** Of what the server answers at most, a little more than must be had. */
const TIMES_PEAK = 3.1;
const LEAST_TIMES_PEAK = 3;
const LEAST_OF_PEAK = 0.9;
/** In a network of its own, below all limits. */
const POLITE = { address: "127.0.1.1", perSecond: 5_000 };
/** The defaults of docs/examples/qsr.yaml. */
const DEFAULT_RATES = { perClient: 10_000, perNetwork: 100_000 };

interface Round extends OpenResult {
  readonly perCpuSecond: number;
}

/**
 * Three times as many requests as the server can answer, in an open loop: what it still answers, and what becomes of one client
 * among 64 that asks little. Then the same with the default limits, which the 64 are beyond.
 */
export async function benchOverload(micronets: number, rounds: number, milliseconds: number, progress: (text: string) => void): Promise<Row[]> {
  const servers: LoadedServer[] = [];
  const generator = await startGenerator();
  try {
    servers.push(await startServer("batches", micronets), await startServer("batches", micronets, DEFAULT_RATES));
    const [free, limited] = servers as [LoadedServer, LoadedServer];
    progress(`${micronets.toLocaleString("en")} micronets are asked for once; then the peak`);
    await generator.ask<ClosedResult>({ port: free.port, micronets, milliseconds: undefined } satisfies ClosedLoad);
    const closed = { port: free.port, micronets, milliseconds, isJoined: true } satisfies ClosedLoad;
    const peak = await peakOf(generator, closed);
    const perSecond = TIMES_PEAK * peak;
    const results: { readonly peak: number; readonly peakPerCpuSecond: number; readonly free: Round; readonly limited: Round }[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      const before = await free.cpuMicroseconds();
      const { answers, seconds } = await generator.ask<ClosedResult>(closed);
      const used = (await free.cpuMicroseconds()) - before;
      const open = { micronets, milliseconds, perSecond, isJoined: true, polite: POLITE };
      results.push({ peak: answers / seconds, peakPerCpuSecond: (answers / used) * 1e6, free: await measure(generator, free, open), limited: await measure(generator, limited, open) });
    }
    const of = (pick: (round: (typeof results)[number]) => number): number[] => results.map(pick);
    return [
      medianRow("peak", of((round) => round.peak), "answers/s", { note: "a closed loop; what one client asks at a time is one message" }),
      medianRow("overload: asked", of((round) => round.free.perSecond / round.peak), "times the peak", { bound: { least: LEAST_TIMES_PEAK } }),
      medianRow("overload: answers", of((round) => round.free.answersPerSecond / round.peak), "of the peak", { bound: { least: LEAST_OF_PEAK } }),
      medianRow("overload: answers/CPU s", of((round) => round.free.perCpuSecond / round.peakPerCpuSecond), "of the peak's"),
      medianRow("overload: an answer is there after", of((round) => round.free.p50 / 1000), "ms", { note: "p50; it waits in the server's socket" }),
      ...lossRows("overload", of((round) => lossOf(round.free.crowd)), of((round) => lossOf(round.free.polite))),
      ...lossRows("overload, default limits", of((round) => lossOf(round.limited.crowd)), of((round) => lossOf(round.limited.polite))),
      { what: "answers that the generator lost", value: results.reduce((sum, round) => sum + round.free.lostHere + round.limited.lostHere, 0), unit: "answers", bound: { most: 0 } },
    ];
  } finally {
    await Promise.all([generator.stop(), ...servers.map((server) => server.stop())]);
  }
}

async function measure(generator: Child, server: LoadedServer, load: Omit<OpenLoad, "port">): Promise<Round> {
  const before = await server.cpuMicroseconds();
  const result = await generator.ask<OpenResult>({ ...load, port: server.port } satisfies OpenLoad);
  return { ...result, perCpuSecond: (result.answers / ((await server.cpuMicroseconds()) - before)) * 1e6 };
}

/** In per cent of what was asked. */
function lossOf({ asked, answered }: Fate): number {
  return 100 * (1 - answered / asked);
}

function lossRows(what: string, crowd: readonly number[], polite: readonly number[]): Row[] {
  return [
    medianRow(`${what}: without an answer, of the 64 clients`, crowd, "%"),
    medianRow(`${what}: the same, of one that asks little`, polite, "%", { bound: { most: Math.ceil(median(crowd)) } }),
  ];
}
