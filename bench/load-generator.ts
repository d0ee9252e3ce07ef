/**
 * Loads a server: so many queriers, each a socket that keeps so many requests in flight, for addresses of micronets drawn evenly.
 * System calls are for whole batches, so that it is not the slower one.
 */
import { parseIp } from "../src/address/index.ts";
import { loadNative } from "../src/io/batch/native.ts";
import { ReceiveBatch } from "../src/io/batch/receive-batch.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { UdpSocket } from "../src/io/batch/udp-socket.ts";
import { Waiter } from "../src/io/batch/waiter.ts";
import { nextU32 } from "../src/io/random.ts";
import { MAP_REQUEST_OCTETS, MAX_DATAGRAM_OCTETS, MapRequest, MessageType, ResultCode, encodeMapRequest } from "../src/wire/index.ts";
import { keyOf } from "./answer-keys.ts";
import { serveParent } from "./child.ts";

export interface Load {
  readonly port: number;
  readonly micronets: number;
  /** For how long; undefined: until each micronet was asked for once. */
  readonly milliseconds: number | undefined;
}

export interface LoadResult {
  readonly answers: number;
  /** Of them, those with a mapping and a promise of updates. */
  readonly promised: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

const QUERIERS = 64;
const WINDOW = 16;
const BATCH = 64;
/** In which all queriers have got their cookies. */
const COOKIES_MS = 50;
/** Requests that have had no answer for so long are lost: others take their places. */
const LOST_AFTER = 100_000;
const LOOPBACK = parseIp("127.0.0.1");
/** Where things are in a Map Request, and in the Map Reply (docs/protocol.md sections 4 and 5). */
const TYPE = 1;
const FLAGS = 2;
const SEQUENCE = 4;
const NONCE = 8;
const SERVER_COOKIE = 24;
const COOKIE_WORDS = 4;
const RESULT = 40;
const KEY = 64;

const loaded = loadNative();
if (typeof loaded === "string") throw new Error(`no system calls for batches: ${loaded}`);
const native = loaded;

class Querier {
  readonly socket = new UdpSocket(native, LOOPBACK, 0, { withDestination: false });
  readonly #request = new DataView(new ArrayBuffer(MAP_REQUEST_OCTETS));
  readonly #octets = new Uint8Array(this.#request.buffer);
  #sequence = 0;

  constructor() {
    const message = new MapRequest();
    message.family = 4;
    message.header.clientCookieHi = nextU32();
    message.header.clientCookieLo = nextU32();
    encodeMapRequest(this.#request, message);
  }

  /** Takes the server's cookie from an answer that has one. */
  learn(reply: DataView): void {
    if (reply.getUint32(SERVER_COOKIE) === 0) return;
    for (let word = 0; word < COOKIE_WORDS; word++) this.#request.setUint32(SERVER_COOKIE + 4 * word, reply.getUint32(SERVER_COOKIE + 4 * word));
  }

  /** Adds a request for a key. */
  ask(send: SendBatch, port: number, key: number): void {
    const request = this.#request;
    request.setUint32(SEQUENCE, ++this.#sequence);
    request.setUint32(NONCE, this.#sequence);
    request.setUint32(KEY, key);
    send.add(this.#octets, MAP_REQUEST_OCTETS, 4, LOOPBACK.words[0], 0, 0, 0, port);
  }
}

class Generator {
  readonly #queriers = Array.from({ length: QUERIERS }, () => new Querier());
  readonly #waiter = new Waiter(native, this.#queriers.map(({ socket }) => socket.descriptor));
  readonly #receive = new ReceiveBatch(native, BATCH, MAX_DATAGRAM_OCTETS);
  readonly #send = new SendBatch(native, BATCH, MAP_REQUEST_OCTETS, { sent: 0, sendErrors: 0 }, false);
  readonly #load: Load;
  #asked = 0;
  #answers = 0;
  #promised = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  run(): LoadResult {
    const { milliseconds } = this.#load;
    for (const querier of this.#queriers) this.#ask(querier, 1);
    this.#turnUntil(performance.now() + COOKIES_MS);
    this.#asked = 0;
    this.#answers = 0;
    this.#promised = 0;
    const before = process.cpuUsage();
    const started = performance.now();
    for (const querier of this.#queriers) this.#ask(querier, WINDOW);
    this.#turnUntil(milliseconds === undefined ? Infinity : started + milliseconds);
    const { user, system } = process.cpuUsage(before);
    const result = { answers: this.#answers, promised: this.#promised, seconds: (performance.now() - started) / 1000, cpuMicroseconds: user + system };
    for (const { socket } of this.#queriers) socket.close();
    this.#waiter.close();
    return result;
  }

  #turnUntil(end: number): void {
    while (performance.now() < end && !this.#isDone) {
      if (this.#waiter.wait(LOST_AFTER) === 0) for (const querier of this.#queriers) this.#ask(querier, WINDOW);
      for (const [index, querier] of this.#queriers.entries()) if (this.#waiter.isReady(index)) this.#take(querier);
    }
  }

  get #isDone(): boolean {
    return this.#load.milliseconds === undefined && this.#answers >= this.#load.micronets;
  }

  #take(querier: Querier): void {
    const received = this.#receive.receive(querier.socket.descriptor);
    this.#answers += received;
    for (let datagram = 0; datagram < received; datagram++) {
      const reply = this.#receive.data(datagram);
      if (reply.getUint8(TYPE) !== MessageType.mapReply) continue;
      querier.learn(reply);
      if (reply.getUint16(FLAGS) === 0 && reply.getUint8(RESULT) === ResultCode.mapping) this.#promised++;
    }
    this.#ask(querier, received);
  }

  #ask(querier: Querier, requests: number): void {
    const { port, micronets, milliseconds } = this.#load;
    for (let request = 0; request < requests; request++) {
      if (this.#send.isFull) this.#send.flush(querier.socket.descriptor);
      const micronet = milliseconds === undefined ? this.#asked++ % micronets : Math.floor(Math.random() * micronets);
      querier.ask(this.#send, port, keyOf(micronet, micronets));
    }
    this.#send.flush(querier.socket.descriptor);
  }
}

serveParent({}, (load: Load) => new Generator(load).run());
