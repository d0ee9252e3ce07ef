import type { Family, Words } from "../../address/index.ts";
import type { NextU32 } from "../next-u32.ts";
import { powerOfTwoFrom } from "../tables/pair-index.ts";

/** No peer: the table is full of peers that are still needed. */
export const NO_PEER = -1;

/** Words of a row: what its source is named by, tag and address; its bucket, the link to the next there, and whether it was seen since the hand passed. */
const WORDS = 8;
const BUCKET = 5;
const NEXT = 6;
const SEEN = 7;
/** Links are peers plus one, so that fresh memory, all zero, is an empty table: what is never used is never touched. */
const END = 0;
/** Rows looked at for one that may go: a bound on what a datagram from a new source costs. */
const EVICTION_STEPS = 2048;

/**
 * Names each (link, address, port) by a small integer, so that nothing else keeps addresses. A link is one socket of the
 * driver. Peers that somebody holds stay; the others make room for new ones, the least recently seen first (CLOCK).
 */
export class PeerTable {
  readonly capacity: number;
  /** Counts the owners a row has had, from 1 on: what is kept elsewhere under a peer's number is void once this has changed. */
  readonly generation: Uint32Array;
  readonly #words: Uint32Array;
  readonly #holds: Uint32Array;
  readonly #buckets: Int32Array;
  readonly #seed: number;
  #size = 0;
  #hand = 0;

  /** The seed of the hash comes from `nextU32`, so that nobody can choose addresses that collide. */
  constructor(capacity: number, nextU32: NextU32) {
    this.capacity = capacity;
    this.generation = new Uint32Array(capacity);
    this.#words = new Uint32Array(capacity * WORDS);
    this.#holds = new Uint32Array(capacity);
    this.#buckets = new Int32Array(powerOfTwoFrom(capacity));
    this.#seed = nextU32();
  }

  get size(): number {
    return this.#size;
  }

  /** The number of this peer, given to it now if it is new; NO_PEER when there is no room. */
  intern(link: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): number {
    const tag = tagOf(link, family, port);
    const bucket = this.#bucket(tag, w0, w1, w2, w3);
    const known = this.#findIn(bucket, tag, w0, w1, w2, w3);
    if (known !== NO_PEER) {
      this.#words[known * WORDS + SEEN] = 1;
      return known;
    }
    const peer = this.#size < this.capacity ? this.#size++ : this.#evict();
    if (peer === NO_PEER) return NO_PEER;
    this.generation[peer]!++;
    const at = peer * WORDS;
    this.#words[at] = tag;
    this.#words[at + 1] = w0;
    this.#words[at + 2] = w1;
    this.#words[at + 3] = w2;
    this.#words[at + 4] = w3;
    this.#words[at + BUCKET] = bucket;
    this.#words[at + NEXT] = this.#buckets[bucket]!;
    this.#words[at + SEEN] = 1;
    this.#buckets[bucket] = peer + 1;
    return peer;
  }

  /** The number of this peer; NO_PEER when it has none. */
  find(link: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): number {
    const tag = tagOf(link, family, port);
    return this.#findIn(this.#bucket(tag, w0, w1, w2, w3), tag, w0, w1, w2, w3);
  }

  /** Keeps a peer's number from being given to another until it is released as often. */
  hold(peer: number): void {
    this.#holds[peer]!++;
  }

  release(peer: number): void {
    this.#holds[peer]!--;
  }

  link(peer: number): number {
    return this.#words[peer * WORDS]! >>> 20;
  }

  family(peer: number): Family {
    return ((this.#words[peer * WORDS]! >>> 16) & 15) === 4 ? 4 : 6;
  }

  port(peer: number): number {
    return this.#words[peer * WORDS]! & 0xffff;
  }

  /** One of the four 32-bit words of the peer's address. */
  word(peer: number, index: 0 | 1 | 2 | 3): number {
    return this.#words[peer * WORDS + 1 + index]!;
  }

  words(peer: number): Words {
    return [this.word(peer, 0), this.word(peer, 1), this.word(peer, 2), this.word(peer, 3)];
  }

  #findIn(bucket: number, tag: number, w0: number, w1: number, w2: number, w3: number): number {
    for (let link = this.#buckets[bucket]!; link !== END; link = this.#following(link - 1)) if (this.#is(link - 1, tag, w0, w1, w2, w3)) return link - 1;
    return NO_PEER;
  }

  #is(peer: number, tag: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const at = peer * WORDS;
    const words = this.#words;
    return words[at] === tag && words[at + 1] === w0 && words[at + 2] === w1 && words[at + 3] === w2 && words[at + 4] === w3;
  }

  #bucket(tag: number, w0: number, w1: number, w2: number, w3: number): number {
    let hash = mix(mix(this.#seed, tag), w0);
    // An IPv4 address is one word.
    if ((w1 | w2 | w3) !== 0) hash = mix(mix(mix(hash, w1), w2), w3);
    return (hash >>> 0) & (this.#buckets.length - 1);
  }

  #evict(): number {
    for (let step = Math.min(2 * this.capacity, EVICTION_STEPS); step > 0; step--) {
      const peer = this.#hand;
      this.#hand = (this.#hand + 1) % this.capacity;
      if (this.#holds[peer] !== 0) continue;
      if (this.#words[peer * WORDS + SEEN] === 0) {
        this.#unlink(peer);
        return peer;
      }
      this.#words[peer * WORDS + SEEN] = 0;
    }
    return NO_PEER;
  }

  #unlink(peer: number): void {
    const bucket = this.#words[peer * WORDS + BUCKET]!;
    let link = this.#buckets[bucket]!;
    if (link === peer + 1) {
      this.#buckets[bucket] = this.#following(peer);
      return;
    }
    while (this.#following(link - 1) !== peer + 1) link = this.#following(link - 1);
    this.#words[(link - 1) * WORDS + NEXT] = this.#following(peer);
  }

  /** The link that a row has. */
  #following(peer: number): number {
    return this.#words[peer * WORDS + NEXT]!;
  }
}

function tagOf(link: number, family: Family, port: number): number {
  return ((link << 20) | (family << 16) | port) >>> 0;
}

function mix(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x85ebca77) ^ (mixed >>> 13);
}
