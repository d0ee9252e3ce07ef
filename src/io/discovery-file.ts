import { PackedPrefixes } from "../address/packed-prefixes.ts";
import type { BucketState, RegistryState, ServiceState, SetState } from "../dns/discovery/types.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";

const KIND = "discovery 4";

/** A registry as it was, since when DNS has not said so any more, and whether something vouched for it then. */
export interface KeptRegistry {
  readonly state: RegistryState;
  /** Milliseconds of Date. */
  readonly confirmedAt: number;
  readonly isVouchedFor: boolean;
}

/** A service as it was, since when DNS has not said so any more; milliseconds of Date. */
export interface KeptService {
  readonly state: ServiceState;
  readonly confirmedAt: number;
}

/** What discovery has read. */
export interface KeptDiscovery {
  readonly registries: readonly KeptRegistry[];
  readonly services: readonly KeptService[];
  /** Whether something had to vouch for every service. */
  readonly areServicesVouchedFor: boolean;
  /** The same in files that were written together. */
  readonly stamp: number;
}

type PlainSet = Omit<SetState, "buckets"> & { readonly buckets: readonly (readonly [name: string, digest: string, prefixes: number])[] };

interface Header {
  readonly stamp: number;
  readonly registries: readonly (Omit<KeptRegistry, "state"> & { readonly state: Omit<RegistryState, "sets">; readonly sets: readonly PlainSet[] })[];
  readonly services: readonly KeptService[];
  readonly areServicesVouchedFor: boolean;
}

/** Throws the system's errors. */
export async function writeDiscovery(path: string, { registries, services, areServicesVouchedFor, stamp }: KeptDiscovery): Promise<void> {
  const prefixes: PackedPrefixes[] = [];
  const plain = registries.map(({ state: { sets, ...state }, confirmedAt, isVouchedFor }) => ({
    state,
    confirmedAt,
    isVouchedFor,
    sets: Array.from(sets.values(), ({ buckets, ...set }) => ({ ...set, buckets: Array.from(buckets, ([name, bucket]) => pack(name, bucket, prefixes)) })),
  }));
  const header: Header = { stamp, registries: plain, services, areServicesVouchedFor };
  const { words } = PackedPrefixes.joined(prefixes);
  await writeSealed(path, KIND, { header, parts: [new Uint8Array(words.buffer)] });
}

/** Undefined when there is none. Throws DamagedFileError, and the system's errors. */
export function readDiscovery(path: string): KeptDiscovery | undefined {
  const sealed = readSealed(path, KIND);
  if (sealed === undefined) return undefined;
  const { stamp, registries, services, areServicesVouchedFor } = sealed.header as Header;
  const { buffer, byteOffset, byteLength } = sealed.parts[0]!;
  const prefixes = new PrefixReader(new PackedPrefixes(new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)));
  return {
    stamp,
    services,
    areServicesVouchedFor,
    registries: registries.map(({ state, sets, confirmedAt, isVouchedFor }) => ({
      confirmedAt,
      isVouchedFor,
      state: { ...state, sets: new Map(sets.map((set) => [set.id, unpack(set, prefixes)])) },
    })),
  };
}

function pack(name: string, { digest, prefixes }: BucketState, all: PackedPrefixes[]): readonly [string, string, number] {
  all.push(prefixes);
  return [name, digest, prefixes.size];
}

function unpack({ id, digest, services, buckets }: PlainSet, prefixes: PrefixReader): SetState {
  return { id, digest, services, buckets: new Map(buckets.map(([name, bucketDigest, count]) => [name, { digest: bucketDigest, prefixes: prefixes.take(count) }])) };
}

class PrefixReader {
  readonly #all: PackedPrefixes;
  #row = 0;

  constructor(all: PackedPrefixes) {
    this.#all = all;
  }

  /** In memory of their own: one bucket that stays must not keep all. */
  take(count: number): PackedPrefixes {
    this.#row += count;
    return PackedPrefixes.joined([this.#all.rows(this.#row - count, this.#row)]);
  }
}
