import type { Prefix } from "../../address/index.ts";
import type { PackedPrefixes } from "../../address/packed-prefixes.ts";
import type { ServerEntry } from "../../core/mabs/catalogue-content.ts";
import type { DnssecTools, TrustAnchor } from "../dnssec/index.ts";
import type { Evidence } from "../message/index.ts";
import type { ResourceRecord } from "../records/index.ts";
import type { Sha256Hex } from "../zone-model/index.ts";

export interface RecordAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN";
  readonly records: readonly ResourceRecord[];
  /** The answer and authority sections, where they are known: signatures and proofs of absence are among them. */
  readonly sections?: readonly ResourceRecord[];
}

/** Gets the records of a type at an absolute name. Throws when there is no answer, or when it is no longer wanted. */
export type Query = (name: string, type: number, signal?: AbortSignal) => Promise<RecordAnswer>;

/** An answer with all that came with it. */
export interface EvidentAnswer extends RecordAnswer {
  readonly sections: readonly ResourceRecord[];
  /** The resolver says that it has validated it. */
  readonly authenticated: boolean;
}

/** What an answer must be, to be taken. */
export interface Demand {
  readonly evidence: Evidence;
  /** Throws with the reason where an answer will not do: then another server is asked. */
  readonly check?: (answer: EvidentAnswer) => void;
}

/** The same as `Query`, for an answer that must be of a kind. */
export type DemandingQuery = (name: string, type: number, demand: Demand, signal?: AbortSignal) => Promise<EvidentAnswer>;

/** What it takes to validate answers (RFC 4035 section 5). */
export interface Validation {
  readonly ask: DemandingQuery;
  readonly dnssec: DnssecTools;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** A registry apex and the address space it may speak for. */
export interface RegistryOptions {
  readonly apex: string;
  readonly space: readonly Prefix[];
  /** Keys that must have signed the zone. None: what DNS gives is believed. */
  readonly anchors?: readonly TrustAnchor[];
  /** Nothing of it is taken but what its signatures, or the key or certificate of a primary, vouch for. */
  readonly isVouchedFor?: boolean;
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
  /** The DS data of zones is as it was when the state before was read, and need not be looked for again. */
  readonly areKeysKnown?: boolean;
  readonly progress?: (progress: WalkProgress) => void;
}

export interface BucketState {
  readonly digest: string;
  readonly prefixes: PackedPrefixes;
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
  readonly expire: number;
  readonly sets: ReadonlyMap<string, SetState>;
  /** The DS data of the zones that its services are in, by zone. Undefined where nobody has validated the registry. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
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
