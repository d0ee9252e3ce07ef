import type { NextU32 } from "../next-u32.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { powerOfTwoFrom } from "../tables/pair-index.ts";

/** Buckets for each peer there may be, and at most: few peers are not of many networks. */
const BUCKETS_EACH = 8;
const MOST_BUCKETS = 1 << 14;
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
  /** Tokens taken from each bucket and not yet refilled. */
  readonly #taken: Float32Array;
  readonly #refilledMs: Uint32Array;

  constructor(peers: PeerTable, perSecond: number, nextU32: NextU32) {
    this.#peers = peers;
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond);
    this.#seed = nextU32();
    const buckets = Math.min(MOST_BUCKETS, powerOfTwoFrom(BUCKETS_EACH * peers.capacity));
    this.#taken = new Float32Array(buckets);
    this.#refilledMs = new Uint32Array(buckets);
  }

  /** Takes a token of the peer's network; false when there is none left. */
  takeToken(peer: number, nowMs: number): boolean {
    const bucket = this.#bucket(peer);
    const elapsedMs = (nowMs - this.#refilledMs[bucket]!) >>> 0;
    const taken = Math.max(0, this.#taken[bucket]! - (elapsedMs * this.#perSecond) / 1000);
    const hasOne = taken <= this.#burst - 1;
    this.#refilledMs[bucket] = nowMs;
    this.#taken[bucket] = hasOne ? taken + 1 : taken;
    return hasOne;
  }

  #bucket(peer: number): number {
    const isIpv4 = this.#peers.family(peer) === 4;
    const hi = isIpv4 ? this.#peers.word(peer, 0) & IPV4_MASK : this.#peers.word(peer, 0);
    const lo = isIpv4 ? 0 : this.#peers.word(peer, 1) & IPV6_MASK_LO;
    let hash = Math.imul(this.#seed ^ hi, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ lo, 0x85ebca77);
    return (hash ^ (hash >>> 13)) & (this.#taken.length - 1);
  }
}
