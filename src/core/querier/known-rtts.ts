import { powerOfTwoFrom } from "../tables/pair-index.ts";
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

/** Finds rows by server: servers are met one by one. */
export class RttMemory {
  readonly #known: KnownRtts;
  /** Where a row begins, plus one, at the first place from its hash on that was free; made when the first is looked for. */
  #places = new Int32Array();

  constructor(known: KnownRtts) {
    this.#known = known;
  }

  /** Gives a server the RTT that it had. */
  recall({ address: { family, words }, port, rtt }: Upstream): void {
    if (this.#known.length === 0) return;
    if (this.#places.length === 0) this.#fill();
    const known = this.#known;
    for (let place = this.#placeOf(words[0], words[1], words[2], words[3], port); this.#places[place] !== 0; place = this.#after(place)) {
      const at = this.#places[place]! - 1;
      const isServer =
        known[at + Known.word0] === words[0] &&
        known[at + Known.word1] === words[1] &&
        known[at + Known.word2] === words[2] &&
        known[at + Known.word3] === words[3] &&
        known[at + Known.port] === port &&
        known[at + Known.family] === family;
      if (!isServer) continue;
      rtt.smoothed = known[at + Known.smoothed]!;
      rtt.variation = known[at + Known.variation]!;
      return;
    }
  }

  #fill(): void {
    const known = this.#known;
    this.#places = new Int32Array(powerOfTwoFrom((2 * known.length) / KNOWN_WIDTH));
    for (let at = 0; at < known.length; at += KNOWN_WIDTH) {
      let place = this.#placeOf(known[at + Known.word0]!, known[at + Known.word1]!, known[at + Known.word2]!, known[at + Known.word3]!, known[at + Known.port]!);
      while (this.#places[place] !== 0) place = this.#after(place);
      this.#places[place] = at + 1;
    }
  }

  #placeOf(word0: number, word1: number, word2: number, word3: number, port: number): number {
    const hash = Math.imul(word0 ^ Math.imul(word1, 0x85ebca77) ^ Math.imul(word2, 0xc2b2ae3d) ^ Math.imul(word3, 0x27d4eb2f) ^ port, 0x9e3779b1);
    return (hash ^ (hash >>> 15)) & (this.#places.length - 1);
  }

  #after(place: number): number {
    return (place + 1) & (this.#places.length - 1);
  }
}
