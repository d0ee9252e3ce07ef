import { type Socket, createSocket } from "node:dgram";
import { type IpAddress, formatEndpoint, formatIp } from "../address/index.ts";
import {
  Fault,
  MAP_REPLY_OCTETS,
  MapReply,
  MapRequest,
  MessageType,
  RequestFlag,
  ResultCode,
  TRACE_OCTETS,
  type Trace,
  appendPadding,
  decodeDatagram,
  decodeHeader,
  encodeMapRequest,
} from "../wire/index.ts";
import { now } from "./clock.ts";
import { nextU32 } from "./random.ts";

export interface QueryResult {
  readonly reply: MapReply;
  readonly trace: Trace | undefined;
  /** Milliseconds from send to reply. */
  readonly elapsedMs: number;
}

/** No answer. The message names the server, and what to do. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code = "DRTM_QUERY";
}

const ATTEMPTS = 3;
const REQUEST_OCTETS = MAP_REPLY_OCTETS + TRACE_OCTETS;

interface Waiting {
  readonly sequence: number;
  readonly nonceHi: number;
  readonly nonceLo: number;
  readonly sentAt: number;
  readonly done: (result: QueryResult) => void;
  readonly wait: (milliseconds: number) => void;
}

/** Asks one server, one question at a time, with a cookie and without wanting updates: what `drtm query` needs. */
export class QueryClient {
  readonly #socket: Socket;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #clientCookie = [nextU32(), nextU32()] as const;
  readonly #serverCookie = new Uint32Array(4);
  #sequence = 0;
  #waiting: Waiting | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, server: string, timeoutMs: number) {
    this.#socket = socket;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    socket.on("message", (bytes) => {
      this.#receive(bytes);
    });
    socket.on("error", (error) => this.#fail?.(error));
  }

  /** Opens a socket to a server and gets its cookie. `timeoutMs` is for each question, retries included. Throws QueryError. */
  static async connect(server: { address: IpAddress; port: number }, timeoutMs: number): Promise<QueryClient> {
    const socket = createSocket({ type: server.address.family === 4 ? "udp4" : "udp6" });
    await new Promise<void>((done, fail) => {
      socket.once("error", fail);
      socket.connect(server.port, formatIp(server.address), () => {
        socket.off("error", fail);
        done();
      });
    });
    const client = new QueryClient(socket, formatEndpoint(server.address, server.port), timeoutMs);
    try {
      await client.ask(null);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Asks for an address, or for nothing but a reply (null). Throws QueryError. */
  async ask(address: IpAddress | null): Promise<QueryResult> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const left = deadline - performance.now();
      const result = await this.#attempt(address, attempt === ATTEMPTS ? left : Math.min(left, (this.#timeoutMs * attempt) / ATTEMPTS / 2), deadline);
      if (result !== undefined) return result;
    }
    throw new QueryError(`no answer from ${this.#server} within ${this.#timeoutMs} ms: does a QSR or QSA listen there? ("drtm up" starts one)`);
  }

  close(): void {
    this.#socket.close();
  }

  /** One request with a nonce of its own; undefined when its time is up. A server that says it is at work gets more. */
  #attempt(address: IpAddress | null, milliseconds: number, deadline: number): Promise<QueryResult | undefined> {
    let timer: NodeJS.Timeout | undefined;
    return new Promise<QueryResult | undefined>((done, fail) => {
      const wait = (time: number): void => {
        clearTimeout(timer);
        timer = setTimeout(done, Math.max(1, Math.min(time, deadline - performance.now())), undefined);
      };
      this.#fail = (error) => {
        fail(new QueryError(`${this.#server} cannot be asked: ${explain(error)}`, { cause: error }));
      };
      wait(milliseconds);
      this.#send(address, done, wait);
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting = undefined;
      this.#fail = undefined;
    });
  }

  #send(address: IpAddress | null, done: Waiting["done"], wait: Waiting["wait"]): void {
    const request = new MapRequest();
    const { header } = request;
    header.flags = RequestFlag.oneShot | RequestFlag.trace;
    header.sequence = ++this.#sequence;
    header.nonceHi = nextU32();
    header.nonceLo = nextU32();
    [header.clientCookieHi, header.clientCookieLo] = this.#clientCookie;
    [header.server0, header.server1, header.server2, header.server3] = [...this.#serverCookie] as [number, number, number, number];
    if (address !== null) {
      request.family = address.family;
      request.keyHi = address.words[0];
      request.keyLo = address.family === 6 ? address.words[1] : 0;
    }
    const bytes = new Uint8Array(REQUEST_OCTETS);
    const view = new DataView(bytes.buffer);
    appendPadding(view, encodeMapRequest(view, request), REQUEST_OCTETS);
    this.#waiting = { sequence: header.sequence, nonceHi: header.nonceHi, nonceLo: header.nonceLo, sentAt: now(), done, wait };
    this.#socket.send(bytes);
  }

  #receive(bytes: Buffer): void {
    const receivedAt = now();
    const waiting = this.#waiting;
    const header = new MapReply().header;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (waiting === undefined || decodeHeader(view, bytes.length, header) !== Fault.none) return;
    if (header.sequence !== waiting.sequence || header.nonceHi !== waiting.nonceHi || header.nonceLo !== waiting.nonceLo) return;
    try {
      const datagram = decodeDatagram(bytes);
      if (datagram.type === MessageType.mapRequestAck) waiting.wait(datagram.message.value);
      if (datagram.type !== MessageType.mapReply) return;
      if (header.hasServerCookie) this.#serverCookie.set([header.server0, header.server1, header.server2, header.server3]);
      waiting.done({ reply: datagram.message, trace: datagram.extensions.trace, elapsedMs: (receivedAt - waiting.sentAt) / 1000 });
    } catch {
      // Broken, though it has our nonce: the wait goes on, and another try follows.
    }
  }
}

/** The name of a result code, as people read it. */
export function resultText(result: number): string {
  switch (result) {
    case ResultCode.notAuthoritative:
      return "the server is not authoritative for this address";
    case ResultCode.notAuthoritativeNow:
      return "the server's mapping is not up to date";
    case ResultCode.noAnswer:
      return "no QSA answered";
    case ResultCode.noQsa:
      return "no QSA is known for this address";
    case ResultCode.overloaded:
      return "the server has too much to do, or you ask too often";
    case ResultCode.refused:
      return "the server does not answer your address";
    case ResultCode.unsupportedVersion:
      return "the server speaks another version of the protocol";
    default:
      return `the server refused the request (${result})`;
  }
}

function explain(error: Error): string {
  return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? 'nothing listens there ("drtm up" starts a QSR)' : error.message;
}
