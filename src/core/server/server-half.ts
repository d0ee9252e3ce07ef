import { Fault, MAX_DATAGRAM_OCTETS, MessageType, checkHeader, typeOf } from "../../wire/index.ts";
import { Agenda, Task } from "../agenda.ts";
import { Cache } from "../cache/cache.ts";
import { MappingCache } from "../cache/mapping-cache.ts";
import { PeerTable } from "../link/peer-table.ts";
import { TransmitRing } from "../link/transmit-ring.ts";
import type { NextU32 } from "../next-u32.ts";
import type { TableMemory } from "../tables/table-memory.ts";
import { type ClientLimits, ClientPolicy } from "./client-policy.ts";
import type { Secret } from "./cookies.ts";
import { RequestForesight } from "./foresight.ts";
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

/** What queriers know one start of a server by. Engines that are one server have it in common, so that a querier may go from one to another. */
export interface ServerIdentity {
  readonly epochHi: number;
  readonly epochLo: number;
  /** From when on server cookies are made from the first secret, on the clock of all of them; undefined: from the first timeout on. */
  readonly since: number | undefined;
  /** The secrets of server cookies, one after the other: `life` counts from 0. */
  secret(life: number): Secret;
}

export interface ServerOptions {
  readonly limits: ServerLimits;
  readonly clients: ClientLimits;
  readonly nextU32: NextU32;
  /** Where large tables have their memory from. */
  readonly memory?: TableMemory;
  /** That of several engines which are one server; its own where it is left out. */
  readonly identity?: ServerIdentity;
}

const TRANSMIT_SLOTS = 2048;
/** How long server cookies are made from one secret; what they were made from before is good for as long again. */
const COOKIE_SECRET_LIFE = 12 * 3_600_000_000;

/** What every server needs to answer queriers: the parts, put together once. */
export class ServerHalf {
  readonly agenda = new Agenda();
  readonly peers: PeerTable;
  readonly ring = new TransmitRing(TRANSMIT_SLOTS, MAX_DATAGRAM_OCTETS);
  readonly cache: MappingCache;
  readonly promises: Promises;
  readonly responder: Responder;
  readonly cookies: PeerCookies;
  readonly foresight: RequestForesight;
  readonly shift = new OfferedShift();
  readonly #identity: ServerIdentity;
  readonly counters = { malformedDatagrams: 0, unexpectedTypes: 0 };
  #cookieLives = 0;

  /** `upstreamSlots` counts the server itself. */
  constructor(options: ServerOptions, upstreamSlots: number, source: AnswerSource) {
    const { limits, nextU32, memory } = options;
    this.peers = new PeerTable(limits.maxPeers, nextU32);
    const queriers = new QuerierTable(this.peers, nextU32);
    const cache = new Cache(limits.maxEntries, upstreamSlots, nextU32(), memory);
    this.promises = new Promises(limits, cache.entries, this.peers, queriers, this.ring, this.agenda, memory);
    this.cache = new MappingCache(cache, this.promises, this.agenda);
    this.foresight = new RequestForesight(cache, this.promises.ledger);
    this.#identity = options.identity ?? drawIdentity(nextU32);
    this.promises.epochHi = this.#identity.epochHi;
    this.promises.epochLo = this.#identity.epochLo;
    this.cookies = new PeerCookies(this.#identity.secret(this.#cookieLives), this.peers);
    this.#planRotation(this.#identity.since);
    this.responder = new Responder({
      peers: this.peers,
      queriers,
      cache: this.cache,
      promises: this.promises,
      ring: this.ring,
      agenda: this.agenda,
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

  /** Without a time from which the first secret counts, that is the first timeout, for which nobody need be woken. */
  #planRotation(since: number | undefined): void {
    const { agenda } = this;
    agenda.set(Task.secretRotation, since === undefined ? -Infinity : since + COOKIE_SECRET_LIFE);
    agenda.holdBack(Task.secretRotation, () => (agenda.at(Task.secretRotation) === -Infinity ? Infinity : -Infinity));
    agenda.assign(Task.secretRotation, (now) => {
      this.#rotateSecret(now);
    });
  }

  #rotateSecret(now: number): void {
    const due = this.agenda.at(Task.secretRotation);
    const isFirst = due === -Infinity;
    if (!isFirst) this.cookies.rotate(this.#identity.secret(++this.#cookieLives));
    // By the clock, not by when it was looked at: all who share secrets go over to the next one at the same time.
    this.agenda.set(Task.secretRotation, (isFirst ? now : due) + COOKIE_SECRET_LIFE);
  }
}

/** Of an engine that is a server by itself. */
function drawIdentity(nextU32: NextU32): ServerIdentity {
  return { epochHi: nextU32(), epochLo: nextU32(), since: undefined, secret: () => [nextU32(), nextU32(), nextU32(), nextU32()] };
}
