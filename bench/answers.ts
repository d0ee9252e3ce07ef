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

/**
 * Cached answers over real loopback sockets, by batches and by node:dgram, beside an echo in C and one of node:dgram, in alternating
 * rounds. Each answer is a hit that is noted in the ledger; 64 queriers ask for micronets drawn evenly. Server and generator have a
 * core each; as either may be the slower one, answers per second of the server's CPU time are what to compare.
 */
export async function benchAnswers(micronets: number, rounds: number, milliseconds: number, progress: (text: string) => void): Promise<Row[]> {
  const servers: LoadedServer[] = [];
  const generator = await startGenerator();
  const results: Round[][] = [];
  try {
    servers.push(await startEchoInC(), await startServer("batches", micronets), await startServer("dgram-echo", micronets), await startServer("dgram", micronets));
    for (const { port, answers } of servers) if (answers) await generator.ask<ClosedResult>({ port, micronets, milliseconds: undefined } satisfies ClosedLoad);
    for (let round = 0; round < rounds; round++) {
      progress(`${micronets.toLocaleString("en")} micronets, round ${round + 1} of ${rounds}`);
      const ofRound: Round[] = [];
      for (const server of servers) ofRound.push(await measure(generator, server, micronets, milliseconds));
      results.push(ofRound);
    }
  } finally {
    await Promise.all([generator.stop(), ...servers.map((server) => server.stop())]);
  }
  return servers.flatMap(({ name }, index) => rowsOf(name, results.map((round) => [round[index]!, round[0]!])));
}

/** Each with that of the echo in C of the same round. */
function rowsOf(name: string, rounds: readonly (readonly [Round, Round])[]): Row[] {
  const of = (pick: (round: Round, echo: Round) => number): number => median(rounds.map(([round, echo]) => pick(round, echo)));
  return [
    { what: name, value: of(({ perSecond }) => perSecond), unit: "answers/s", note: `generator ${Math.round(of(({ generatorPerCpuSecond }) => generatorPerCpuSecond)).toLocaleString("en")} per CPU s` },
    { what: name, value: of(({ perCpuSecond }) => perCpuSecond), unit: "answers/CPU s", note: `${of((round, echo) => round.perCpuSecond / echo.perCpuSecond).toFixed(2)} of the C echo's` },
  ];
}

async function measure(generator: Child, server: LoadedServer, micronets: number, milliseconds: number): Promise<Round> {
  const before = await server.cpuMicroseconds();
  const { answers, promised, seconds, cpuMicroseconds } = await generator.ask<ClosedResult>({ port: server.port, micronets, milliseconds } satisfies ClosedLoad);
  const used = (await server.cpuMicroseconds()) - before;
  if (server.answers && promised < LEAST_PROMISED * answers) throw new Error(`${server.name}: only ${promised} of ${answers} answers came with a promise`);
  return { perSecond: answers / seconds, perCpuSecond: (answers / used) * 1e6, generatorPerCpuSecond: (answers / cpuMicroseconds) * 1e6 };
}
