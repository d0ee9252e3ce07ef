/** Many queriers in one process, each with a socket and cookie of its own: `fan-out-queriers.ts COUNT PORT` (of the server). */
import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import {
  Acknowledgement,
  CacheUpdate,
  Fault,
  Header,
  MapReply,
  MapRequest,
  MessageType,
  ReplyFlag,
  ResultCode,
  UpdateAction,
  decodeCacheUpdate,
  decodeHeader,
  decodeMapReply,
  encodeAcknowledgement,
  encodeMapRequest,
} from "../src/wire/index.ts";
import { serveParent } from "./child.ts";
import { monotonicMs } from "./monotonic.ts";

/** 192.0.2.7 */
const KEY = 0xc0000207;
const REPEAT_MS = 250;
/** Whoever is silent for longer than 15 s is forgotten. */
const KEEP_ALIVE_MS = 3_000;
const BATCH = 100;

class Querier {
  /** Whether it holds the mapping, with the promise of updates. */
  isReady = false;
  etr = 0;
  /** When the mapping that it holds came. */
  heardAt = 0;
  /** Copies of an update that it had already. */
  copies = 0;
  flushes = 0;
  readonly #socket: Socket;
  readonly #header = new Header();
  readonly #request = new MapRequest();
  readonly #reply = new MapReply();
  readonly #update = new CacheUpdate();
  readonly #ack = new Acknowledgement();
  #lastNumber = -1;

  private constructor(socket: Socket, id: number) {
    this.#socket = socket;
    const { header } = this.#request;
    header.clientCookieHi = 0x0c11e47;
    header.clientCookieLo = id;
    header.nonceHi = id;
    socket.on("message", (bytes) => {
      this.#receive(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length);
    });
  }

  static async open(port: number, id: number): Promise<Querier> {
    const socket = createSocket("udp4");
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Querier(socket, id);
  }

  /** Asks: first for a cookie, then for the mapping. */
  ask(): void {
    const request = this.#request;
    request.family = request.header.hasServerCookie ? 4 : 0;
    request.keyHi = request.family === 4 ? KEY : 0;
    this.#send();
  }

  keepAlive(): void {
    this.#request.family = 0;
    this.#request.keyHi = 0;
    this.#send();
  }

  #send(): void {
    const { header } = this.#request;
    header.sequence++;
    header.nonceLo = header.sequence;
    const bytes = Buffer.allocUnsafe(128);
    this.#socket.send(bytes.subarray(0, encodeMapRequest(new DataView(bytes.buffer, bytes.byteOffset, 128), this.#request)));
  }

  #receive(view: DataView, length: number): void {
    if (decodeHeader(view, length, this.#header) !== Fault.none) return;
    if (this.#header.type === MessageType.cacheUpdate) this.#takeUpdate(view, length);
    else if (this.#header.type === MessageType.mapReply) this.#takeReply(view, length);
  }

  #takeReply(view: DataView, length: number): void {
    const reply = this.#reply;
    if (decodeMapReply(view, length, reply) !== Fault.none) return;
    const { header } = reply;
    if (header.hasServerCookie) {
      const { server0, server1, server2, server3 } = header;
      Object.assign(this.#request.header, { server0, server1, server2, server3 });
    }
    if ((header.flags & ReplyFlag.ackWanted) !== 0) this.#acknowledge(MessageType.mapReplyAck, header, 0);
    if (reply.result === ResultCode.mapping && (header.flags & ReplyFlag.noPromise) === 0) {
      this.isReady = true;
      this.etr = reply.body.etr0;
    } else if (reply.result === ResultCode.nullReply && !this.isReady) {
      this.ask();
    }
  }

  #takeUpdate(view: DataView, length: number): void {
    const update = this.#update;
    if (decodeCacheUpdate(view, length, update) !== Fault.none) return;
    const { action, body } = update;
    if (body.counter === this.#lastNumber) this.copies++;
    else if (action === UpdateAction.update) this.#hear(body.etr0);
    else this.#forget();
    this.#lastNumber = body.counter;
    this.#acknowledge(MessageType.cacheUpdateAck, update.header, body.counter);
  }

  #hear(etr: number): void {
    this.etr = etr;
    this.heardAt = monotonicMs();
  }

  #forget(): void {
    this.flushes++;
    this.isReady = false;
    this.ask();
  }

  #acknowledge(type: typeof MessageType.mapReplyAck | typeof MessageType.cacheUpdateAck, { sequence, nonceHi, nonceLo, clientCookieHi, clientCookieLo }: Header, value: number): void {
    Object.assign(this.#ack.header, { sequence, nonceHi, nonceLo, clientCookieHi, clientCookieLo });
    this.#ack.value = value;
    const bytes = Buffer.allocUnsafe(64);
    this.#socket.send(bytes.subarray(0, encodeAcknowledgement(new DataView(bytes.buffer, bytes.byteOffset, 64), type, this.#ack)));
  }
}

type Message = "ready" | { readonly etr: number; readonly withinMs: number };

const [count, port] = process.argv.slice(2).map(Number) as [number, number];
const queriers: Querier[] = [];
for (let id = 1; id <= count; id++) queriers.push(await Querier.open(port, id));
setInterval(() => {
  for (const querier of queriers) if (querier.isReady) querier.keepAlive();
}, KEEP_ALIVE_MS);
serveParent({}, (message: Message) => (message === "ready" ? becomeReady() : collect(message)));

/** Has every querier hold the mapping; a few at a time, since a loopback socket loses what overflows it. */
async function becomeReady(): Promise<object> {
  for (let waiting = queriers; waiting.length > 0; waiting = queriers.filter(({ isReady }) => !isReady)) {
    for (let at = 0; at < waiting.length; at += BATCH) {
      for (const querier of waiting.slice(at, at + BATCH)) querier.ask();
      await sleep(20);
    }
    await sleep(REPEAT_MS);
  }
  return {};
}

/** When each querier heard of a new ETR; those that have not within `withinMs` are missing. */
async function collect({ etr, withinMs }: { etr: number; withinMs: number }): Promise<object> {
  const deadline = monotonicMs() + withinMs;
  // Looked at seldom, so that looking does not delay what is measured.
  while (monotonicMs() < deadline && queriers.some((querier) => querier.etr !== etr)) await sleep(100);
  const sum = (pick: (querier: Querier) => number): number => queriers.reduce((total, querier) => total + pick(querier), 0);
  return {
    heardAt: queriers.filter((querier) => querier.etr === etr).map(({ heardAt }) => heardAt),
    copies: sum(({ copies }) => copies),
    flushes: sum(({ flushes }) => flushes),
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
  });
}
