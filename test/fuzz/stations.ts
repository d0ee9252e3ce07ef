import { parseIp } from "../../src/address/index.ts";
import { type Engine, Transmit } from "../../src/core/engine.ts";
import { NO_PEER } from "../../src/core/link/peer-table.ts";
import type { NextU32 } from "../../src/core/next-u32.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  CacheUpdate,
  Fault,
  Header,
  MapReply,
  MapRequest,
  MessageType,
  ReplyFlag,
  RequestFlag,
  appendPadding,
  decodeCacheUpdate,
  decodeHeader,
  decodeMapReply,
  encodeAcknowledgement,
  encodeMapRequest,
} from "../../src/wire/index.ts";
import type { Endpoint, FuzzNetwork, Station } from "./network.ts";

/** A source as the engines see it: family, four words, port. */
export interface Source {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
  readonly port: number;
}

/** Told of every datagram that an engine sends. */
export type Outlet = (engine: Engine, peer: number, length: number) => void;

/** Runs an engine on the network as io/udp-driver.ts does on sockets. */
export class EngineStation<E extends Engine = Engine> implements Station {
  readonly engine: E;
  readonly endpoints: readonly Endpoint[];
  readonly delay: number;
  /** Datagrams of new sources for which the peer table had no room. */
  peerTableFull = 0;
  /** Datagrams that the engine has sent. */
  sent = 0;
  outlet: Outlet | undefined;
  readonly #network: FuzzNetwork;
  readonly #out = new Transmit();

  constructor(network: FuzzNetwork, engine: E, endpoints: readonly Endpoint[], delay: number) {
    this.#network = network;
    this.engine = engine;
    this.endpoints = endpoints;
    this.delay = delay;
    network.attach(this);
  }

  receive(now: number, link: number, { word, port }: Endpoint, view: DataView, length: number): void {
    this.#handle(now, this.engine.peers.intern(link, 4, word, 0, 0, 0, port), view, length);
  }

  /** Takes a datagram from anywhere. */
  inject(now: number, link: number, { family, words, port }: Source, view: DataView, length: number): void {
    this.#handle(now, this.engine.peers.intern(link, family, words[0], words[1], words[2], words[3], port), view, length);
  }

  wakeAt(): number {
    return this.engine.pollTimeout();
  }

  wake(now: number): void {
    this.engine.handleTimeout(now);
    this.flush();
  }

  /** Sends what the engine has ready. */
  flush(): void {
    const { engine } = this;
    const { peers } = engine;
    const out = this.#out;
    while (engine.pollTransmit(out)) {
      this.sent++;
      this.outlet?.(engine, out.peer, out.length);
      if (peers.family(out.peer) !== 4) continue;
      this.#network.send(this, this.endpoints[peers.link(out.peer)]!, peers.word(out.peer, 0), peers.port(out.peer), out.bytes, out.length);
    }
  }

  #handle(now: number, peer: number, view: DataView, length: number): void {
    if (this.engine.pollTimeout() <= now) this.engine.handleTimeout(now);
    if (peer === NO_PEER) this.peerTableFull++;
    else this.engine.handleDatagram(now, peer, view, length);
    this.flush();
  }
}

/** A querier reduced to its messages: asks, takes cookies, acknowledges (or, to be difficult, does not). */
export class LightQuerier implements Station {
  readonly endpoints: readonly Endpoint[];
  readonly delay = 25;
  readonly reply = new MapReply();
  /** Sequence number of the last reply, which is in `reply`. */
  answered = -1;
  readonly #network: FuzzNetwork;
  readonly #server: Endpoint;
  readonly #acknowledges: boolean;
  readonly #random: NextU32;
  readonly #header = new Header();
  readonly #update = new CacheUpdate();
  readonly #ack = new Acknowledgement();
  readonly #request = new MapRequest();
  readonly #view = new DataView(new ArrayBuffer(512));
  readonly #bytes = new Uint8Array(this.#view.buffer);
  readonly #cookie = new Uint32Array(4);
  #received = 0;
  #sequence = 0;

  constructor(network: FuzzNetwork, endpoint: Endpoint, server: Endpoint, acknowledges: boolean, random: NextU32) {
    this.#network = network;
    this.endpoints = [endpoint];
    this.#server = server;
    this.#acknowledges = acknowledges;
    this.#random = random;
    network.attach(this);
  }

  /** Asks for an address (null: a null request), with `flags`; gives the request's sequence number. */
  ask(address: string | null, flags = 0): number {
    const request = this.#request;
    const { header } = request;
    const { family, words } = address === null ? { family: 0, words: [0, 0] as const } : parseIp(address);
    this.#fillHeader(header, flags);
    request.family = family;
    request.keyHi = words[0];
    request.keyLo = family === 6 ? words[1] : 0;
    request.received = this.#received;
    request.floorLineage = (flags & RequestFlag.floor) === 0 ? 0 : 1;
    request.floorLo = (flags & RequestFlag.floor) === 0 ? 0 : this.#random() % 16;
    const length = encodeMapRequest(this.#view, request);
    this.#send((flags & RequestFlag.trace) === 0 ? length : appendPadding(this.#view, length, 160));
    return header.sequence;
  }

  receive(_now: number, _link: number, _from: Endpoint, view: DataView, length: number): void {
    if (decodeHeader(view, length, this.#header) !== Fault.none) return;
    if (this.#header.type === MessageType.mapReply) this.#takeReply(view, length);
    else if (this.#header.type === MessageType.cacheUpdate) this.#takeUpdate(view, length);
  }

  wakeAt(): number {
    return Infinity;
  }

  wake(): void {}

  #takeReply(view: DataView, length: number): void {
    const { reply } = this;
    if (decodeMapReply(view, length, reply) !== Fault.none) return;
    const { header } = reply;
    if (header.hasServerCookie) this.#cookie.set([header.server0, header.server1, header.server2, header.server3]);
    this.answered = header.sequence;
    this.#received = reply.body.counter;
    if ((header.flags & ReplyFlag.ackWanted) !== 0 && this.#acknowledges) this.#acknowledge(MessageType.mapReplyAck, header, 0);
  }

  #takeUpdate(view: DataView, length: number): void {
    const update = this.#update;
    if (decodeCacheUpdate(view, length, update) !== Fault.none) return;
    this.#received = update.body.counter;
    if (this.#acknowledges) this.#acknowledge(MessageType.cacheUpdateAck, update.header, update.body.counter);
  }

  #acknowledge(type: AcknowledgementType, header: Header, value: number): void {
    Object.assign(this.#ack.header, header, { flags: 0 });
    this.#ack.value = value;
    this.#send(encodeAcknowledgement(this.#view, type, this.#ack));
  }

  #fillHeader(header: Header, flags: number): void {
    header.flags = flags;
    header.sequence = ++this.#sequence;
    header.nonceHi = this.#random();
    header.nonceLo = this.#random();
    header.clientCookieHi = 0xc11e47;
    header.clientCookieLo = this.endpoints[0]!.port;
    header.server0 = this.#cookie[0]!;
    header.server1 = this.#cookie[1]!;
    header.server2 = this.#cookie[2]!;
    header.server3 = this.#cookie[3]!;
  }

  #send(length: number): void {
    this.#network.send(this, this.endpoints[0]!, this.#server.word, this.#server.port, this.#bytes, length);
  }
}
