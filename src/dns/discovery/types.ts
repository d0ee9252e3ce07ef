import type { Prefix } from "../../address/index.ts";
import type { ServerEntry } from "../../core/mabs/catalogue-content.ts";
import type { ResourceRecord } from "../records/index.ts";
import type { Sha256Hex } from "../zone-model/index.ts";

export interface RecordAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN";
  readonly records: readonly ResourceRecord[];
}

/** Gets the records of a type at an absolute name. Throws when there is no answer, or when it is no longer wanted. */
export type Query = (name: string, type: number, signal?: AbortSignal) => Promise<RecordAnswer>;

/** A registry apex and the address space it may speak for. */
export interface RegistryOptions {
  readonly apex: string;
  readonly space: readonly Prefix[];
}

/** Something wrong in a zone, and where. It spoils no more than it must. */
export interface Problem {
  readonly name: string;
  readonly problem: string;
}

export interface WalkProgress {
  readonly registry: string;
  readonly sets: number;
  readonly setsDone: number;
}

export interface WalkTools {
  readonly query: Query;
  readonly sha256hex: Sha256Hex;
  readonly progress?: (progress: WalkProgress) => void;
}

export interface BucketState {
  readonly digest: string;
  readonly prefixes: readonly Prefix[];
}

/** One service set as last read whole, with the digests that tell whether it has changed. */
export interface SetState {
  readonly id: string;
  readonly digest: string;
  readonly services: readonly string[];
  readonly buckets: ReadonlyMap<string, BucketState>;
}

/** One registry as last read. */
export interface RegistryState {
  readonly apex: string;
  readonly serial: number;
  /** Seconds, from its SOA. */
  readonly refresh: number;
  readonly retry: number;
  readonly sets: ReadonlyMap<string, SetState>;
  readonly problems: readonly Problem[];
  /** False where something could not be read: worth another walk, even if the serial stays. */
  readonly settled: boolean;
}

export interface ServiceState {
  readonly name: string;
  readonly servers: readonly ServerEntry[];
  /** The least TTL of its records, in seconds. */
  readonly ttl: number;
  readonly problems: readonly Problem[];
}
