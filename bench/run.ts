import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchAnswers } from "./answers.ts";
import { benchCatalogue } from "./catalogue.ts";
import { benchCodec } from "./codec.ts";
import { printTable } from "./table.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } } });
if (values.help) {
  console.log("npm run bench [-- --quick]\n\nMeasures codecs, MAB look-ups and cached answers on this machine. --quick takes shorter rounds.");
} else {
  await main(values.quick);
}

async function main(quick: boolean): Promise<void> {
  const cpu = cpus();
  console.log(`${cpu.length} x ${cpu[0]?.model ?? "unknown CPU"}, Node ${process.version}. Medians; machines are noisy: compare ratios.\n`);
  console.log("Codecs, one core:");
  printTable(await benchCodec(quick ? 200 : 1000));
  console.log("\nCatalogue, one core:");
  printTable(benchCatalogue(quick ? 3 : 9));
  console.log("\nCached answers, real sockets on loopback, server and generator in processes of their own:");
  printTable(await benchAnswers(quick ? 3 : 7, quick ? 500 : 1500, showProgress));
}

/** One line, rewritten in place; nothing where nobody looks. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r  ${text}\x1b[K${text.startsWith("done") ? "\n" : ""}`);
}
