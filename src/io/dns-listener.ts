import { type RemoteInfo, type Socket as UdpSocket, createSocket } from "node:dgram";
import { type AddressInfo, type Server, type Socket, createServer, isIPv6 } from "node:net";
import { FrameReader, framed } from "../dns/message/index.ts";
import { ConnectionGuard, type ConnectionLimits } from "./connection-guard.ts";
import { started } from "./started.ts";

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
    const { purpose } = this.#options;
    const host = isIPv6(address) ? `[${address}]` : address;
    const tcp = this.#tcpServer();
    await started(tcp, `${purpose} on ${host}:${port}/tcp`, () => tcp.listen(port, address));
    this.#tcp = tcp;
    const bound = (tcp.address() as AddressInfo).port;
    const udp = this.#udpSocket(address);
    this.#udp = udp;
    try {
      await started(udp, `${purpose} on ${host}:${bound}/udp`, () => udp.bind(bound, address));
    } catch (error) {
      await this.close();
      throw error;
    }
    return bound;
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
