import { Child } from "./child.ts";
import type { Pauses } from "./pauses-engine.ts";
import type { Row } from "./table.ts";

const MOST_MS = 5;

/** How long an engine with a large cache does nothing else: the longest of all calls into it, in CPU time of its thread. */
export async function benchPauses(micronets: number, progress: (text: string) => void): Promise<Row[]> {
  progress(`${micronets.toLocaleString("en")} micronets are filed`);
  const { child, ready } = await Child.start<{ filling: Pauses }>("pauses-engine.ts", [String(micronets)]);
  const tenth = (micronets / 10).toLocaleString("en");
  const rows = [rowOf(`${micronets.toLocaleString("en")} answers filed in an empty cache`, ready.filling)];
  try {
    for (const [question, what] of [["evict", `${tenth} answers filed in a full cache`], ["flush", `${tenth} entries of one server flushed`], ["expire", `${tenth} entries expire at once`]] as const) {
      progress(what);
      rows.push(rowOf(what, await child.ask<Pauses>(question)));
    }
    return rows;
  } finally {
    await child.stop();
  }
}

function rowOf(what: string, { most, all, calls }: Pauses): Row {
  return { what: `${what}: longest call`, value: most, unit: "ms", bound: { most: MOST_MS }, note: `${calls.toLocaleString("en")} calls, ${(all / 1000).toFixed(1)} s in all` };
}
