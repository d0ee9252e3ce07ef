import { createConnection } from "node:net";
import { type IpAddress, formatIp } from "../address/index.ts";
import { FrameReader, MessageError, type Reply, type SentQuery, framed, readReply } from "../dns/message/index.ts";
import { RdataError } from "../dns/records/index.ts";
import { connectUdp } from "./connected-socket.ts";

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

/** Asks one server over UDP. Throws ExchangeError after `timeoutMs`, when the server cannot be reached, or its reply is broken. */
export function exchangeUdp(query: SentQuery, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal): Promise<Reply> {
  return exchangeDatagrams(query.bytes, server, timeoutMs, counters, signal, (bytes) => readable(bytes, query));
}

/**
 * Sends one query from a socket of its own on a port chosen by the kernel. Whatever `read` takes for no reply to it is ignored
 * and waited past. Throws ExchangeError after `timeoutMs`, when the server cannot be reached, and with what `read` throws.
 */
export async function exchangeDatagrams<T>(query: Uint8Array, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal, read: (bytes: Buffer) => T | undefined): Promise<T> {
  const socket = await connectUdp(server).catch((error: Error) => {
    throw new ExchangeError(error.message, { cause: error });
  });
  let endListening: (() => void) | undefined;
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
    endListening = onAbort(signal, () => {
      settle(new Error("stopped"));
    });
    socket.on("message", (bytes) => {
      try {
        const reply = read(bytes);
        if (reply !== undefined) {
          clearTimeout(timer);
          done(reply);
          return;
        }
      } catch (error) {
        settle(error as Error);
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
    endListening?.();
    socket.close();
  });
}

/** Asks one server over TCP (RFC 7766). Throws ExchangeError when the whole reply has not come within `timeoutMs`, or is broken. */
export function exchangeTcp(query: SentQuery, server: DnsEndpoint, timeoutMs: number, counters: ExchangeCounters, signal: AbortSignal): Promise<Reply> {
  let endListening: (() => void) | undefined;
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
    endListening = onAbort(signal, () => {
      settle("stopped");
    });
    socket.on("close", () => {
      settle("connection closed before the answer");
    });
    socket.on("connect", () => {
      counters.tcpSent++;
      socket.write(framed(query.bytes));
    });
    socket.on("data", (chunk) => {
      frames.push(chunk);
      const message = frames.next();
      if (message === undefined) return;
      try {
        const reply = readable(message, query);
        clearTimeout(timer);
        if (reply === undefined) settle("the answer over TCP is none to this question");
        else done(reply);
      } catch (error) {
        settle((error as Error).message);
      }
    });
  }).finally(() => {
    endListening?.();
    socket.destroy();
  });
}

/** Throws ExchangeError for a reply to this query that is broken. */
function readable(bytes: Uint8Array, query: SentQuery): Reply | undefined {
  try {
    return readReply(bytes, query);
  } catch (error) {
    if (!(error instanceof MessageError || error instanceof RdataError)) throw error;
    throw new ExchangeError(`its answer is malformed: ${error.message}`, { cause: error });
  }
}

/** Listens for an abort; gives what ends that. A signal of its own for the end would cost more than the datagram. */
function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act);
  return () => { signal.removeEventListener("abort", act); };
}
