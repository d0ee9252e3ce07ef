import { createConnection } from "node:net";
import { type IpAddress, formatIp } from "../address/index.ts";
import { FrameReader, framed } from "../dns/message/index.ts";
import { connectUdp } from "./connected-socket.ts";
import { type Question, type Reply, readReply } from "./dns-message.ts";

export interface DnsEndpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** What went wrong in one exchange with one server. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
}

export interface ExchangeCounters {
  udpSent: number;
  tcpSent: number;
  /** Datagrams that were no reply to the question: forged, late or broken. */
  ignored: number;
}

const MOST_IGNORED = 100;

/** Asks one server over UDP. Throws ExchangeError after `timeoutMs`, or when the server cannot be reached. */
export function exchangeUdp(question: Question, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal): Promise<Reply> {
  return exchangeDatagrams(question.bytes, server, timeoutMs, counters, signal, (bytes) => readReply(bytes, question));
}

/**
 * Sends one query from a socket of its own on a port chosen by the kernel. Whatever `read` takes for no reply to it is ignored
 * and waited past. Throws ExchangeError after `timeoutMs`, or when the server cannot be reached.
 */
export async function exchangeDatagrams<T>(query: Uint8Array, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal, read: (bytes: Buffer) => T | undefined): Promise<T> {
  const socket = await connectUdp(server).catch((error: Error) => {
    throw new ExchangeError(error.message, { cause: error });
  });
  const over = new AbortController();
  return new Promise<T>((done, fail) => {
    let ignored = 0;
    const timer = setTimeout(() => {
      fail(new ExchangeError("no answer"));
    }, timeoutMs);
    const settle = (error: Error): void => {
      clearTimeout(timer);
      fail(new ExchangeError(error.message, { cause: error }));
    };
    socket.on("error", settle);
    onAbort(signal, over, () => {
      settle(new Error("stopped"));
    });
    socket.on("message", (bytes) => {
      const reply = read(bytes);
      if (reply !== undefined) {
        clearTimeout(timer);
        done(reply);
        return;
      }
      counters.ignored++;
      if (++ignored > MOST_IGNORED) settle(new Error("too many wrong answers"));
    });
    counters.udpSent++;
    socket.send(query, (error) => {
      if (error !== null) settle(error);
    });
  }).finally(() => {
    over.abort();
    socket.close();
  });
}

/** Asks one server over TCP (RFC 7766). Throws ExchangeError when the whole reply has not come within `timeoutMs`. */
export function exchangeTcp(question: Question, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal): Promise<Reply> {
  const over = new AbortController();
  const socket = createConnection({ port: server.port, host: formatIp(server.address), family: server.address.family });
  return new Promise<Reply>((done, fail) => {
    const frames = new FrameReader();
    const timer = setTimeout(() => {
      fail(new ExchangeError("no complete answer over TCP"));
    }, timeoutMs);
    const settle = (problem: string): void => {
      clearTimeout(timer);
      fail(new ExchangeError(problem));
    };
    socket.on("error", (error) => {
      settle(error.message);
    });
    onAbort(signal, over, () => {
      settle("stopped");
    });
    socket.on("close", () => {
      settle("connection closed before the answer");
    });
    socket.on("connect", () => {
      counters.tcpSent++;
      socket.write(framed(question.bytes));
    });
    socket.on("data", (chunk) => {
      frames.push(chunk);
      const message = frames.next();
      if (message === undefined) return;
      const reply = readReply(Buffer.from(message.buffer, message.byteOffset, message.length), question);
      if (reply === undefined) {
        settle("the answer over TCP is none to this question");
      } else {
        clearTimeout(timer);
        done(reply);
      }
    });
  }).finally(() => {
    over.abort();
    socket.destroy();
  });
}

/** Listens for an abort until the exchange is over. */
function onAbort(signal: AbortSignal, over: AbortController, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { signal: over.signal });
}
