import type { MabMapping } from "../../src/core/mapping/mapping-store.ts";
import { readAddressPlan } from "./address-plan.ts";
import { EtrPool } from "./etrs.ts";
import { dsocFile, mappingFile, registryFile } from "./files.ts";
import { type Mab, chooseMabs } from "./mabs.ts";
import { layMicronets } from "./micronets.ts";
import { Random } from "./random.ts";
import { DSOCS, PROVIDERS, REGISTRY_APEX, SETS } from "./world.ts";

export interface SampleWorld {
  readonly mabs: readonly Mab[];
  readonly mappings: readonly MabMapping[];
  /** Text by path below zones/. */
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
  const files = new Map([[`${zoneFileName(REGISTRY_APEX)}`, registryFile(mabs)]]);
  for (const dsoc of DSOCS) {
    files.set(zoneFileName(dsoc.apex), dsocFile(dsoc));
    files.set(`mapping/${dsoc.mappingFile}`, mappingFile(dsoc, mabs, mappings));
  }
  return { mabs, mappings, files };
}

function zoneFileName(apex: string): string {
  return `${apex}zone`;
}
