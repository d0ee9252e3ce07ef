import type { Upstream } from "./upstream.ts";

/**
 * How far servers are, a row of numbers each: they go to another thread, and to disk and back, as they are.
 */
export type KnownRtts = Float64Array;

/** What is where in a row: address and port of the server, and its RTT in microseconds. */
export const Known = { family: 0, port: 1, word0: 2, word1: 3, word2: 4, word3: 5, smoothed: 6, variation: 7 } as const;

export const KNOWN_WIDTH = 8;

export function knownRttOf({ address: { family, words }, port, rtt: { smoothed, variation } }: Upstream): readonly number[] {
  return [family, port, ...words, smoothed, variation];
}
