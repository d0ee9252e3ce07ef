import { Child } from "./child.ts";
import { type Row, median, percentile } from "./table.ts";

/** A change that a querier has not heard of by then counts as missed. */
const WITHIN_MS = 10_000;
/** 203.0.113.0, where the ETRs of the changes begin. */
const FIRST_ETR = 0xcb007100;

interface Counts {
  readonly updates: number;
  readonly repeated: number;
  readonly sentInVain: number;
}

interface Heard {
  readonly heardAt: readonly number[];
  readonly copies: number;
  readonly flushes: number;
}

export interface FanOutResult {
  readonly rows: Row[];
  /** Cache Updates sent after they had been acknowledged, at all three servers; and queriers that missed a change. */
  readonly sentInVain: number;
  readonly missed: number;
}

/**
 * One change at a QSA: how long until each of many queriers behind QSR and QSC has it. Every server is a process, and so
 * are the queriers together, so that their own work (a datagram in and one out for each) is in the time as well.
 */
export async function benchFanOut(queriers: number, changes: number, progress: (text: string) => void): Promise<FanOutResult> {
  const children: Child[] = [];
  const start = async (file: string, ...args: (string | number)[]): Promise<{ child: Child; port: number }> => {
    const { child, ready } = await Child.start<{ port: number }>(file, args.map(String));
    children.push(child);
    return { child, port: ready.port };
  };
  try {
    const qsa = await start("fan-out-server.ts", "qsa");
    const qsr = await start("fan-out-server.ts", "qsr", qsa.port);
    const qsc = await start("fan-out-server.ts", "qsc", qsr.port);
    const crowd = await start("fan-out-queriers.ts", queriers, qsc.port);
    progress(`${queriers} queriers get the mapping`);
    await crowd.child.ask("ready");
    // The first is not counted: code is compiled.
    await change(qsa.child, crowd.child, 0);
    const results: { delays: readonly number[]; heard: Heard }[] = [];
    for (let number = 1; number <= changes; number++) {
      results.push(await change(qsa.child, crowd.child, number));
      progress(`change ${number} of ${changes}`);
    }
    const counts = await Promise.all([qsa, qsr, qsc].map(({ child }) => child.ask<Counts>("counts")));
    return summarise(queriers, results.map(({ delays }) => delays), results.at(-1)!.heard, counts);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function change(qsa: Child, crowd: Child, number: number): Promise<{ delays: readonly number[]; heard: Heard }> {
  const etr = FIRST_ETR + 10 + (number % 240);
  const { changedAt } = await qsa.ask<{ changedAt: number }>({ etr: `203.0.113.${etr - FIRST_ETR}` });
  const heard = await crowd.ask<Heard>({ etr, withinMs: WITHIN_MS });
  return { delays: heard.heardAt.map((at) => at - changedAt), heard };
}

function summarise(queriers: number, rounds: readonly (readonly number[])[], heard: Heard, counts: readonly Counts[]): FanOutResult {
  const all = rounds.flat().toSorted((a, b) => a - b);
  const missed = queriers * rounds.length - all.length;
  const total = (pick: (count: Counts) => number): number => counts.reduce((sum, count) => sum + pick(count), 0);
  const sentInVain = total((count) => count.sentInVain);
  const of = `${rounds.length} changes x ${queriers.toLocaleString("en")} queriers`;
  const rows: Row[] = [
    { what: "the first querier has it", value: median(rounds.map((delays) => Math.min(...delays))), unit: "ms", note: "median of changes" },
    { what: "the last querier has it", value: median(rounds.map((delays) => Math.max(...delays))), unit: "ms", note: "median of changes" },
    { what: "a querier has it, p50", value: percentile(all, 50), unit: "ms", note: of },
    { what: "a querier has it, p99", value: percentile(all, 99), unit: "ms", note: "target: under 100" },
    { what: "a querier has it, most", value: all.at(-1)!, unit: "ms" },
    { what: "missed by a querier", value: missed, unit: "changes", note: "must be 0" },
    { what: "Cache Updates sent, all servers", value: total((count) => count.updates), unit: "datagrams" },
    { what: "repeated, not acknowledged in time", value: total((count) => count.repeated), unit: "datagrams", note: `${heard.copies} arrived twice, ${heard.flushes} queriers flushed` },
    { what: "repeated after acknowledgement", value: sentInVain, unit: "datagrams", note: "must be 0" },
  ];
  return { rows, sentInVain, missed };
}
