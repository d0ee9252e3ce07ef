import { type IpAddress, parseIp } from "../src/address/index.ts";
import { type Native, loadNative } from "../src/io/batch/native.ts";
import type { SendBatch } from "../src/io/batch/send-batch.ts";
import { UdpSocket } from "../src/io/batch/udp-socket.ts";
import { nextU32 } from "../src/io/random.ts";
import { ACK_OCTETS, Acknowledgement, MAP_REQUEST_OCTETS, MapRequest, MessageType, ReplyFlag, ResultCode, decodeHeader, encodeAcknowledgement, encodeMapRequest } from "../src/wire/index.ts";

export const LOOPBACK = parseIp("127.0.0.1");
/** Datagrams that leave, or messages that come, with one system call. */
export const BATCH = 64;
/** In which all queriers have got their cookies. */
export const COOKIES_MS = 50;

/** Where things are in a Map Request, and in the Map Reply (docs/protocol.md sections 4 and 5). */
const TYPE = 1;
const FLAGS = 2;
const SEQUENCE = 4;
const NONCE_HI = 8;
const NONCE_LO = 12;
const SERVER_COOKIE = 24;
const COOKIE_WORDS = 4;
/** Of a Map Request; a Map Reply has its result there. */
const FAMILY = 40;
const RESULT = 40;
const KEY = 64;

/** More requests than one querier ever has in flight. */
const REMEMBERED = 1 << 13;

/** System calls for whole batches; throws where there are none. */
export function requireNative(): Native {
  const native = loadNative();
  if (typeof native === "string") throw new Error(`no system calls for batches: ${native}`);
  return native;
}

/** One querier of a load: a socket with a cookie of its own, and the request that it changes a few octets of each time. */
export class LoadQuerier {
  readonly socket: UdpSocket;
  readonly #request = new DataView(new ArrayBuffer(MAP_REQUEST_OCTETS));
  readonly #octets = new Uint8Array(this.#request.buffer);
  readonly #ack = new Acknowledgement();
  readonly #ackView = new DataView(new ArrayBuffer(ACK_OCTETS));
  readonly #ackOctets = new Uint8Array(this.#ackView.buffer);
  /** The last sequence number answered of those that share a place. */
  readonly #answered = new Uint32Array(REMEMBERED);
  #sequence = 0;

  constructor(native: Native, address: IpAddress = LOOPBACK) {
    this.socket = new UdpSocket(native, address, 0, { withDestination: false });
    const message = new MapRequest();
    message.family = 4;
    message.header.clientCookieHi = nextU32();
    message.header.clientCookieLo = nextU32();
    encodeMapRequest(this.#request, message);
  }

  /** Whether a datagram answers a request that none has answered before: replies may come again until they are acknowledged. */
  isFirst(answer: DataView): boolean {
    const sequence = answer.getUint32(SEQUENCE);
    const at = sequence % REMEMBERED;
    if (this.#answered[at] === sequence) return false;
    this.#answered[at] = sequence;
    return true;
  }

  /** Takes the server's cookie from an answer that has one. */
  learn(reply: DataView): void {
    if (reply.getUint32(SERVER_COOKIE) === 0) return;
    for (let word = 0; word < COOKIE_WORDS; word++) this.#request.setUint32(SERVER_COOKIE + 4 * word, reply.getUint32(SERVER_COOKIE + 4 * word));
  }

  /** Adds the acknowledgement of a Map Reply to what leaves next. */
  acknowledge(send: SendBatch, port: number, reply: DataView): void {
    decodeHeader(reply, reply.byteLength, this.#ack.header);
    const length = encodeAcknowledgement(this.#ackView, MessageType.mapReplyAck, this.#ack);
    send.add(this.#ackOctets, length, 4, LOOPBACK.words[0], 0, 0, 0, port);
  }

  /** Adds a null request to what leaves next: its answer brings a cookie. */
  introduce(send: SendBatch, port: number): void {
    this.#request.setUint8(FAMILY, 0);
    this.ask(send, port, 0, 0, 0);
    this.#request.setUint8(FAMILY, 4);
  }

  /** Adds a request for a key to those that leave next; the two words of the nonce come back with its answer. */
  ask(send: SendBatch, port: number, key: number, upper: number, lower: number): void {
    const request = this.#request;
    request.setUint32(SEQUENCE, ++this.#sequence);
    request.setUint32(NONCE_HI, upper);
    request.setUint32(NONCE_LO, lower);
    request.setUint32(KEY, key);
    send.add(this.#octets, MAP_REQUEST_OCTETS, 4, LOOPBACK.words[0], 0, 0, 0, port);
  }
}

/** Whether it is an answer: a Map Reply, or a Map Request that an echo has sent back. */
export function isAnswer(datagram: DataView): boolean {
  return isReply(datagram) || isRequest(datagram);
}

export function isRequest(datagram: DataView): boolean {
  return datagram.getUint8(TYPE) === MessageType.mapRequest;
}

/** The key that a Map Request of IPv4 asks for. */
export function requestedKey(request: DataView): number {
  return request.getUint32(KEY);
}

export function isReply(datagram: DataView): boolean {
  return datagram.getUint8(TYPE) === MessageType.mapReply;
}

/** Whether a Map Reply is sent again until it is acknowledged. */
export function wantsAcknowledgement(reply: DataView): boolean {
  return (reply.getUint16(FLAGS) & ReplyFlag.ackWanted) !== 0;
}

/** Whether a Map Reply has a mapping. */
export function hasMapping(reply: DataView): boolean {
  return reply.getUint8(RESULT) === ResultCode.mapping;
}

/** Whether a Map Reply says that the server will not answer this one now. */
export function isOverloaded(reply: DataView): boolean {
  return reply.getUint8(RESULT) === ResultCode.overloaded;
}

/** Whether a Map Reply promises updates of what it says. */
export function isPromised(reply: DataView): boolean {
  return (reply.getUint16(FLAGS) & ReplyFlag.noPromise) === 0;
}

export function nonceHi(reply: DataView): number {
  return reply.getUint32(NONCE_HI);
}

export function nonceLo(reply: DataView): number {
  return reply.getUint32(NONCE_LO);
}
