import { type Socket, createSocket } from "node:dgram";
import { LRUCache } from "lru-cache";
import { type IpAddress, formatEndpoint, formatIp, formatWords, parseIp } from "../address/index.ts";
import { type Engine, Transmit } from "../core/engine.ts";
import { NO_PEER } from "../core/link/peer-table.ts";
import { now } from "./clock.ts";
import { ListenError, listenProblem } from "./listen-error.ts";

/** Where a socket is bound. Port 0 takes a free one, which nobody can guess. */
export interface Binding {
  readonly address: IpAddress;
  readonly port: number;
  readonly sharing?: Sharing | undefined;
}

/**
 * How several sockets of this process have one port (SO_REUSEPORT): the first finds out that nobody else has it, the others are bound when
 * it is. The kernel gives each source to one of them, always the same.
 */
export type Sharing = "first" | "further";

/** Puts one datagram on the wire. */
export type Send = (socket: Socket, bytes: Uint8Array, port: number, address: string) => void;

export interface DriverOptions {
  /** In place of the usual one, to imitate a distance. */
  readonly send?: Send | undefined;
  /** Whether it takes nothing until `begin` is called. */
  readonly waits?: boolean | undefined;
  /** Called whenever the engine has been given something to do, when it is done: something may have happened in it. */
  readonly afterWork?: (() => void) | undefined;
}

const RECEIVE_BUFFER_OCTETS = 4 << 20;
const KNOWN_ADDRESSES = 65_536;
/** setTimeout takes at most 2^31 - 1 ms. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Runs an engine on UDP sockets, one for each link, with node:dgram. */
export class UdpDriver {
  readonly counters = { received: 0, sent: 0, sendErrors: 0, portZero: 0, oddSources: 0, peerTableFull: 0 };
  readonly #engine: Engine;
  readonly #sockets: readonly Socket[];
  readonly #send: Send;
  readonly #afterWork: (() => void) | undefined;
  readonly #out = new Transmit();
  readonly #addresses = new LRUCache<string, IpAddress>({ max: KNOWN_ADDRESSES });
  readonly #texts: string[] = [];
  readonly #textGenerations: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #closed = false;

  private constructor(engine: Engine, sockets: readonly Socket[], { send, afterWork }: DriverOptions) {
    this.#engine = engine;
    this.#sockets = sockets;
    this.#send = send ?? this.#sendNow;
    this.#afterWork = afterWork;
    for (const socket of sockets) socket.on("error", () => this.counters.sendErrors++);
  }

  /** Binds a socket for each link, in order. Throws ListenError. */
  static async open(engine: Engine, bindings: readonly Binding[], options: DriverOptions = {}): Promise<UdpDriver> {
    const sockets: Socket[] = [];
    try {
      for (const binding of bindings) sockets.push(await bindShared(binding));
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
    const driver = new UdpDriver(engine, sockets, options);
    if (options.waits !== true) driver.begin();
    return driver;
  }

  begin(): void {
    for (const [link, socket] of this.#sockets.entries()) {
      socket.on("message", (bytes, source) => {
        this.#receive(link, bytes, source.address, source.port);
      });
    }
    this.wake();
  }

  /** Address and port of a link, as bound. */
  endpoint(link: number): string {
    const { address, port } = this.#sockets[link]!.address();
    return formatEndpoint(parseIp(address), port);
  }

  /** Sends what the engine has ready and plans its next timeout; call it after speaking to the engine directly. */
  wake(): void {
    if (this.#closed) return;
    const time = now();
    if (this.#engine.pollTimeout() <= time) this.#engine.handleTimeout(time);
    this.#flush(time);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#sockets.map(closed));
  }

  #receive(link: number, bytes: Buffer, address: string, port: number): void {
    this.counters.received++;
    // No answer can be sent to port 0; node:dgram throws when asked to.
    if (port === 0) {
      this.counters.portZero++;
      return;
    }
    const source = this.#parse(address);
    if (source === undefined) return;
    const { family, words } = source;
    const peer = this.#engine.peers.intern(link, family, words[0], words[1], words[2], words[3], port);
    if (peer === NO_PEER) {
      this.counters.peerTableFull++;
      return;
    }
    const time = now();
    if (this.#engine.pollTimeout() <= time) this.#engine.handleTimeout(time);
    this.#engine.handleDatagram(time, peer, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length);
    this.#flush(time);
  }

  #parse(text: string): IpAddress | undefined {
    const known = this.#addresses.get(text);
    if (known !== undefined) return known;
    try {
      const address = parseIp(text);
      this.#addresses.set(text, address);
      return address;
    } catch {
      // A link-local source with its zone: nobody the engine could answer.
      this.counters.oddSources++;
      return undefined;
    }
  }

  #flush(time: number): void {
    const out = this.#out;
    while (this.#engine.pollTransmit(out)) {
      const { peers } = this.#engine;
      // The engine's slot is used again before the kernel may have taken the datagram.
      const bytes = Buffer.allocUnsafe(out.length);
      bytes.set(out.bytes.subarray(0, out.length));
      this.counters.sent++;
      this.#send(this.#sockets[peers.link(out.peer)]!, bytes, peers.port(out.peer), this.#text(out.peer));
    }
    this.#arm(time);
    this.#afterWork?.();
  }

  /** The peer's address as text, kept until the peer's number has a new owner. */
  #text(peer: number): string {
    const { peers } = this.#engine;
    const generation = peers.generation[peer]!;
    if (this.#textGenerations[peer] !== generation) {
      this.#texts[peer] = formatWords(peers.family(peer), ...peers.words(peer));
      this.#textGenerations[peer] = generation;
    }
    return this.#texts[peer]!;
  }

  readonly #sendNow: Send = (socket, bytes, port, address) => {
    socket.send(bytes, port, address, this.#sent);
  };

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.counters.sendErrors++;
  };

  #arm(time: number): void {
    const next = this.#engine.pollTimeout();
    if (next >= this.#timerAt && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = next;
    if (next === Infinity) return;
    const sleepMs = Math.min(LONGEST_SLEEP_MS, Math.max(0, Math.ceil((next - time) / 1000)));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.wake();
    }, sleepMs);
  }
}

/** Whether a socket can be bound so: an address family may be missing on this machine. */
export async function canBind(binding: Binding): Promise<boolean> {
  try {
    const socket = await bind(binding);
    await closed(socket);
    return true;
  } catch {
    return false;
  }
}

/** With node:dgram a port can only be shared from the start: whether another process has it is found out by having it alone before. */
async function bindShared(binding: Binding): Promise<Socket> {
  if (binding.sharing === "first") await closed(await bind({ ...binding, sharing: undefined }));
  return bind(binding);
}

function closed(socket: Socket): Promise<void> {
  return new Promise((done) => void socket.close(done));
}

function bind({ address, port, sharing }: Binding): Promise<Socket> {
  const { family } = address;
  // dgram looks up every destination; ours are addresses already.
  const lookup = (host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void => {
    done(null, host, family);
  };
  const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ipv6Only: family === 6, reusePort: sharing !== undefined, lookup, recvBufferSize: RECEIVE_BUFFER_OCTETS });
  return new Promise((done, fail) => {
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      fail(new ListenError(`cannot listen on ${formatEndpoint(address, port)}/udp: ${listenProblem(error)}`, { cause: error }));
    });
    socket.bind({ address: formatIp(address), port }, () => {
      socket.removeAllListeners("error");
      done(socket);
    });
  });
}
