import { Fault, MAX_DATAGRAM_OCTETS, MessageType, checkHeader, typeOf } from "../../wire/index.ts";
import { Cache } from "../cache/cache.ts";
import { MappingCache } from "../cache/mapping-cache.ts";
import { PeerTable } from "../link/peer-table.ts";
import { TransmitRing } from "../link/transmit-ring.ts";
import type { NextU32 } from "../next-u32.ts";
import type { TableMemory } from "../tables/table-memory.ts";
import { type ClientLimits, ClientPolicy } from "./client-policy.ts";
import { OfferedShift } from "./offered-shift.ts";
import { PeerCookies } from "./peer-cookies.ts";
import { type PromiseLimits, Promises } from "./promises.ts";
import { QuerierTable } from "./querier-table.ts";
import { type AnswerSource, Responder } from "./responder.ts";

export interface ServerLimits extends PromiseLimits {
  readonly maxEntries: number;
  /** Addresses (with port) known at one time: queriers and upstreams together. */
  readonly maxPeers: number;
}

export interface ServerOptions {
  readonly limits: ServerLimits;
  readonly clients: ClientLimits;
  readonly nextU32: NextU32;
  /** Where large tables have their memory from. */
  readonly memory?: TableMemory;
}

const TRANSMIT_SLOTS = 2048;
/** How long server cookies are made from one secret; what they were made from before is good for as long again. */
const COOKIE_SECRET_LIFE = 12 * 3_600_000_000;

/** What every server needs to answer queriers: the parts, put together once. */
export class ServerHalf {
  readonly peers: PeerTable;
  readonly ring = new TransmitRing(TRANSMIT_SLOTS, MAX_DATAGRAM_OCTETS);
  readonly cache: MappingCache;
  readonly promises: Promises;
  readonly responder: Responder;
  readonly cookies: PeerCookies;
  readonly shift = new OfferedShift();
  readonly #options: ServerOptions;
  readonly counters = { malformedDatagrams: 0, unexpectedTypes: 0 };
  #nextRotation = Infinity;

  /** `upstreamSlots` counts the server itself. */
  constructor(options: ServerOptions, upstreamSlots: number, source: AnswerSource) {
    const { limits, nextU32, memory } = options;
    this.#options = options;
    this.peers = new PeerTable(limits.maxPeers, nextU32);
    const queriers = new QuerierTable(this.peers, nextU32);
    const cache = new Cache(limits.maxEntries, upstreamSlots, nextU32(), memory);
    this.promises = new Promises(limits, cache.entries, this.peers, queriers, this.ring, memory);
    this.cache = new MappingCache(cache, this.promises);
    this.promises.epochHi = nextU32();
    this.promises.epochLo = nextU32();
    this.cookies = new PeerCookies([nextU32(), nextU32(), nextU32(), nextU32()], this.peers);
    this.responder = new Responder({
      peers: this.peers,
      queriers,
      cache: this.cache,
      promises: this.promises,
      ring: this.ring,
      cookies: this.cookies,
      policy: new ClientPolicy(options.clients, this.peers, queriers, nextU32),
      shift: this.shift,
      source,
    });
  }

  /** This start's epoch: 64 bits as hexadecimal. */
  get epoch(): string {
    return [this.promises.epochHi, this.promises.epochLo].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  /** Takes what queriers send. False for a well-formed message of the other kinds. */
  handleDatagram(now: number, peer: number, view: DataView, length: number): boolean {
    const { responder } = this;
    const fault = checkHeader(view, length);
    const type = fault === Fault.none || fault === Fault.unsupportedVersion ? typeOf(view) : 0;
    const isRequest = type === MessageType.mapRequest;
    if (fault !== Fault.none && !isRequest) this.counters.malformedDatagrams++;
    else if (isRequest) responder.handleRequest(now, peer, view, length);
    else if (type === MessageType.cacheUpdateAck) responder.handleUpdateAck(now, peer, view, length);
    else if (type === MessageType.mapReplyAck) responder.handleReplyAck(now, peer, view, length);
    else return false;
    return true;
  }

  get next(): number {
    return Math.min(this.cache.next, this.promises.next, this.responder.repeater.next, this.#nextRotation);
  }

  handleTimeout(now: number): void {
    this.cache.handleTimeout(now);
    this.promises.handleTimeout(now);
    this.responder.repeater.handleTimeout(now);
    this.#rotateSecret(now);
  }

  #rotateSecret(now: number): void {
    if (now < this.#nextRotation && this.#nextRotation !== Infinity) return;
    const { nextU32 } = this.#options;
    if (this.#nextRotation !== Infinity) this.cookies.rotate([nextU32(), nextU32(), nextU32(), nextU32()]);
    this.#nextRotation = now + COOKIE_SECRET_LIFE;
  }
}
