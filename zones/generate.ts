import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { asPrefix } from "../src/address/index.ts";
import { type SampleWorld, makeSampleWorld } from "./generator/sample-world.ts";

const started = performance.now();
const world = makeSampleWorld();
for (const [name, text] of world.files) {
  const path = join(import.meta.dirname, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${`zones/${name}`.padEnd(28)} ${`${(text.length / 1000).toFixed(0)} kB`.padStart(7)}\n`);
}
process.stdout.write(`${summary(world)}, in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);

function summary({ mabs, mappings }: SampleWorld): string {
  const micronets = mappings.flatMap((mapping) => mapping.micronets);
  const odd = micronets.filter(({ range }) => asPrefix(range) === undefined).length;
  const ipv6 = mabs.filter(({ prefix }) => prefix.family === 6).length;
  return `${mabs.length} MABs (${ipv6} IPv6), ${micronets.length} micronets, ${odd} of them no prefix`;
}
