import type { Prefix } from "../../address/index.ts";
import { MAX_DATAGRAM_OCTETS } from "../../wire/index.ts";
import { ClientPolicy } from "./client-policy.ts";
import { ServerCookies } from "./cookies.ts";
import type { NextU32 } from "../next-u32.ts";
import { PeerTable } from "../link/peer-table.ts";
import { type CacheLimits, PromisedCache } from "../cache/promised-cache.ts";
import { QuerierTable } from "./querier-table.ts";
import { type AnswerSource, Responder } from "./responder.ts";
import { TransmitRing } from "../link/transmit-ring.ts";

export interface ServerLimits extends CacheLimits {
  /** Addresses (with port) known at one time: queriers and upstreams together. */
  readonly maxPeers: number;
}

export interface ServerOptions {
  readonly limits: ServerLimits;
  readonly clients: { readonly allow: readonly Prefix[]; readonly maxQueriesPerSecond: number };
  readonly nextU32: NextU32;
}

export const DEFAULT_LIMITS: ServerLimits = { maxEntries: 1 << 18, maxPromises: 1 << 18, maxUpdates: 1 << 13, maxPeers: 1 << 16 };

const TRANSMIT_SLOTS = 2048;

/** What every server needs to answer queriers: the parts, put together once. */
export class ServerHalf {
  readonly peers: PeerTable;
  readonly ring = new TransmitRing(TRANSMIT_SLOTS, MAX_DATAGRAM_OCTETS);
  readonly book: PromisedCache;
  readonly responder: Responder;
  readonly cookies: ServerCookies;

  /** `upstreamSlots` counts the server itself. */
  constructor(options: ServerOptions, upstreamSlots: number, source: AnswerSource) {
    const { limits, nextU32 } = options;
    this.peers = new PeerTable(limits.maxPeers, nextU32);
    const queriers = new QuerierTable(this.peers, nextU32);
    this.book = new PromisedCache(limits, upstreamSlots, this.peers, queriers, this.ring);
    this.book.epochHi = nextU32();
    this.book.epochLo = nextU32();
    this.cookies = new ServerCookies([nextU32(), nextU32(), nextU32(), nextU32()]);
    this.responder = new Responder({
      peers: this.peers,
      queriers,
      book: this.book,
      ring: this.ring,
      cookies: this.cookies,
      policy: new ClientPolicy(options.clients.allow, options.clients.maxQueriesPerSecond),
      source,
    });
  }

  /** This start's epoch: 64 bits as hexadecimal. */
  get epoch(): string {
    return [this.book.epochHi, this.book.epochLo].map((word) => word.toString(16).padStart(8, "0")).join("");
  }
}
