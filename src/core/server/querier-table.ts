import type { PeerTable } from "../link/peer-table.ts";
import type { NextU32 } from "../next-u32.ts";

/**
 * What a server remembers of each querier, filed under its peer number: the last update number issued to it, its last
 * verified request (Cache Updates that belong to no answer carry its nonce and cookie), and its allowance of queries (a
 * token bucket).
 */
export class QuerierTable {
  readonly capacity: number;
  readonly #peers: PeerTable;
  readonly #nextU32: NextU32;
  readonly #generation: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #cookieHi: Uint32Array;
  readonly #cookieLo: Uint32Array;
  readonly #nonceHi: Uint32Array;
  readonly #nonceLo: Uint32Array;
  readonly #heardMs: Uint32Array;
  readonly #tokens: Float32Array;
  readonly #refilledMs: Uint32Array;

  /** `nextU32` gives each new querier's update counter its start, so that one forgotten and met again is told apart. */
  constructor(peers: PeerTable, nextU32: NextU32) {
    this.capacity = peers.capacity;
    this.#peers = peers;
    this.#nextU32 = nextU32;
    this.#generation = new Uint32Array(peers.capacity);
    this.#counter = new Uint32Array(peers.capacity);
    this.#cookieHi = new Uint32Array(peers.capacity);
    this.#cookieLo = new Uint32Array(peers.capacity);
    this.#nonceHi = new Uint32Array(peers.capacity);
    this.#nonceLo = new Uint32Array(peers.capacity);
    this.#heardMs = new Uint32Array(peers.capacity);
    this.#tokens = new Float32Array(peers.capacity);
    this.#refilledMs = new Uint32Array(peers.capacity);
  }

  /** Starts afresh when the peer's number has a new owner. Call before anything else about a peer. */
  meet(peer: number, nowMs: number, burst: number): void {
    const generation = this.#peers.generation[peer]!;
    if (this.#generation[peer] === generation) return;
    this.#generation[peer] = generation;
    this.#counter[peer] = this.#nextU32();
    this.#cookieHi[peer] = 0;
    this.#cookieLo[peer] = 0;
    this.#tokens[peer] = burst;
    this.#refilledMs[peer] = nowMs;
  }

  /** Takes one token of `perSecond` (at most `burst` saved up); false when there is none left. */
  takeToken(peer: number, nowMs: number, perSecond: number, burst: number): boolean {
    const elapsedMs = (nowMs - this.#refilledMs[peer]!) >>> 0;
    const tokens = Math.min(burst, this.#tokens[peer]! + (elapsedMs * perSecond) / 1000);
    this.#refilledMs[peer] = nowMs;
    this.#tokens[peer] = tokens < 1 ? tokens : tokens - 1;
    return tokens >= 1;
  }

  /** The last update number issued to this querier. */
  counter(peer: number): number {
    return this.#counter[peer]!;
  }

  nextUpdateNumber(peer: number): number {
    return (this.#counter[peer] = (this.#counter[peer]! + 1) >>> 0);
  }

  /** Notes a request whose source is proved. */
  noteRequest(peer: number, nowMs: number, nonceHi: number, nonceLo: number, cookieHi: number, cookieLo: number): void {
    this.#heardMs[peer] = nowMs;
    this.#nonceHi[peer] = nonceHi;
    this.#nonceLo[peer] = nonceLo;
    this.#cookieHi[peer] = cookieHi;
    this.#cookieLo[peer] = cookieLo;
  }

  noteHeard(peer: number, nowMs: number): void {
    this.#heardMs[peer] = nowMs;
  }

  /** Milliseconds since it was heard last. */
  silence(peer: number, nowMs: number): number {
    return (nowMs - this.#heardMs[peer]!) >>> 0;
  }

  /** Whether this is the cookie of the peer's last verified request; false before the first. */
  hasCookie(peer: number, hi: number, lo: number): boolean {
    if (this.#generation[peer] !== this.#peers.generation[peer]) return false;
    return ((this.#cookieHi[peer]! ^ hi) | (this.#cookieLo[peer]! ^ lo)) === 0 && (hi | lo) !== 0;
  }

  cookieHi(peer: number): number {
    return this.#cookieHi[peer]!;
  }

  cookieLo(peer: number): number {
    return this.#cookieLo[peer]!;
  }

  nonceHi(peer: number): number {
    return this.#nonceHi[peer]!;
  }

  nonceLo(peer: number): number {
    return this.#nonceLo[peer]!;
  }
}
