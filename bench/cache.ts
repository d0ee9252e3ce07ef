import type { Family } from "../src/address/index.ts";
import type { TablesReport } from "./cache-tables.ts";
import { Child } from "./child.ts";
import { type Row, medianRow } from "./table.ts";

/** Octets that a micronet may take, its index included, and a record of the ledger. */
const MOST_OCTETS = { 4: 64, 6: 72 } as const;
const MOST_RECORD_OCTETS = 32;
const MOST_NANOSECONDS = 500;
/** As drivers look for what batches of datagrams ask for; and without that. */
const HOW = ["in batches", "one by one"] as const;
type How = (typeof HOW)[number];

/** What micronets take in a cache, and how long one is looked for among so many: the index, and all of the row. */
export async function benchCache(sizes: readonly number[], rounds: number, progress: (text: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const family of [4, 6] as const) {
    for (const micronets of sizes) {
      progress(`IPv${family}, ${micronets.toLocaleString("en")} micronets`);
      rows.push(...(await ofTables(family, micronets, micronets === Math.max(...sizes), rounds)));
    }
  }
  return rows;
}

async function ofTables(family: Family, micronets: number, isLargest: boolean, rounds: number): Promise<Row[]> {
  const { child, ready } = await Child.start<TablesReport>("cache-tables.ts", [String(family), String(micronets), "huge"]);
  const what = `IPv${family}, ${micronets.toLocaleString("en")} micronets`;
  try {
    const times: Record<How, number[]> = { "one by one": [], "in batches": [] };
    // The first round is not counted: code is compiled.
    for (let round = 0; round <= rounds; round++) for (const how of HOW) times[how].push((await child.ask<{ nanoseconds: number }>(how)).nanoseconds);
    const lookUps = [
      medianRow(`${what}: found and read, looked ahead for in batches`, times["in batches"].slice(1), "ns", isLargest ? { bound: { most: MOST_NANOSECONDS } } : {}),
      medianRow(`${what}: found and read, one by one`, times["one by one"].slice(1), "ns"),
    ];
    if (!isLargest) return lookUps;
    return [
      ...lookUps,
      { what: `${what}: memory of one`, value: ready.entry, unit: "octets", bound: { most: MOST_OCTETS[family] }, note: "index included, filled in no order" },
      { what: `${what}: one filed, and a ledger record`, value: ready.filing, unit: "ns", note: `${Math.round(ready.huge)} MiB are in huge pages` },
      { what: `${what}: memory of a ledger record`, value: ready.record, unit: "octets", bound: { most: MOST_RECORD_OCTETS } },
    ];
  } finally {
    await child.stop();
  }
}
