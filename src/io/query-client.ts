import type { Socket } from "node:dgram";
import { type IpAddress, formatEndpoint } from "../address/index.ts";
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
import { connectUdp } from "./connected-socket.ts";
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
  /** Without what to do. */
  readonly problem: string;

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem}${remedy}`, options);
    this.problem = problem;
  }
}

const ATTEMPTS = 3;
const REQUEST_OCTETS = MAP_REPLY_OCTETS + TRACE_OCTETS;

/** One request that was sent; its reply counts however late it comes, while the question is open. */
interface Attempt {
  readonly sequence: number;
  readonly nonceHi: number;
  readonly nonceLo: number;
  readonly sentAt: number;
}

/** The question that is open, and how it goes on. */
interface Question {
  readonly attempts: readonly Attempt[];
  readonly done: (result: QueryResult) => void;
  readonly fail: (error: Error) => void;
  /** The server is at work: ask again after this time only. */
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
  #question: Question | undefined;

  private constructor(socket: Socket, server: string, timeoutMs: number) {
    this.#socket = socket;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    socket.on("message", (bytes) => {
      this.#receive(bytes);
    });
    socket.on("error", (error) => this.#question?.fail(error));
  }

  /** Opens a socket to a server and gets its cookie. `timeoutMs` is for each question, retries included. Throws QueryError. */
  static async connect(server: { address: IpAddress; port: number }, timeoutMs: number): Promise<QueryClient> {
    const name = formatEndpoint(server.address, server.port);
    const socket = await connectUdp(server).catch((error: Error) => {
      throw cannotAsk(name, error);
    });
    const client = new QueryClient(socket, name, timeoutMs);
    try {
      await client.ask(null);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Asks for an address, or for nothing but a reply (null). Throws QueryError. */
  ask(address: IpAddress | null): Promise<QueryResult> {
    const deadline = performance.now() + this.#timeoutMs;
    const attempts: Attempt[] = [];
    let timer: NodeJS.Timeout | undefined;
    const after = (milliseconds: number, act: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(act, Math.max(1, Math.min(milliseconds, deadline - performance.now())));
    };
    return new Promise<QueryResult>((done, fail) => {
      const giveUp = (): void => {
        fail(new QueryError(`no answer from ${this.#server} within ${this.#timeoutMs} ms`, `: does a QSR or QSA listen there? ("drtm up" starts one)`));
      };
      const send = (): void => {
        attempts.push(this.#send(address));
        if (attempts.length === ATTEMPTS) after(Infinity, giveUp);
        else after((this.#timeoutMs * attempts.length) / ATTEMPTS / 2, send);
      };
      this.#question = {
        attempts,
        done,
        fail: (error) => {
          fail(cannotAsk(this.#server, error));
        },
        wait: (milliseconds) => {
          if (attempts.length < ATTEMPTS) after(milliseconds, performance.now() + milliseconds < deadline ? send : giveUp);
        },
      };
      send();
    }).finally(() => {
      clearTimeout(timer);
      this.#question = undefined;
    });
  }

  close(): void {
    this.#socket.close();
  }

  /** One request with a nonce of its own. */
  #send(address: IpAddress | null): Attempt {
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
    const attempt = { sequence: header.sequence, nonceHi: header.nonceHi, nonceLo: header.nonceLo, sentAt: now() };
    this.#socket.send(bytes);
    return attempt;
  }

  #receive(bytes: Buffer): void {
    const receivedAt = now();
    const question = this.#question;
    const header = new MapReply().header;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (question === undefined || decodeHeader(view, bytes.length, header) !== Fault.none) return;
    const { sequence, nonceHi, nonceLo } = header;
    const attempt = question.attempts.find((sent) => sent.sequence === sequence && sent.nonceHi === nonceHi && sent.nonceLo === nonceLo);
    if (attempt === undefined) return;
    try {
      const datagram = decodeDatagram(bytes);
      if (datagram.type === MessageType.mapRequestAck) question.wait(datagram.message.value);
      if (datagram.type !== MessageType.mapReply) return;
      if (header.hasServerCookie) this.#serverCookie.set([header.server0, header.server1, header.server2, header.server3]);
      question.done({ reply: datagram.message, trace: datagram.extensions.trace, elapsedMs: (receivedAt - attempt.sentAt) / 1000 });
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

function cannotAsk(server: string, error: Error): QueryError {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === "ECONNREFUSED" ? ' ("drtm up" starts a QSR)' : "";
  return new QueryError(`${server} cannot be asked: ${explain(code, message)}`, remedy, { cause: error });
}

function explain(code: string | undefined, message: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "this machine has no route there";
    case "EINVAL":
      return "this machine cannot send there (a link-local address needs an interface, which cannot be named: use another address of that server)";
    default:
      return message;
  }
}
