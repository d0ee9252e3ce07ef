import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Progress } from "../test/support/progress.ts";
import { benchAnswers } from "./answers.ts";
import { benchCache } from "./cache.ts";
import { benchCatalogue } from "./catalogue.ts";
import { benchCodec } from "./codec.ts";
import { benchDiscovery } from "./discovery.ts";
import { benchWalk } from "./discovery-walk.ts";
import { benchFanOut } from "./fan-out.ts";
import { benchLatency } from "./latency.ts";
import { benchMabLookup } from "./mab-lookup.ts";
import { machine, machineLine } from "./machine.ts";
import { benchMisses } from "./misses.ts";
import { benchOor } from "./oor.ts";
import { benchOverload } from "./overload.ts";
import { benchPauses } from "./pauses.ts";
import { benchProbing } from "./probing.ts";
import { benchZoneImage } from "./zone-image.ts";
import { benchResolvers } from "./resolvers.ts";
import { type Row, printTable } from "./table.ts";

interface Section {
  readonly name: string;
  readonly title: string;
  readonly run: (quick: boolean, progress: (text: string) => void) => Row[] | Promise<Row[]>;
}

const SECTIONS: readonly Section[] = [
  { name: "codecs", title: "Codecs, one core", run: (quick) => benchCodec(quick ? 200 : 1000) },
  { name: "catalogue", title: "Catalogue, one core", run: (quick) => benchCatalogue(quick ? 3 : 9) },
  { name: "mab-lookup", title: "MAB look-ups in the full-size world, one core", run: (quick, progress) => benchMabLookup(quick ? 3 : 9, progress) },
  { name: "zone-image", title: "A signed registry zone, kept by increments; CPU time", run: (quick) => benchZoneImage(quick ? 5 : 25) },
  { name: "cache", title: "Tables of the cache, one core", run: (quick, progress) => benchCache(quick ? [10_000, 1_000_000] : [10_000, 1_000_000, 10_000_000], quick ? 3 : 9, progress) },
  { name: "pauses", title: "Pauses of a QSR's engine with a large cache; CPU time", run: (quick, progress) => benchPauses(quick ? 1_000_000 : 10_000_000, progress) },
  {
    name: "answers",
    title: "Cached answers, real sockets on loopback, server and generator in processes of their own",
    run: async (quick, progress) => benchAnswers(quick ? [10_000, 1_000_000] : [10_000, 1_000_000, 10_000_000], quick ? 3 : 7, quick ? 500 : 1500, progress),
  },
  {
    name: "latency",
    title: "Cached answers at half of the most the server can do, requests as a clock says; real sockets on loopback, a process each",
    run: (quick, progress) => benchLatency(quick ? 10_000 : 1_000_000, quick ? 3 : 7, quick ? 500 : 1500, progress),
  },
  {
    name: "overload",
    title: "Three times as many requests as the server can answer, requests as a clock says; real sockets on loopback, a process each",
    run: (quick, progress) => benchOverload(quick ? 10_000 : 1_000_000, quick ? 3 : 7, quick ? 500 : 1500, progress),
  },
  {
    name: "misses",
    title: "What a QSR has to ask for: time and CPU beyond its QSA's, and 100,000 in flight; real sockets on loopback, a process each",
    run: (quick, progress) => benchMisses(quick ? { micronets: 400_000, rounds: 3, milliseconds: 500 } : { micronets: 1_200_000, rounds: 7, milliseconds: 3_000 }, progress),
  },
  {
    name: "resolvers",
    title: "Cached answers, beside cached names at DNS resolvers; real sockets on loopback, a process each",
    run: (quick, progress) => benchResolvers(quick ? 10_000 : 1_000_000, quick ? 3 : 7, quick ? 1 : 2, progress),
  },
  {
    name: "oor",
    title: "Cached answers, beside Map-Replies of OpenOverlayRouter, a LISP Map-Server; real sockets on loopback, a process each",
    run: (quick, progress) => benchOor(quick ? 10_000 : 100_000, quick ? 3 : 7, quick ? 1 : 2, progress),
  },
  {
    name: "fan-out",
    title: "One change at a QSA, through QSR and QSC to all queriers; real sockets on loopback, a process each",
    run: (quick, progress) => fanOut(quick ? 200 : 1000, quick ? 5 : 25, progress),
  },
  {
    name: "probing",
    title: "A QSR measures the QSAs that discovery has found; real sockets on loopback, the QSR and all QSAs a process each",
    run: (quick, progress) => benchProbing(quick ? 20 : 200, quick ? 20 : 30, progress),
  },
  {
    name: "discovery",
    title: "A QSR discovers the full-size world, signed, from NSD by zone transfer; real sockets on loopback, a process each",
    run: (quick, progress) => benchDiscovery(quick ? 1 : 5, quick ? 4 : 20, quick ? 1 : 4, progress),
  },
  {
    name: "walk",
    title: "A QSR discovers the full-size world by queries through Unbound; real sockets on loopback, a process each",
    run: (quick, progress) => benchWalk(quick ? 1 : 3, quick ? 2 : 6, progress),
  },
];

const HELP = `npm run bench [-- --quick] [--only SECTION] [--json FILE]

Measures this machine: ${SECTIONS.map(({ name }) => name).join(", ")}. Medians; progress on standard error.

  --quick         shorter rounds, and fewer queriers
  --only SECTION  this section alone
  --json FILE     the figures, with the machine, as JSON too

Exit status: 0 measured, 1 a Cache Update was repeated after its acknowledgement, or missed by a querier; 2 wrong usage.`;

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const values = readOptions(args);
  const sections = SECTIONS.filter(({ name }) => values?.only === undefined || name === values.only);
  if (values === undefined || sections.length === 0) {
    if (sections.length === 0) console.error(`--only takes one of ${SECTIONS.map(({ name }) => name).join(", ")}`);
    process.exitCode = 2;
  } else if (values.help) {
    console.log(HELP);
  } else {
    await measure(sections, values.quick, values.json);
  }
}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: { quick: { type: "boolean", default: false }, only: { type: "string" }, json: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message} (see: npm run bench -- --help)`);
    return undefined;
  }
}

async function measure(sections: readonly Section[], quick: boolean, file: string | undefined): Promise<void> {
  const progress = new Progress();
  const figures: Record<string, Row[]> = {};
  console.log(`${machineLine()}. Medians; machines are noisy: compare ratios.`);
  for (const { name, title, run } of sections) {
    progress.show(`  ${title}`);
    const rows = await run(quick, (text) => {
      progress.show(`  ${name}: ${text}`);
    });
    progress.clear();
    console.log(`\n${title}:`);
    printTable(rows);
    figures[name] = rows;
  }
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ ...machine(), quick, figures }, null, 2)}\n`);
}

/** What must not happen at all, however slow the machine, is a failure. */
async function fanOut(queriers: number, changes: number, progress: (text: string) => void): Promise<Row[]> {
  const { rows, sentInVain, missed } = await benchFanOut(queriers, changes, progress);
  if (sentInVain + missed > 0) process.exitCode = 1;
  return rows;
}
