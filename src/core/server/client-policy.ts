import { type Prefix, prefixContains } from "../../address/index.ts";
import { ResultCode } from "../../wire/index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import type { QuerierTable } from "./querier-table.ts";

/** Who may ask, and how often. */
export class ClientPolicy {
  /** Queries that may come at once after a silence. */
  readonly burst: number;
  readonly #allow: readonly Prefix[];
  readonly #perSecond: number;

  /** An IPv6 prefix longer than /64 cannot be told apart: clients are known by the upper half of their address. */
  constructor(allow: readonly Prefix[], maxQueriesPerSecond: number) {
    this.#allow = allow;
    this.#perSecond = maxQueriesPerSecond;
    this.burst = Math.max(1, maxQueriesPerSecond);
  }

  /** ResultCode.mapping when the peer may ask now; otherwise what it is to be told. */
  refusal(peers: PeerTable, queriers: QuerierTable, peer: number, nowMs: number): number {
    if (!this.#allows(peers, peer)) return ResultCode.refused;
    return queriers.takeToken(peer, nowMs, this.#perSecond, this.burst) ? ResultCode.mapping : ResultCode.overloaded;
  }

  #allows(peers: PeerTable, peer: number): boolean {
    for (let index = 0; index < this.#allow.length; index++) {
      if (prefixContains(this.#allow[index]!, peers.family(peer), peers.word(peer, 0), peers.word(peer, 1))) return true;
    }
    return false;
  }
}
