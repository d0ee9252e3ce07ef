import type { Prefix } from "../../address/index.ts";
import type { DescriptionFile, DsocFields, RegistryFields } from "./schema.ts";

export interface LabelledMab {
  readonly prefix: Prefix;
  /** Whose it is, for people: a comment of the zone file. */
  readonly label?: string | undefined;
}

/** MABs that the same services answer for. */
export interface DescribedSet {
  readonly services: readonly string[];
  readonly mabs: readonly LabelledMab[];
}

/** DS data of one DSOC's zone: `<tag> <algorithm> <digest type> <digest>`. */
export interface DescribedKeys {
  readonly zone: string;
  readonly ds: readonly string[];
}

export interface DescribedRegistry extends Omit<RegistryFields, "sets" | "keys"> {
  readonly sets: readonly DescribedSet[];
  readonly keys: readonly DescribedKeys[];
}

/** What a registry and DSOCs want to publish, with all that the description's files hold. */
export interface Description {
  /** Of the file, for comments. */
  readonly name: string;
  readonly serial: DescriptionFile["serial"];
  readonly registry: DescribedRegistry | undefined;
  readonly dsocs: readonly DsocFields[];
}
