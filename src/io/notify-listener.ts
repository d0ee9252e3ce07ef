import { type RemoteInfo, type Socket as UdpSocket, createSocket } from "node:dgram";
import { type Server, type Socket, createServer, isIPv6 } from "node:net";
import { type IpAddress, parseIp, sameIp, unmapped } from "../address/index.ts";
import { FrameReader, MessageError, framed } from "../dns/message/index.ts";
import { type Notice, type NotifyZone, hearNotify } from "../dns/transfer/index.ts";
import { ConnectionGuard } from "./connection-guard.ts";
import { NoticeGate } from "./notice-gate.ts";
import { listenOnOnePort } from "./one-port.ts";
import { unixSeconds } from "./signed-query.ts";
import { TokenBucket } from "./token-bucket.ts";
import { tsigCrypto } from "./tsig-crypto.ts";

export interface HeardNotice extends Notice {
  /** Who has sent it: the primary to ask first, since others may not have the change yet (RFC 1996 section 3.12). */
  readonly source: IpAddress;
}

export interface NotifyListenerOptions {
  readonly zones: readonly NotifyZone[];
  /**
   * Told that a zone may have changed; for each zone not more often than every `quietMs`, and by notices that are doubtful every
   * 10 s, but always after the last notice.
   */
  readonly onNotice: (notice: HeardNotice) => void;
  /** Told why a message counts for nothing. */
  readonly onProblem?: (source: IpAddress, problem: string) => void;
  readonly quietMs?: number;
}

/** Messages a second, and at once: of primaries, and of all others, who cannot drown them. */
const PRIMARIES = { burst: 200, perSecond: 100 } as const;
const OTHERS = { burst: 20, perSecond: 10 } as const;
const CONNECTIONS = { maxConnections: 32, queryDeadlineMs: 10_000, mostUnreadOctets: 65_536 } as const;
/** Connections of those that are no primaries: of all of them, so that primaries find a place, and of one address. */
const STRANGERS = { most: 16, mostOfOne: 2 } as const;
/** A NOTIFY has at most two names, an SOA and a TSIG record. */
const MOST_OCTETS = 4_096;
const QUIET_MS = 200;
/** Who forges an address makes us ask the primaries no more often than this. */
const DOUBTFUL_QUIET_MS = 10_000;

/** Hears NOTIFY (RFC 1996) on UDP and TCP, and answers it. */
export class NotifyListener {
  readonly counters = { heard: 0, accepted: 0, refused: 0, dropped: 0 };
  readonly #options: NotifyListenerOptions;
  readonly #gate: NoticeGate<HeardNotice>;
  readonly #doubtfulGate: NoticeGate<HeardNotice>;
  readonly #strangers = new Set<Socket>();
  readonly #primaries = new TokenBucket(PRIMARIES.burst, PRIMARIES.perSecond, performance.now());
  readonly #others = new TokenBucket(OTHERS.burst, OTHERS.perSecond, performance.now());
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #guard: ConnectionGuard | undefined;

  constructor(options: NotifyListenerOptions) {
    this.#options = options;
    this.#gate = new NoticeGate(options.quietMs ?? QUIET_MS, options.onNotice);
    this.#doubtfulGate = new NoticeGate(DOUBTFUL_QUIET_MS, options.onNotice);
  }

  /** Listens on UDP and TCP of one port (0: a free one) and gives that port. Throws ListenError. */
  async listen(address: string, port: number): Promise<number> {
    const tcp = this.#tcpServer();
    const udp = await listenOnOnePort(tcp, () => this.#udpSocket(address), { purpose: "hear NOTIFY", address, port });
    this.#tcp = tcp;
    this.#udp = udp;
    return udp.address().port;
  }

  async close(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    this.#gate.close();
    this.#doubtfulGate.close();
    this.#guard?.endAll();
    await Promise.all([udp && new Promise<void>((done) => udp.close(done)), tcp && new Promise<unknown>((done) => tcp.close(done))]);
  }

  #udpSocket(address: string): UdpSocket {
    const udp = createSocket(isIPv6(address) ? "udp6" : "udp4");
    udp.on("message", (message, source: RemoteInfo) => {
      // To port 0 nothing can be sent: node:dgram would throw.
      const answer = source.port === 0 ? undefined : this.#hear(message, source.address);
      if (answer !== undefined) udp.send(answer, source.port, source.address, () => undefined);
    });
    return udp;
  }

  #tcpServer(): Server {
    const tcp = createServer((socket) => { this.#serve(socket, guard); });
    const guard = new ConnectionGuard(tcp, CONNECTIONS);
    this.#guard = guard;
    return tcp;
  }

  #serve(socket: Socket, guard: ConnectionGuard): void {
    socket.on("error", () => undefined);
    if (!this.#admits(socket)) {
      socket.destroy();
      return;
    }
    const frames = new FrameReader(MOST_OCTETS);
    socket.on("data", (chunk) => {
      frames.push(chunk);
      try {
        for (let message = frames.next(); message !== undefined && guard.noteQuery(socket); message = frames.next()) this.#answer(socket, message);
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        this.counters.dropped++;
        socket.destroy();
      }
    });
  }

  #admits(socket: Socket): boolean {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return false;
    if (this.#isPrimary(readAddress(remoteAddress))) return true;
    const ofOne = [...this.#strangers].filter((other) => other.remoteAddress === remoteAddress);
    if (this.#strangers.size >= STRANGERS.most || ofOne.length >= STRANGERS.mostOfOne) return false;
    this.#strangers.add(socket);
    socket.once("close", () => this.#strangers.delete(socket));
    return true;
  }

  #answer(socket: Socket, message: Uint8Array): void {
    const answer = this.#hear(message, socket.remoteAddress);
    if (answer === undefined) socket.destroy();
    else socket.write(framed(answer));
    this.#guard?.noteAnswer(socket);
  }

  /** Gives the answer; undefined where there is to be none. */
  #hear(message: Uint8Array, address: string | undefined): Uint8Array | undefined {
    const source = address === undefined ? undefined : readAddress(address);
    if (source === undefined || !this.#allows(source)) {
      this.counters.dropped++;
      return undefined;
    }
    this.counters.heard++;
    const { answer, notice, problem } = hearNotify(message, source, this.#options.zones, tsigCrypto, unixSeconds());
    if (notice === undefined) this.#refuse(source, problem ?? "");
    else this.#accept({ ...notice, source });
    return answer;
  }

  #accept(notice: HeardNotice): void {
    this.counters.accepted++;
    (notice.isDoubtful ? this.#doubtfulGate : this.#gate).pass(notice.apex, notice);
  }

  #refuse(source: IpAddress, problem: string): void {
    this.counters.refused++;
    this.#options.onProblem?.(source, problem);
  }

  #allows(source: IpAddress): boolean {
    return (this.#isPrimary(source) ? this.#primaries : this.#others).take(performance.now());
  }

  #isPrimary(source: IpAddress): boolean {
    return this.#options.zones.some(({ sources }) => sources.some((known) => sameIp(known, source)));
  }
}

/** As a socket gives it: link-local ones with their interface, IPv4 in IPv6 where one socket has both. */
function readAddress(text: string): IpAddress {
  return unmapped(parseIp(text.replace(/%.*$/, "")));
}
