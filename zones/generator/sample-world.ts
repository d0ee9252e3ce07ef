import type { MabMapping } from "../../src/core/mapping/mapping-store.ts";
import { readAddressPlan } from "./address-plan.ts";
import { EtrPool } from "./etrs.ts";
import { mabFile, mappingFile } from "./files.ts";
import { type Mab, chooseMabs } from "./mabs.ts";
import { layMicronets } from "./micronets.ts";
import { Random } from "./random.ts";
import { PROVIDERS, SETS } from "./world.ts";

export interface SampleWorld {
  readonly mabs: readonly Mab[];
  readonly mappings: readonly MabMapping[];
  /** Text by path below zones/: all that zones/world.yaml and the QSAs read. */
  readonly files: ReadonlyMap<string, string>;
}

const SEED = 20261124;
const MICRONETS = 20_000;

/** The same from the same address plan, byte for byte. */
export function makeSampleWorld(): SampleWorld {
  const networks = [...SETS.flatMap((set) => set.networks), ...PROVIDERS];
  const plan = readAddressPlan(new Set(networks.map(({ asn }) => asn)));
  const random = new Random(SEED);
  const mabs = chooseMabs(plan, random);
  const mappings = layMicronets(mabs, MICRONETS, new EtrPool(plan, random), random);
  const files = new Map(SETS.map((set, index) => [`mabs/${set.mabFile}`, mabFile(mabs, index)]));
  for (const apex of dsocApexes()) files.set(`mapping/${apex.split(".")[0]}.txt`, mappingFile(apex, mabs, mappings));
  return { mabs, mappings, files };
}

function dsocApexes(): Set<string> {
  return new Set(SETS.flatMap(({ services }) => services.map((service) => service.slice(service.indexOf(".") + 1))));
}
