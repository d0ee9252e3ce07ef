import { type Family, type IpAddress, formatEndpoint } from "../../address/index.ts";
import { nodeUtil } from "../late-modules.ts";
import { ListenError, listenProblem } from "../listen-error.ts";
import type { Sharing } from "../udp-driver.ts";
import type { Native } from "./native.ts";
import { packetInfoOption } from "./packet-info.ts";
import { SOL_UDP, UDP_GRO } from "./segments.ts";
import { SOCKET_ADDRESS_OCTETS, familyNumber, readPort, readWord, socketAddressLength, writeSocketAddress } from "./socket-address.ts";

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
const SO_REUSEPORT = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** What the kernel keeps for us while we are at work. */
const BUFFER_OCTETS = 4 << 20;

export interface UdpSocketOptions {
  /** Whether to learn to which of this machine's addresses each datagram was sent: of use where all of them are bound. */
  readonly withDestination: boolean;
  readonly sharing?: Sharing | undefined;
}

/** A bound UDP socket that never blocks, as a file descriptor. */
export class UdpSocket {
  readonly descriptor: number;
  readonly family: Family;
  readonly address: IpAddress;
  readonly port: number;
  readonly #native: Native;

  /** Throws ListenError. */
  constructor(native: Native, address: IpAddress, port: number, options: UdpSocketOptions) {
    this.#native = native;
    this.family = address.family;
    this.descriptor = native.socket(familyNumber(address.family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.descriptor < 0) throw listenError(address, port, native.errno());
    try {
      if (this.family === 6) this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      this.#set(SOL_SOCKET, SO_RCVBUF, BUFFER_OCTETS);
      this.#set(SOL_SOCKET, SO_SNDBUF, BUFFER_OCTETS);
      // A kernel before 5.0 does not know it, and gives each datagram by itself.
      this.#set(SOL_UDP, UDP_GRO, 1);
      const { level, option } = packetInfoOption(this.family);
      if (options.withDestination) this.#set(level, option, 1);
      if (options.sharing === "further") this.#set(SOL_SOCKET, SO_REUSEPORT, 1);
      const bound = this.#bind(address, port);
      // Only now: the kernel has refused a port that anybody else has, shared or not.
      if (options.sharing === "first") this.#set(SOL_SOCKET, SO_REUSEPORT, 1);
      this.address = bound.address;
      this.port = bound.port;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#native.close(this.descriptor);
  }

  #set(level: number, option: number, value: number): void {
    const memory = new ArrayBuffer(4);
    new DataView(memory).setInt32(0, value, true);
    this.#native.setsockopt(this.descriptor, level, option, this.#native.addressOf(memory), 4);
  }

  /** Gives what was bound. Throws ListenError. */
  #bind(address: IpAddress, port: number): { readonly address: IpAddress; readonly port: number } {
    const native = this.#native;
    const memory = new ArrayBuffer(SOCKET_ADDRESS_OCTETS + 4);
    const view = new DataView(memory);
    const at = native.addressOf(memory);
    writeSocketAddress(view, 0, address, port);
    view.setUint32(SOCKET_ADDRESS_OCTETS, SOCKET_ADDRESS_OCTETS, true);
    const hasFailed =
      native.bind(this.descriptor, at, socketAddressLength(address.family)) < 0 || native.getsockname(this.descriptor, at, at + SOCKET_ADDRESS_OCTETS) < 0;
    if (hasFailed) throw listenError(address, port, native.errno());
    const word = (index: 0 | 1 | 2 | 3): number => readWord(view, 0, address.family, index);
    return { address: { family: address.family, words: [word(0), word(1), word(2), word(3)] }, port: readPort(view, 0) };
  }
}

function listenError(address: IpAddress, port: number, errno: number): ListenError {
  const { getSystemErrorMessage, getSystemErrorName } = nodeUtil();
  const cause: NodeJS.ErrnoException = Object.assign(new Error(getSystemErrorMessage(-errno)), { code: getSystemErrorName(-errno) });
  return new ListenError(`cannot listen on ${formatEndpoint(address, port)}/udp: ${listenProblem(cause)}`, { cause });
}
