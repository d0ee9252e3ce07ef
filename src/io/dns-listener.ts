import { type RemoteInfo, type Socket as UdpSocket, createSocket } from "node:dgram";
import { type Server, type Socket, createServer, isIPv6 } from "node:net";
import { FrameReader, framed } from "../dns/message/index.ts";
import { ConnectionGuard, type ConnectionLimits } from "./connection-guard.ts";
import { listenOnOnePort } from "./one-port.ts";

export interface DnsListenerOptions extends ConnectionLimits {
  /** What cannot be done where a socket cannot be bound: "serve DNS". */
  readonly purpose: string;
  /** Gives the answer to a message; undefined where there is to be none, which ends a connection. */
  readonly onMessage: (message: Uint8Array, sender: DnsSender) => Uint8Array | undefined;
}

/** Who has sent a message. */
export interface DnsSender {
  /** As the socket gives it: link-local ones with their interface, IPv4 in IPv6 where one socket has both. */
  readonly address: string;
  readonly isUdp: boolean;
}

/** Receives DNS messages on UDP and TCP of one port, and sends the answers. */
export class DnsListener {
  readonly #options: DnsListenerOptions;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #guard: ConnectionGuard | undefined;

  constructor(options: DnsListenerOptions) {
    this.#options = options;
  }

  /** Listens on UDP and TCP of one port (0: a free one) and gives that port. Throws ListenError. */
  async listen(address: string, port: number): Promise<number> {
    const tcp = this.#tcpServer();
    const udp = await listenOnOnePort(tcp, () => this.#udpSocket(address), { purpose: this.#options.purpose, address, port });
    this.#tcp = tcp;
    this.#udp = udp;
    return udp.address().port;
  }

  /** Stops listening; it may listen again afterwards. */
  async close(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    this.#guard?.endAll();
    await Promise.all([udp && new Promise<void>((done) => udp.close(done)), tcp && new Promise<unknown>((done) => tcp.close(done))]);
  }

  #udpSocket(address: string): UdpSocket {
    const udp = createSocket(isIPv6(address) ? "udp6" : "udp4");
    udp.on("message", (message, source: RemoteInfo) => {
      // To port 0 nothing can be sent: node:dgram would throw.
      const answer = source.port === 0 ? undefined : this.#options.onMessage(message, { address: source.address, isUdp: true });
      if (answer !== undefined) udp.send(answer, source.port, source.address, () => undefined);
    });
    return udp;
  }

  #tcpServer(): Server {
    const tcp = createServer((socket) => {
      const frames = new FrameReader();
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        frames.push(chunk);
        for (let message = frames.next(); message !== undefined && guard.noteQuery(socket); message = frames.next()) this.#answer(socket, message);
      });
    });
    const guard = new ConnectionGuard(tcp, this.#options);
    this.#guard = guard;
    return tcp;
  }

  #answer(socket: Socket, message: Uint8Array): void {
    const { remoteAddress } = socket;
    const answer = remoteAddress === undefined ? undefined : this.#options.onMessage(message, { address: remoteAddress, isUdp: false });
    if (answer === undefined) socket.destroy();
    else socket.write(framed(answer));
    this.#guard?.noteAnswer(socket);
  }
}
