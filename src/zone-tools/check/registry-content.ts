import type { Prefix } from "../../address/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";

/** A MAB and the record that lists it. */
export interface PlacedMab {
  readonly prefix: Prefix;
  readonly placed: PlacedRecord;
  readonly set: string;
}

/** One service of a set. */
export interface PlacedService {
  readonly name: string;
  readonly placed: PlacedRecord;
}

/** What could be read of a registry, right or not. */
export interface RegistryContent {
  readonly sets: number;
  readonly buckets: number;
  readonly mabs: readonly PlacedMab[];
  readonly services: readonly PlacedService[];
}
