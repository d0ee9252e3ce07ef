import type { Child } from "./child.ts";
import type { ClosedLoad, ClosedResult } from "./closed-loop.ts";
import type { LoadedServer } from "./loaded-server.ts";
import { type Row, median } from "./table.ts";

/** What one server did in one round. */
export interface Round {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

export const OURS = "cached answers by batches";

/** Our own server, asked by our own generator for cached micronets drawn evenly. `window`: what each querier has in flight. */
export async function measureOurs(client: Child, server: LoadedServer, micronets: number, seconds: number, window?: number): Promise<Round> {
  const before = await server.cpuMicroseconds();
  const { answers, seconds: taken } = await client.ask<ClosedResult>({ port: server.port, micronets, milliseconds: 1000 * seconds, ...(window === undefined ? {} : { window }) } satisfies ClosedLoad);
  const used = (await server.cpuMicroseconds()) - before;
  return { perSecond: answers / taken, perCpuSecond: (answers / used) * 1e6 };
}

export function rowsOf(what: string, rounds: readonly Round[], note: string): Row[] {
  const perSecond = median(rounds.map((round) => round.perSecond));
  const perCpuSecond = median(rounds.map((round) => round.perCpuSecond));
  return [
    { what, value: perSecond, unit: "answers/s", note },
    { what, value: perCpuSecond, unit: "answers/CPU s" },
  ];
}

/** How many times another's answers per CPU second ours are, round by round. */
export function timesRow(name: string, ours: readonly Round[], theirs: readonly Round[], least?: number): Row {
  const times = ours.map(({ perCpuSecond }, round) => perCpuSecond / theirs[round]!.perCpuSecond);
  return { what: `${OURS}, against ${name}`, value: median(times), unit: "times, per CPU s", ...(least === undefined ? {} : { bound: { least } }) };
}
