import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LiveLine } from "../src/cli/live-line.ts";
import { previousIn, writeZones } from "../src/zone-tools/build/directory.ts";
import { planZones } from "../src/zone-tools/build/plan.ts";
import { loadDescription } from "../src/zone-tools/description/load.ts";
import { readAllNetworks } from "./generator/address-plan.ts";
import { makeFullWorld } from "./generator/full-world.ts";

const LINES_EACH = 20_000;
const started = performance.now();
const live = new LiveLine(process.stdout);
const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("Usage: npm run world:full -- DIRECTORY\n\nMakes a world of 200,000 MABs, 300 service sets, 200 DSOCs and 4,000 QSAs there: its description, and its zones.");
  process.exit(2);
}

const networks = readAllNetworks((lines) => {
  if (lines % LINES_EACH === 0) step(`reading the routed address plan: ${lines.toLocaleString("en")} ranges`);
});
step("choosing networks");
const world = makeFullWorld(networks);
for (const [name, text] of world.files) write(join(directory, name), text);
step("reading the description");
const description = loadDescription(join(directory, "world.yaml"));
step("building zones");
const plans = planZones(description, previousIn(directory), Date.now() / 1000);
step("writing zones");
writeZones(directory, plans);
live.clear();

const octets = plans.reduce((sum, { text }) => sum + text.length, 0);
const touched = plans.filter(({ state }) => state !== "unchanged").length;
console.log(`${world.mabs.toLocaleString("en")} MABs of ${world.networks.toLocaleString("en")} networks in ${plans.length} zones, ${(octets / 1e6).toFixed(1)} MB, ${touched} written, in ${seconds()} s`);

function step(what: string): void {
  live.show(`${seconds()} s  ${what}`, (text) => text);
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
