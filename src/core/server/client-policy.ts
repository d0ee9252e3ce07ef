import { type Prefix, prefixContains } from "../../address/index.ts";
import { ResultCode } from "../../wire/index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { NextU32 } from "../next-u32.ts";
import { PrefixLimits } from "./prefix-limits.ts";
import type { QuerierTable } from "./querier-table.ts";

export interface ClientLimits {
  readonly allow: readonly Prefix[];
  /** For each address and port. */
  readonly maxQueriesPerSecond: number;
  /** For each IPv4 /24 and IPv6 /56. */
  readonly maxQueriesPerSecondPerNetwork: number;
  /** Requests of one address and port that wait for answers being fetched. */
  readonly maxWaiting: number;
}

/** Of requests beyond the limit one in so many is answered, so that a client that is not the cause gets through now and then. */
const SLIP = 4;

export const Verdict = {
  serve: 0,
  refuse: 1,
  /** Beyond its limit: told so. */
  limit: 2,
  /** Beyond its limit: told nothing. */
  drop: 3,
} as const;

export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Who may ask, and how often. */
export class ClientPolicy {
  /** Queries that may come at once after a silence. */
  readonly burst: number;
  readonly #allow: readonly Prefix[];
  readonly #perSecond: number;
  readonly #networks: PrefixLimits;
  readonly #peers: PeerTable;
  readonly #queriers: QuerierTable;
  #slipped = 0;

  /** An IPv6 prefix longer than /64 cannot be told apart: clients are known by the upper half of their address. */
  constructor(limits: ClientLimits, peers: PeerTable, queriers: QuerierTable, nextU32: NextU32) {
    this.#allow = limits.allow;
    this.#perSecond = limits.maxQueriesPerSecond;
    this.burst = Math.max(1, limits.maxQueriesPerSecond);
    this.#networks = new PrefixLimits(peers, limits.maxQueriesPerSecondPerNetwork, nextU32);
    this.#peers = peers;
    this.#queriers = queriers;
  }

  /** What to do with a request of a peer that has been met. */
  judge(peer: number, nowMs: number): Verdict {
    if (!this.#allows(peer)) return Verdict.refuse;
    const isWithin = this.#queriers.takeToken(peer, nowMs, this.#perSecond, this.burst) && this.#networks.takeToken(peer, nowMs);
    if (isWithin) return Verdict.serve;
    this.#slipped = (this.#slipped + 1) % SLIP;
    return this.#slipped === 0 ? Verdict.limit : Verdict.drop;
  }

  /** What a peer that is not served is told. */
  static resultOf(verdict: Verdict): number {
    return verdict === Verdict.refuse ? ResultCode.refused : ResultCode.overloaded;
  }

  #allows(peer: number): boolean {
    for (let index = 0; index < this.#allow.length; index++) {
      if (prefixContains(this.#allow[index]!, this.#peers.family(peer), this.#peers.word(peer, 0), this.#peers.word(peer, 1))) return true;
    }
    return false;
  }
}
