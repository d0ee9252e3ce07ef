import { Child } from "./child.ts";
import type { Row } from "./table.ts";

/** What is counted as long, in milliseconds. */
export const LONG_MS = [1, 2, 5, 10];

/** The longest call, and all calls, in milliseconds of the thread's CPU time; how many took longer than each of LONG_MS. */
export interface Pauses {
  most: number;
  all: number;
  calls: number;
  over: number[];
}

/** What the engine is asked to go through; or that its thread does nothing for so long. */
export type Question = "evict" | "flush" | "expire" | "swap" | "meet" | "renew" | { readonly idleMs: number };

/** Beyond what a loop that does nothing is held up for in the same run. */
const MOST_MS = 5;
/** How long that loop runs: as long as the engine did, within reason. */
const IDLE_LEAST_MS = 1_000;
const IDLE_MOST_MS = 10_000;

/** How long an engine with a large cache does nothing else: the longest of all calls into it, in CPU time of its thread. */
export async function benchPauses(micronets: number, progress: (text: string) => void): Promise<Row[]> {
  progress(`${micronets.toLocaleString("en")} micronets are filed`);
  const { child, ready } = await Child.start<{ filling: Pauses }>("pauses-engine.ts", [String(micronets)]);
  const tenth = (micronets / 10).toLocaleString("en");
  const phases: [Question, string][] = [
    ["evict", `${tenth} answers filed in a full cache`],
    ["flush", `${tenth} entries of one server flushed`],
    ["expire", `${tenth} entries expire at once`],
    ["swap", "another catalogue, without a tenth of the MABs"],
    ["meet", "another one, with 4,000 QSAs in 300 services more"],
    ["renew", "another one, in which ten of them differ"],
  ];
  const rows: Row[] = [];
  const note = async (what: string, pauses: Pauses): Promise<void> => {
    progress(`a loop that does nothing, beside: ${what}`);
    const idleMs = Math.min(IDLE_MOST_MS, Math.max(IDLE_LEAST_MS, pauses.all));
    rows.push(rowOf(what, pauses, await child.ask<Pauses>({ idleMs })));
  };
  try {
    await note(`${micronets.toLocaleString("en")} answers filed in an empty cache`, ready.filling);
    for (const [question, what] of phases) {
      progress(what);
      await note(what, await child.ask<Pauses>(question));
    }
    return rows;
  } finally {
    await child.stop();
  }
}

function rowOf(what: string, pauses: Pauses, idle: Pauses): Row {
  return {
    what: `${what}: longest call`,
    value: pauses.most,
    unit: "ms",
    bound: { most: idle.most + MOST_MS },
    note: `${histogram(pauses)}; a loop that does nothing: ${idle.most.toFixed(2)} ms, ${histogram(idle)}`,
  };
}

function histogram({ all, calls, over }: Pauses): string {
  const long = LONG_MS.map((ms, index) => `${over[index]!.toLocaleString("en")} over ${ms} ms`).join(", ");
  return `${calls.toLocaleString("en")} calls in ${(all / 1000).toFixed(1)} s, ${long}`;
}
