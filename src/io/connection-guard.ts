import type { Server, Socket } from "node:net";

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Milliseconds within which a client must have sent a whole query: the first, and then the next (RFC 7766 section 6.2.3). */
  readonly queryDeadlineMs: number;
  /** Octets of answers that may wait for a client to read them. */
  readonly mostUnreadOctets: number;
}

/** Ends the connections of a TCP server whose clients neither ask nor read, and all of them when it closes. */
export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #deadlines = new Map<Socket, NodeJS.Timeout>();

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.maxConnections = limits.maxConnections;
    server.on("connection", (socket) => {
      this.#watch(socket);
    });
  }

  /** A whole query has come: from now the next one is waited for. False when the connection has been ended already. */
  noteQuery(socket: Socket): boolean {
    this.#deadlines.get(socket)?.refresh();
    return !socket.destroyed;
  }

  /** An answer has been handed over. */
  noteAnswer(socket: Socket): void {
    if (socket.writableLength > this.#limits.mostUnreadOctets) socket.destroy();
  }

  endAll(): void {
    for (const socket of this.#deadlines.keys()) socket.destroy();
  }

  /** Not by the socket's own timeout: a client that sends an octet now and then would never reach that. */
  #watch(socket: Socket): void {
    this.#deadlines.set(socket, setTimeout(() => socket.destroy(), this.#limits.queryDeadlineMs));
    socket.once("close", () => {
      clearTimeout(this.#deadlines.get(socket));
      this.#deadlines.delete(socket);
    });
  }
}
