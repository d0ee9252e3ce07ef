import { once } from "node:events";
import { type Socket, createConnection } from "node:net";
import type { TLSSocket } from "node:tls";
import { formatIp } from "../address/index.ts";
import { FrameReader, framed } from "../dns/message/index.ts";
import type { TsigKey } from "../dns/tsig/index.ts";
import { type DnsEndpoint, ExchangeError } from "./dns-exchange.ts";
import { nodeTls } from "./late-modules.ts";
import { type TlsTrust, checkPeer, tlsOptions, tlsProblem } from "./tls-trust.ts";

/** A name server that zones are fetched from. */
export interface Primary extends DnsEndpoint {
  /** Signs the queries, and must have signed the answers. */
  readonly key?: TsigKey;
  /** Over TLS (RFC 9103) in place of TCP. */
  readonly tls?: TlsTrust;
}

/** Milliseconds. */
export interface ConnectionDeadlines {
  /** Until the connection stands, the TLS handshake with it. */
  readonly connectMs: number;
  /** Without a single octet. */
  readonly idleMs: number;
}

/** Hands over the DNS messages of one TCP or TLS connection. What goes wrong with it is an ExchangeError. */
export class PrimaryConnection {
  readonly #socket: Socket;

  private constructor(socket: Socket, idleMs: number) {
    this.#socket = socket;
    this.waitFor(idleMs);
    socket.on("timeout", () => socket.destroy(new ExchangeError(`it has sent nothing for ${socket.timeout} ms`)));
  }

  /** `signal` ends it at any time. */
  static async open(primary: Primary, { connectMs, idleMs }: ConnectionDeadlines, signal: AbortSignal): Promise<PrimaryConnection> {
    const socket = connect(primary);
    const end = (): void => {
      socket.destroy(new ExchangeError((signal.reason as Error).message, { cause: signal.reason }));
    };
    socket.once("close", () => { signal.removeEventListener("abort", end); });
    // Errors are told to who waits for octets; between two waits they must not end the process.
    socket.on("error", () => undefined);
    const late = setTimeout(() => socket.destroy(new ExchangeError(`no connection within ${connectMs} ms: check address, port, and that it runs`)), connectMs);
    try {
      if (signal.aborted) end();
      else signal.addEventListener("abort", end);
      await once(socket, primary.tls === undefined ? "connect" : "secureConnect");
      if (primary.tls !== undefined) checkPeer(socket as TLSSocket, primary.tls);
    } catch (error) {
      socket.destroy();
      throw explained(error as Error);
    } finally {
      clearTimeout(late);
    }
    return new PrimaryConnection(socket, idleMs);
  }

  /** From now on, for how many milliseconds the server may be silent. */
  waitFor(idleMs: number): void {
    this.#socket.setTimeout(idleMs);
  }

  send(message: Uint8Array): void {
    this.#socket.write(framed(message));
  }

  /** What the server sends, until it ends the connection; who stops reading ends it too. */
  async *messages(): AsyncGenerator<Uint8Array, void, void> {
    const frames = new FrameReader();
    try {
      for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
        frames.push(chunk);
        for (let message = frames.next(); message !== undefined; message = frames.next()) yield message;
      }
    } catch (error) {
      throw explained(error as Error);
    }
  }
}

function connect({ address, port, tls }: Primary): Socket {
  const place = { host: formatIp(address), port };
  return tls === undefined ? createConnection(place) : nodeTls().connect({ ...place, ...tlsOptions(tls) });
}

function explained(error: NodeJS.ErrnoException): ExchangeError {
  return error instanceof ExchangeError ? error : new ExchangeError(tlsProblem(error), { cause: error });
}
