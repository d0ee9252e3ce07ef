import type { Child } from "./child.ts";
import type { ClosedLoad, ClosedResult } from "./closed-loop.ts";
import { type LoadedServer, startEchoInC, startGenerator, startServer } from "./loaded-server.ts";
import { type Row, median } from "./table.ts";

/** Below this share of answers with a promise the run does not measure what it says. */
const LEAST_PROMISED = 0.99;

interface Round {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly generatorPerCpuSecond: number;
}

/** What 10,000,000 micronets must reach of the answers to 10,000, and 1,000,000 of the C echo. */
const LEAST_OF_FEW = 0.75;
const LEAST_OF_ECHO = 0.7;
const MANY = 1_000_000;
const WARM_UP_MS = 1_500;

interface Competitor {
  readonly server: LoadedServer;
  /** 0 for an echo. */
  readonly micronets: number;
  readonly rounds: Round[];
}

/**
 * Cached answers over real loopback sockets, by batches and by node:dgram, beside an echo in C and one of node:dgram, in alternating
 * rounds; by batches for each of these numbers of micronets, from few to many. Each answer is a hit that is noted in the ledger; 64 queriers
 * ask for micronets drawn evenly. Server and generator have a core each; as either may be the slower one, answers per second of the
 * server's CPU time are what to compare.
 */
export async function benchAnswers(sizes: readonly number[], rounds: number, milliseconds: number, progress: (text: string) => void): Promise<Row[]> {
  const competitors: Competitor[] = [];
  const generator = await startGenerator();
  const join = async (started: Promise<LoadedServer>, micronets: number): Promise<void> => {
    competitors.push({ server: await started, micronets, rounds: [] });
  };
  try {
    await join(startEchoInC(), 0);
    await join(startServer("dgram-echo", 0), 0);
    await join(startServer("dgram", sizes[0]!), sizes[0]!);
    for (const micronets of sizes) {
      progress(`${micronets.toLocaleString("en")} micronets are cached`);
      await join(startServer("batches", micronets), micronets);
    }
    // The first round is not counted: code is compiled, and memory touched for the first time.
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? "warming up" : `round ${round} of ${rounds}`);
      for (const { server, micronets, rounds: of } of competitors) {
        const result = await measure(generator, server, micronets || sizes[0]!, round === 0 ? Math.max(milliseconds, WARM_UP_MS) : milliseconds);
        if (round > 0) of.push(result);
      }
    }
  } finally {
    await Promise.all([generator.stop(), ...competitors.map(({ server }) => server.stop())]);
  }
  const [echo] = competitors;
  const few = competitors.find(({ server, micronets }) => server.kind === "batches" && micronets === sizes[0])!;
  return competitors.flatMap((competitor) => rowsOf(competitor, echo!, few));
}

/** Each beside the echo in C, and beside the same with few micronets, of the same round. */
function rowsOf({ server, micronets, rounds }: Competitor, echo: Competitor, few: Competitor): Row[] {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const ratioTo = (other: Competitor): number => median(rounds.map(({ perCpuSecond }, round) => perCpuSecond / other.rounds[round]!.perCpuSecond));
  const what = micronets === 0 ? server.name : `${server.name}, ${micronets.toLocaleString("en")} micronets`;
  const rows: Row[] = [
    { what, value: of(({ perSecond }) => perSecond), unit: "answers/s", note: `generator ${Math.round(of(({ generatorPerCpuSecond }) => generatorPerCpuSecond)).toLocaleString("en")} per CPU s` },
    { what, value: of(({ perCpuSecond }) => perCpuSecond), unit: "answers/CPU s" },
  ];
  if (micronets === 0) return rows;
  rows.push({ what, value: ratioTo(echo), unit: "of the C echo's", ...(server.kind === "batches" && micronets <= MANY ? { bound: { least: LEAST_OF_ECHO } } : {}) });
  if (server.kind === "batches" && micronets !== few.micronets) rows.push({ what, value: ratioTo(few), unit: `of those at ${few.micronets.toLocaleString("en")}`, bound: { least: LEAST_OF_FEW } });
  return rows;
}

async function measure(generator: Child, server: LoadedServer, micronets: number, milliseconds: number): Promise<Round> {
  const before = await server.cpuMicroseconds();
  const { answers, promised, seconds, cpuMicroseconds } = await generator.ask<ClosedResult>({ port: server.port, micronets, milliseconds } satisfies ClosedLoad);
  const used = (await server.cpuMicroseconds()) - before;
  if (server.answers && promised < LEAST_PROMISED * answers) throw new Error(`${server.name}: only ${promised} of ${answers} answers came with a promise`);
  return { perSecond: answers / seconds, perCpuSecond: (answers / used) * 1e6, generatorPerCpuSecond: (answers / cpuMicroseconds) * 1e6 };
}
