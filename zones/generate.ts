import { join } from "node:path";
import { asPrefix } from "../src/address/index.ts";
import { previousIn, writeWhole, writeZones } from "../src/zone-tools/build/directory.ts";
import { planZones } from "../src/zone-tools/build/plan.ts";
import { loadDescription } from "../src/zone-tools/description/load.ts";
import { type SampleWorld, makeSampleWorld } from "./generator/sample-world.ts";

const HERE = import.meta.dirname;
const started = performance.now();
const world = makeSampleWorld();
for (const [name, text] of world.files) {
  writeWhole(join(HERE, name), text);
  report(name, text);
}
const plans = planZones(loadDescription(join(HERE, "world.yaml")), previousIn(HERE), Date.now() / 1000);
writeZones(HERE, plans);
for (const { fileName, text } of plans) report(fileName, text);
process.stdout.write(`${summary(world)}, in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);

function report(name: string, text: string): void {
  process.stdout.write(`${`zones/${name}`.padEnd(28)} ${`${(text.length / 1000).toFixed(0)} kB`.padStart(7)}\n`);
}

function summary({ mabs, mappings }: SampleWorld): string {
  const micronets = mappings.flatMap((mapping) => mapping.micronets);
  const odd = micronets.filter(({ range }) => asPrefix(range) === undefined).length;
  const ipv6 = mabs.filter(({ prefix }) => prefix.family === 6).length;
  return `${mabs.length} MABs (${ipv6} IPv6), ${micronets.length} micronets, ${odd} of them no prefix`;
}
