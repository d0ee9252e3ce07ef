import type { NextU32 } from "../next-u32.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { powerOfTwoFrom } from "../tables/pair-index.ts";

/** Buckets for each peer there may be, and at most: few peers are not of many networks. */
const BUCKETS_EACH = 8;
const MOST_BUCKETS = 1 << 14;
/** Words of a bucket: tokens taken and not yet refilled (a float), and when it was refilled last. */
const WIDTH = 2;
const TAKEN = 0;
const REFILLED_MS = 1;
/** What one network usually has: a /24, and of an IPv6 address the /56. */
const IPV4_MASK = 0xffffff00;
const IPV6_MASK_LO = 0xffffff00;

/**
 * Token buckets for networks, so that one who asks from many ports or addresses is one to us. Bounded: networks share
 * buckets where a keyed hash makes them meet, which nobody outside can arrange.
 */
export class PrefixLimits {
  readonly #peers: PeerTable;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #seed: number;
  readonly #mask: number;
  readonly #words: Uint32Array;
  /** The same memory. */
  readonly #floats: Float32Array;

  constructor(peers: PeerTable, perSecond: number, nextU32: NextU32) {
    this.#peers = peers;
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond);
    this.#seed = nextU32();
    const buckets = Math.min(MOST_BUCKETS, powerOfTwoFrom(BUCKETS_EACH * peers.capacity));
    this.#mask = buckets - 1;
    this.#words = new Uint32Array(buckets * WIDTH);
    this.#floats = new Float32Array(this.#words.buffer);
  }

  /** Takes a token of the peer's network; false when there is none left. */
  takeToken(peer: number, nowMs: number): boolean {
    const at = this.#bucket(peer) * WIDTH;
    const elapsedMs = (nowMs - this.#words[at + REFILLED_MS]!) >>> 0;
    const taken = Math.max(0, this.#floats[at + TAKEN]! - (elapsedMs * this.#perSecond) / 1000);
    const hasOne = taken <= this.#burst - 1;
    this.#words[at + REFILLED_MS] = nowMs;
    this.#floats[at + TAKEN] = hasOne ? taken + 1 : taken;
    return hasOne;
  }

  #bucket(peer: number): number {
    const isIpv4 = this.#peers.family(peer) === 4;
    const hi = isIpv4 ? this.#peers.word(peer, 0) & IPV4_MASK : this.#peers.word(peer, 0);
    const lo = isIpv4 ? 0 : this.#peers.word(peer, 1) & IPV6_MASK_LO;
    let hash = Math.imul(this.#seed ^ hi, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ lo, 0x85ebca77);
    return (hash ^ (hash >>> 13)) & this.#mask;
  }
}
