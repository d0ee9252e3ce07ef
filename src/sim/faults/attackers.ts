import { ACK_OCTETS, Acknowledgement, CacheUpdate, type Header, MAP_REPLY_OCTETS, MapReply, MapRequest, type MappingBody, MessageType, UpdateAction, encodeAcknowledgement, encodeCacheUpdate, encodeMapReply, encodeMapRequest, typeOf } from "../../wire/index.ts";
import { MADE_UP } from "../oracle/forgeries.ts";
import { SECOND } from "../plan.ts";
import type { Random } from "../random.ts";
import { type Station, StationKind } from "../station.ts";
import type { Watched } from "../truth.ts";
import type { World } from "../world.ts";

/** Where attackers would like packets to go: no micronet's ETR. */
const THEIR_ETR = 0x42424242;
/** Of server cookies, in the first octet. */
const COOKIE_VERSION = 0x01000000;
const CAPTURED = 64;
/** Where messages have their sequence number. */
const SEQUENCE = 4;
/** What is replayed is older than any request that is still open. */
const OLDEST_REQUEST = 5 * SECOND;

interface Captured {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly view: DataView;
}

/**
 * Attackers off the path: they know every address, every message format and who talks to whom, but no nonce and no cookie.
 * They also send again, much later, what somebody once sent.
 */
export class Attackers {
  readonly #world: World;
  readonly #random: Random;
  readonly #view = new DataView(new ArrayBuffer(MAP_REPLY_OCTETS));
  readonly #captured: Captured[] = [];
  /** Of each querier's last request: its number, and to whom it went. */
  readonly #sequences: Uint32Array;
  readonly #askedBy: (Station | undefined)[] = [];
  isActive = true;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#sequences = new Uint32Array(world.stations.length);
  }

  begin(): void {
    const { forgeries } = this.#world.plan;
    if (forgeries === 0) return;
    this.#world.network.after((SECOND / forgeries) * this.#random.between(0, 2), () => {
      if (this.isActive) this.#attack();
      this.begin();
    });
  }

  #attack(): void {
    const { stations, network } = this.#world;
    const victim = this.#random.pick(stations);
    const asked = this.#random.chance(0.5) ? (this.#askedBy[victim.index] ?? victim) : this.#random.pick(stations);
    if (this.#random.chance(0.3)) {
      this.#replay();
      return;
    }
    const key = this.#random.pick(this.#world.truth.keys);
    const length = this.#makeUp(key, this.#sequences[victim.index]!);
    // Replies and updates seem to come from a server, to the link that asks; requests from anybody to the link that answers.
    const from = this.#random.chance(0.8) ? asked.endpoints[0]! : asked.endpoints[0]! ^ 0xff;
    network.forge(from, victim.endpoints.at(typeOf(this.#view) === MessageType.mapRequest ? 0 : -1)!, this.#view, length, this.#random.between(0, SECOND));
  }

  /** Sends again what was sent long ago, and keeps something for later. */
  #replay(): void {
    const { network } = this.#world;
    if (this.#captured.length === 0) return;
    const { at, from, to, view } = this.#random.pick(this.#captured);
    if (this.#world.now - at >= OLDEST_REQUEST) network.forge(from, to, view, view.byteLength, this.#random.between(0, SECOND));
  }

  /** Sees a datagram go by: its number, and now and then all of it, long before it is of use. */
  capture(from: Station, to: Station | undefined, view: DataView, length: number): void {
    if (to === undefined) return;
    const type = typeOf(view);
    if (type === MessageType.mapRequest) {
      this.#askedBy[from.index] = to;
      this.#sequences[from.index] = view.getUint32(SEQUENCE);
    }
    if (!this.#random.chance(0.002)) return;
    const isAnswer = from.kind === StationKind.qsa || type === MessageType.mapReply || type === MessageType.cacheUpdate || type === MessageType.mapRequestAck;
    const captured = { at: this.#world.now, from: from.endpoints.at(isAnswer ? 0 : -1)!, to: to.endpoints.at(isAnswer ? -1 : 0)!, view: copyOf(view, length) };
    if (this.#captured.length < CAPTURED) this.#captured.push(captured);
    else this.#captured[this.#random.below(CAPTURED)] = captured;
  }

  /** A datagram of any kind about a key, with everything right but what nobody off the path can know; gives its length. */
  #makeUp(key: Watched, sequence: number): number {
    const random = this.#random;
    const kind = random.below(4);
    if (kind === 0) {
      const request = new MapRequest();
      Object.assign(request, { family: key.family, keyHi: key.hi, keyLo: key.lo });
      Object.assign(request.header, this.#header(sequence));
      return encodeMapRequest(this.#view, request);
    }
    if (kind === 1) {
      const ack = new Acknowledgement();
      Object.assign(ack.header, this.#header(sequence));
      ack.value = random.next();
      encodeAcknowledgement(this.#view, random.pick([MessageType.cacheUpdateAck, MessageType.mapReplyAck, MessageType.mapRequestAck]), ack);
      return ACK_OCTETS;
    }
    const message = kind === 2 ? new MapReply() : new CacheUpdate();
    Object.assign(message.header, this.#header(sequence));
    this.#fillBody(message.body, key);
    if (message instanceof MapReply) {
      message.result = 0;
      return encodeMapReply(this.#view, message);
    }
    message.action = random.pick([UpdateAction.update, UpdateAction.flushRange, UpdateAction.flushMab, UpdateAction.flushAll]);
    if (message.action !== UpdateAction.update) Object.assign(message.body, { etrFamily: 0, etr0: 0 });
    return encodeCacheUpdate(this.#view, message);
  }

  #fillBody(body: MappingBody, key: Watched): void {
    const mab = this.#world.truth.mabs[key.mab];
    Object.assign(body, {
      family: key.family,
      prefixLength: mab?.length ?? 0,
      etrFamily: 4,
      etr0: THEIR_ETR,
      cachingMs: 3_600_000,
      epochHi: this.#random.next(),
      epochLo: this.#random.next(),
      versionLineage: 1,
      versionLo: 0x7fffffff,
      positionLineage: 1,
      positionLo: 0x7fffffff,
      counter: this.#random.next(),
      firstHi: key.hi,
      firstLo: key.lo,
      lastHi: key.hi,
      lastLo: key.lo,
    });
  }

  /** Sequence numbers are no secret: that of the victim's last request may be known. */
  #header(known: number): Partial<Header> {
    const random = this.#random;
    const sequence = random.chance(0.8) ? known : random.next();
    const cookies = { clientCookieHi: random.next(), clientCookieLo: random.next(), server0: COOKIE_VERSION, server1: this.#nowSeconds(), server2: random.next(), server3: random.next() };
    return { sequence, nonceHi: random.next(), nonceLo: MADE_UP, ...cookies };
  }

  #nowSeconds(): number {
    return Math.floor(this.#world.now / SECOND) >>> 0;
  }
}

/** The first octets of a view, in memory of whole words. */
function copyOf(view: DataView, length: number): DataView {
  const end = view.byteOffset + ((length + 3) & ~3);
  return new DataView(view.buffer.slice(view.byteOffset, end), 0, length);
}
