import type { PeerTable } from "../link/peer-table.ts";
import type { NextU32 } from "../next-u32.ts";

/** Words of a row. */
const WIDTH = 8;
const GENERATION = 0;
/** The last update number issued. */
const COUNTER = 1;
const COOKIE_HI = 2;
const COOKIE_LO = 3;
const NONCE_HI = 4;
const NONCE_LO = 5;
const HEARD_MS = 6;
const REFILLED_MS = 7;

/**
 * What a server remembers of each querier, filed under its peer number: the last update number issued to it, its last
 * verified request (Cache Updates that belong to no answer carry its nonce and cookie), and its allowance of queries (a
 * token bucket).
 */
export class QuerierTable {
  readonly capacity: number;
  readonly #peers: PeerTable;
  readonly #nextU32: NextU32;
  readonly #words: Uint32Array;
  readonly #tokens: Float32Array;

  /** `nextU32` gives each new querier's update counter its start, so that one forgotten and met again is told apart. */
  constructor(peers: PeerTable, nextU32: NextU32) {
    this.capacity = peers.capacity;
    this.#peers = peers;
    this.#nextU32 = nextU32;
    this.#words = new Uint32Array(peers.capacity * WIDTH);
    this.#tokens = new Float32Array(peers.capacity);
  }

  /** Starts afresh when the peer's number has a new owner. Call before anything else about a peer. */
  meet(peer: number, nowMs: number, burst: number): void {
    const generation = this.#peers.generation[peer]!;
    const words = this.#words;
    const at = peer * WIDTH;
    if (words[at + GENERATION] === generation) return;
    words[at + GENERATION] = generation;
    words[at + COUNTER] = this.#nextU32();
    words[at + COOKIE_HI] = 0;
    words[at + COOKIE_LO] = 0;
    words[at + REFILLED_MS] = nowMs;
    this.#tokens[peer] = burst;
  }

  /** Takes one token of `perSecond` (at most `burst` saved up); false when there is none left. */
  takeToken(peer: number, nowMs: number, perSecond: number, burst: number): boolean {
    const at = peer * WIDTH + REFILLED_MS;
    const elapsedMs = (nowMs - this.#words[at]!) >>> 0;
    const tokens = Math.min(burst, this.#tokens[peer]! + (elapsedMs * perSecond) / 1000);
    this.#words[at] = nowMs;
    this.#tokens[peer] = tokens < 1 ? tokens : tokens - 1;
    return tokens >= 1;
  }

  /** The last update number issued to this querier. */
  counter(peer: number): number {
    return this.#words[peer * WIDTH + COUNTER]!;
  }

  nextUpdateNumber(peer: number): number {
    const at = peer * WIDTH + COUNTER;
    return (this.#words[at] = (this.#words[at]! + 1) >>> 0);
  }

  /** Notes a request whose source is proved. */
  noteRequest(peer: number, nowMs: number, nonceHi: number, nonceLo: number, cookieHi: number, cookieLo: number): void {
    const words = this.#words;
    const at = peer * WIDTH;
    words[at + HEARD_MS] = nowMs;
    words[at + NONCE_HI] = nonceHi;
    words[at + NONCE_LO] = nonceLo;
    words[at + COOKIE_HI] = cookieHi;
    words[at + COOKIE_LO] = cookieLo;
  }

  noteHeard(peer: number, nowMs: number): void {
    this.#words[peer * WIDTH + HEARD_MS] = nowMs;
  }

  /** Milliseconds since it was heard last. */
  silence(peer: number, nowMs: number): number {
    return (nowMs - this.#words[peer * WIDTH + HEARD_MS]!) >>> 0;
  }

  /** Whether this is the cookie of the peer's last verified request; false before the first. */
  hasCookie(peer: number, hi: number, lo: number): boolean {
    if (this.#words[peer * WIDTH + GENERATION] !== this.#peers.generation[peer]) return false;
    return ((this.cookieHi(peer) ^ hi) | (this.cookieLo(peer) ^ lo)) === 0 && (hi | lo) !== 0;
  }

  cookieHi(peer: number): number {
    return this.#words[peer * WIDTH + COOKIE_HI]!;
  }

  cookieLo(peer: number): number {
    return this.#words[peer * WIDTH + COOKIE_LO]!;
  }

  nonceHi(peer: number): number {
    return this.#words[peer * WIDTH + NONCE_HI]!;
  }

  nonceLo(peer: number): number {
    return this.#words[peer * WIDTH + NONCE_LO]!;
  }
}
