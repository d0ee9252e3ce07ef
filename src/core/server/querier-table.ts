import type { NextU32 } from "../next-u32.ts";
import type { PeerTable } from "../link/peer-table.ts";

/**
 * What a server remembers of each querier, filed under its peer number: the last update number issued to it, the client
 * cookie its Cache Updates must carry, and its allowance of queries (a token bucket).
 */
export class QuerierTable {
  readonly #peers: PeerTable;
  readonly #nextU32: NextU32;
  readonly #generation: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #cookieHi: Uint32Array;
  readonly #cookieLo: Uint32Array;
  readonly #tokens: Float32Array;
  readonly #refilledMs: Uint32Array;

  /** `nextU32` gives each new querier's update counter its start, so that one forgotten and met again is told apart. */
  constructor(peers: PeerTable, nextU32: NextU32) {
    this.#peers = peers;
    this.#nextU32 = nextU32;
    this.#generation = new Uint32Array(peers.capacity).fill(0xffffffff);
    this.#counter = new Uint32Array(peers.capacity);
    this.#cookieHi = new Uint32Array(peers.capacity);
    this.#cookieLo = new Uint32Array(peers.capacity);
    this.#tokens = new Float32Array(peers.capacity);
    this.#refilledMs = new Uint32Array(peers.capacity);
  }

  /** Starts afresh when the peer's number has a new owner. Call before anything else about a peer. */
  meet(peer: number, nowMs: number, burst: number): void {
    const generation = this.#peers.generation[peer]!;
    if (this.#generation[peer] === generation) return;
    this.#generation[peer] = generation;
    this.#counter[peer] = this.#nextU32();
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

  setCookie(peer: number, hi: number, lo: number): void {
    this.#cookieHi[peer] = hi;
    this.#cookieLo[peer] = lo;
  }

  cookieHi(peer: number): number {
    return this.#cookieHi[peer]!;
  }

  cookieLo(peer: number): number {
    return this.#cookieLo[peer]!;
  }
}
