import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";

/** Stands before a UDP server on loopback: datagrams go through it, unless it is told to lose those of some clients. */
export class Relay {
  readonly #front: Socket;
  readonly #serverPort: number;
  /** By port of the client: what its datagrams go to the server from. */
  readonly #backs = new Map<number, Socket>();
  /** Whether datagrams from a client's port, and to it, are lost. */
  loses: (clientPort: number) => boolean = () => false;

  private constructor(front: Socket, serverPort: number) {
    this.#front = front;
    this.#serverPort = serverPort;
    front.on("message", (bytes, { port }) => {
      if (!this.loses(port)) this.#backFor(port).send(bytes, serverPort, "127.0.0.1");
    });
  }

  static async open(port: number, serverPort: number): Promise<Relay> {
    const front = createSocket("udp4").bind(port, "127.0.0.1");
    await once(front, "listening");
    return new Relay(front, serverPort);
  }

  async close(): Promise<void> {
    await Promise.all([this.#front, ...this.#backs.values()].map((socket) => new Promise<void>((done) => void socket.close(done))));
  }

  get clientPorts(): readonly number[] {
    return [...this.#backs.keys()];
  }

  #backFor(clientPort: number): Socket {
    const known = this.#backs.get(clientPort);
    if (known !== undefined) return known;
    const back = createSocket("udp4");
    back.on("message", (bytes, { port }) => {
      if (port === this.#serverPort && !this.loses(clientPort)) this.#front.send(bytes, clientPort, "127.0.0.1");
    });
    this.#backs.set(clientPort, back);
    return back;
  }
}
