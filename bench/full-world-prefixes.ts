import { type Prefix, comparePrefixes, parsePrefix } from "../src/address/index.ts";
import { readAllNetworks } from "../zones/generator/address-plan.ts";
import { makeFullWorld } from "../zones/generator/full-world.ts";

/** The 200,000 MABs of `npm run world:full`, in order: networks of the routed address plan. */
export function fullWorldPrefixes(): Prefix[] {
  const { files } = makeFullWorld(readAllNetworks(() => undefined));
  const lines = [...files].filter(([name]) => name.startsWith("mabs/")).flatMap(([, text]) => text.split("\n"));
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(parsePrefix).toSorted(comparePrefixes);
}
