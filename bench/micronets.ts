import { type Range, parseIp, parsePrefix, rangeOf } from "../src/address/index.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { Qsa } from "../src/core/qsa.ts";
import type { ClientLimits } from "../src/core/server/client-policy.ts";
import { nextU32 } from "../src/io/random.ts";

export const MAB = parsePrefix("10.0.0.0/8");
const FIRST = 0x0a000000;
const ADDRESSES = 1 << 24;
export const MICRONET_ADDRESSES = 8;
/** Of a prefix of as many addresses. */
export const PREFIX_LENGTH = 29;
export const ETR = parseIp("203.0.113.7");

/** The first address of a micronet, of so many that lie in the MAB at equal distances. */
export function keyOf(index: number, micronets: number): number {
  return FIRST + index * Math.floor(ADDRESSES / micronets);
}

/** The first address of a prefix as large as a micronet, of so many at nearly equal distances: what LISP can map in place of them. */
export function prefixOf(index: number, micronets: number): number {
  return keyOf(index, micronets) & -MICRONET_ADDRESSES;
}

/** A QSA of the MAB, with so many micronets; all that it has may be promised to 64 queriers, up to 8 million promises. */
export function qsaWith(micronets: number, clients: ClientLimits): Qsa {
  const store = new MappingStore([{ prefix: MAB, lineage: 1, position: 1, micronets: Array.from({ length: micronets }, (_, index) => ({ range: micronet(index, micronets), etr: ETR, version: 1 })) }]);
  const limits = { maxEntries: 2 * micronets, maxPromises: Math.min(64 * micronets, 1 << 23), maxUpdates: 1 << 13, maxPeers: 1 << 12 };
  return new Qsa({ limits, clients, nextU32, cachingMs: 3_600_000, negativeCachingMs: 30_000 }, store);
}

function micronet(index: number, micronets: number): Range {
  const first = keyOf(index, micronets);
  return rangeOf(4, first, 0, first + MICRONET_ADDRESSES - 1, 0);
}
