import { parseIp, parsePrefix } from "../src/address/index.ts";
import { OWN } from "../src/core/cache/entry-table.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { Qsa } from "../src/core/qsa.ts";
import type { ClientLimits } from "../src/core/server/client-policy.ts";
import { hugeMemory } from "../src/io/batch/huge-memory.ts";
import { loadNative } from "../src/io/batch/native.ts";
import { now } from "../src/io/clock.ts";
import { nextU32 } from "../src/io/random.ts";
import { MappingBody, ResultCode } from "../src/wire/index.ts";

export const MAB = parsePrefix("10.0.0.0/8");
const FIRST = 0x0a000000;
const ADDRESSES = 1 << 24;
/** Of a micronet, unless there are so many that they have less room. */
export const MICRONET_ADDRESSES = 8;
/** Of a prefix of as many addresses. */
export const PREFIX_LENGTH = 29;
export const ETR = parseIp("203.0.113.7");

const CACHING_MS = 3_600_000;
/** Room beside those that are there from the start. */
const SPARE_ENTRIES = 1 << 16;
/** Each has queriers of its own. */
const ROUNDS = 10;

/** The first address of a micronet, of so many that lie in the MAB at equal distances. */
export function keyOf(index: number, micronets: number): number {
  return FIRST + index * spacing(micronets);
}

/** The first address of a prefix as large as a micronet, of so many at nearly equal distances: what LISP can map in place of them. */
export function prefixOf(index: number, micronets: number): number {
  return keyOf(index, micronets) & -MICRONET_ADDRESSES;
}

/**
 * A QSA of the MAB that has so many micronets in its cache, as if each had been asked for once; all may be promised to the 64
 * queriers of ten rounds, up to 8 million promises. Its store has none: 10 million would take some gigabytes as a list of objects.
 */
export function qsaWith(micronets: number, clients: ClientLimits): Qsa {
  const store = new MappingStore([{ prefix: MAB, lineage: 1, position: 1, micronets: [] }]);
  const limits = { maxEntries: micronets + SPARE_ENTRIES, maxPromises: Math.min(ROUNDS * 64 * micronets, 1 << 23), maxUpdates: 1 << 13, maxPeers: 1 << 12 };
  const qsa = new Qsa({ limits, clients, nextU32, memory: hugeMemory(loadNative(), { preallocate: true }), cachingMs: CACHING_MS, negativeCachingMs: 30_000 }, store);
  const body = Object.assign(new MappingBody(), { family: MAB.family, prefixLength: MAB.length, etrFamily: ETR.family, etr0: ETR.words[0], versionLineage: 1, versionLo: 1, positionLineage: 1, positionLo: 1 });
  for (let index = 0; index < micronets; index++) {
    body.firstHi = keyOf(index, micronets);
    body.lastHi = body.firstHi + Math.min(MICRONET_ADDRESSES, spacing(micronets)) - 1;
    qsa.server.cache.file(now(), ResultCode.mapping, body, OWN, CACHING_MS);
  }
  return qsa;
}

function spacing(micronets: number): number {
  return Math.floor(ADDRESSES / micronets);
}
