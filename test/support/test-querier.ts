import { parseIp } from "../../src/address/index.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  type CacheUpdate,
  type Header,
  type MapReply,
  MapRequest,
  MessageType,
  ReplyFlag,
  decodeDatagram,
  encodeAcknowledgement,
  encodeMapRequest,
} from "../../src/wire/index.ts";
import type { Datagram, Station, VirtualNetwork } from "./virtual-network.ts";

export interface Received {
  readonly at: number;
  readonly reply: MapReply;
  readonly octets: number;
}

/** An ITR reduced to its messages: asks, remembers what came back, acknowledges Cache Updates. */
export class TestQuerier implements Station {
  readonly replies: Received[] = [];
  readonly acks: { at: number; waitMs: number }[] = [];
  readonly updates: { at: number; update: CacheUpdate }[] = [];
  acknowledgesUpdates = true;
  acknowledgesReplies = true;
  readonly #network: VirtualNetwork;
  readonly #endpoint: string;
  readonly #server: string;
  readonly #cookie = new Uint32Array(4);
  #sequence = 0;

  /** `neighbour`: another one at the same address, whose server cookie is good for this one too. */
  constructor(network: VirtualNetwork, endpoint: string, server: string, neighbour?: TestQuerier) {
    if (neighbour !== undefined) this.#cookie.set(neighbour.#cookie);
    this.#network = network;
    this.#endpoint = endpoint;
    this.#server = server;
    network.attach(endpoint, this);
  }

  /** Gets a server cookie by a null Map Request. */
  introduce(): void {
    this.ask(null);
    this.#network.runUntil(() => this.#cookie[0] !== 0, 1_000_000);
    this.replies.length = 0;
  }

  ask(address: string | null, change: (request: MapRequest) => void = () => undefined): void {
    const request = new MapRequest();
    const { header } = request;
    header.sequence = ++this.#sequence;
    header.nonceHi = 0x0ddba11;
    header.nonceLo = this.#sequence;
    header.clientCookieHi = 0xc11e47;
    header.clientCookieLo = 1;
    [header.server0, header.server1, header.server2, header.server3] = [...this.#cookie] as [number, number, number, number];
    if (address !== null) {
      const { family, words } = parseIp(address);
      request.family = family;
      request.keyHi = words[0];
      request.keyLo = family === 6 ? words[1] : 0;
    }
    change(request);
    const bytes = new Uint8Array(2048);
    this.#send(bytes.subarray(0, encodeMapRequest(new DataView(bytes.buffer), request)));
  }

  /** Asks and lets time pass until the reply is there. */
  answer(address: string | null, within = 5_000_000): Received {
    const before = this.replies.length;
    this.ask(address);
    this.#network.runUntil(() => this.replies.length > before, within);
    return this.replies.at(-1)!;
  }

  receive(now: number, { bytes }: Datagram): void {
    const decoded = decodeDatagram(bytes);
    if (decoded.type === MessageType.mapReply) {
      const { header } = decoded.message;
      if (header.hasServerCookie) this.#cookie.set([header.server0, header.server1, header.server2, header.server3]);
      this.replies.push({ at: now, reply: decoded.message, octets: bytes.length });
      if ((header.flags & ReplyFlag.ackWanted) !== 0 && this.acknowledgesReplies) this.#acknowledge(MessageType.mapReplyAck, header, 0);
    } else if (decoded.type === MessageType.mapRequestAck) {
      this.acks.push({ at: now, waitMs: decoded.message.value });
    } else if (decoded.type === MessageType.cacheUpdate) {
      this.updates.push({ at: now, update: decoded.message });
      if (this.acknowledgesUpdates) this.#acknowledge(MessageType.cacheUpdateAck, decoded.message.header, decoded.message.body.counter);
    }
  }

  wakeAt(): number {
    return Infinity;
  }

  wake(): void {
    throw new Error("a test querier has no timers");
  }

  #acknowledge(type: AcknowledgementType, header: Header, value: number): void {
    const ack = new Acknowledgement();
    Object.assign(ack.header, header, { flags: 0 });
    ack.value = value;
    const bytes = new Uint8Array(64);
    this.#send(bytes.subarray(0, encodeAcknowledgement(new DataView(bytes.buffer), type, ack)));
  }

  #send(bytes: Uint8Array): void {
    this.#network.send({ from: this.#endpoint, to: this.#server, bytes });
  }
}
