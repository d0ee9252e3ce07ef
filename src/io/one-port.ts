import type { Socket as UdpSocket } from "node:dgram";
import { type AddressInfo, type Server, isIPv6 } from "node:net";
import { ListenError } from "./listen-error.ts";
import { started } from "./started.ts";

/** Where to listen, and what cannot be done otherwise: "serve DNS". */
export interface OnePort {
  readonly purpose: string;
  readonly address: string;
  /** 0: one that is free for UDP and TCP. */
  readonly port: number;
}

/** The kernel chooses a port for TCP without looking at UDP: another program may have it there, but not each time. */
const MOST_CHOICES = 20;

/** Lets a server listen on TCP, and a socket that it opens on UDP of the same port; gives that socket. Throws ListenError, with neither open. */
export async function listenOnOnePort(tcp: Server, openUdp: () => UdpSocket, { purpose, address, port }: OnePort): Promise<UdpSocket> {
  const host = isIPv6(address) ? `[${address}]` : address;
  for (let choices = 1; ; choices++) {
    await started(tcp, `${purpose} on ${host}:${port}/tcp`, () => tcp.listen(port, address));
    const bound = (tcp.address() as AddressInfo).port;
    const udp = openUdp();
    try {
      await started(udp, `${purpose} on ${host}:${bound}/udp`, () => udp.bind(bound, address));
      return udp;
    } catch (error) {
      await Promise.all([new Promise<void>((done) => udp.close(done)), new Promise((done) => tcp.close(done))]);
      if (port !== 0 || choices === MOST_CHOICES || !isTaken(error)) throw error;
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof ListenError && (error.cause as NodeJS.ErrnoException).code === "EADDRINUSE";
}
