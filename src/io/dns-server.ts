import { type AddressInfo, type Socket, isIPv6 } from "node:net";
import DNS from "dns2";
import { Rcode, type Response, encodeResponse } from "../dns/authority/response.ts";
import { Zone } from "../dns/authority/zone.ts";
import { type ResourceRecord, encodeName, isSubdomain, normaliseName } from "../dns/records/index.ts";
import { ConnectionGuard, type ConnectionLimits } from "./connection-guard.ts";
import { started } from "./started.ts";

/** RFC 6891 section 6.2.5 and the DNS flag day of 2020: what passes nearly everywhere without fragments. */
const UDP_PAYLOAD = 1232;
const PLAIN_UDP_PAYLOAD = 512;
const TCP_PAYLOAD = 65_535;
const CLASS_IN = 1;
const OPT = 41;
const OPCODE_QUERY = 0;
/** IXFR, AXFR, MAILB, MAILA, ANY: what asks for more than one RRset. */
const FIRST_META_TYPE = 251;
const LAST_META_TYPE = 255;

export interface DnsServerOptions extends ConnectionLimits {
  /** Whether a source gets more octets over UDP than it has sent. Others could be victims whose address was forged. */
  readonly isNear: (address: string) => boolean;
}

const DEFAULTS: DnsServerOptions = { maxConnections: 256, queryDeadlineMs: 10_000, mostUnreadOctets: 262_144, isNear: isLoopback };

interface UdpClient {
  readonly address: string;
  readonly port: number;
  /** Octets of its query. */
  readonly size: number;
}

type Send = (message: Buffer) => Promise<unknown> | undefined;

/** A small authoritative DNS server for `drtm up`, tests and benchmarks, on dns2 (docs/adr/0004). */
export class DnsServer {
  readonly counters = { queries: 0, ignored: 0, malformed: 0 };
  readonly #zones = new Map<string, Zone>();
  #udp: InstanceType<typeof DNS.UDPServer> | undefined;
  #tcp: InstanceType<typeof DNS.TCPServer> | undefined;
  #guard: ConnectionGuard | undefined;
  readonly #options: DnsServerOptions;

  constructor(zones: readonly (readonly ResourceRecord[])[], options: Partial<DnsServerOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    for (const records of zones) this.replaceZone(records);
  }

  /** Serves these records from now on in place of what was served for their apex. Throws ZoneDataError. */
  replaceZone(records: readonly ResourceRecord[]): void {
    const zone = new Zone(records);
    this.#zones.set(zone.apex, zone);
  }

  /** Listens on UDP and TCP of one port (0: a free one) and gives that port. Throws ListenError. */
  async listen(address: string, port: number): Promise<number> {
    const tcp = this.#tcpServer();
    const udp = this.#udpServer(address);
    for (const server of [tcp, udp]) server.on("requestError", () => this.counters.malformed++);
    const host = isIPv6(address) ? `[${address}]` : address;
    await started(tcp, `serve DNS on ${host}:${port}/tcp`, () => tcp.listen(port, address));
    this.#tcp = tcp;
    const bound = (tcp.address() as AddressInfo).port;
    try {
      await started(udp, `serve DNS on ${host}:${bound}/udp`, () => void udp.listen(bound, address));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#udp = udp;
    return bound;
  }

  /** Stops listening; it may listen again afterwards. */
  async close(): Promise<void> {
    const servers = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    this.#guard?.endAll();
    await Promise.all(servers.map((server) => server && new Promise<void>((done) => void server.close(() => { done(); }))));
  }

  #tcpServer(): InstanceType<typeof DNS.TCPServer> {
    const tcp = DNS.createTCPServer((request, send, client) => {
      const socket = client as unknown as Socket;
      if (!guard.noteQuery(socket)) return;
      this.#answer(request, send as unknown as Send, TCP_PAYLOAD);
      guard.noteAnswer(socket);
    });
    const guard = new ConnectionGuard(tcp, this.#options);
    this.#guard = guard;
    return tcp;
  }

  #udpServer(address: string): InstanceType<typeof DNS.UDPServer> {
    const udp = DNS.createUDPServer({ type: isIPv6(address) ? "udp6" : "udp4" });
    udp.on("request", (request: DNS.Packet, send: unknown, client: UdpClient) => {
      // Port 0 cannot be answered; what is no question would start a loop of answers to answers.
      if (client.port === 0) this.counters.ignored++;
      else this.#answer(request, send as Send, this.#udpLimit(request, client));
    });
    return udp;
  }

  /** Octets that an answer over UDP may have. */
  #udpLimit(request: DNS.Packet, { address, size }: UdpClient): number {
    const opt = request.additionals.find((record) => record.type === OPT);
    const room = opt === undefined ? PLAIN_UDP_PAYLOAD : Math.min(UDP_PAYLOAD, Math.max(PLAIN_UDP_PAYLOAD, opt.class));
    return this.#options.isNear(address) ? room : Math.min(room, size);
  }

  #answer(request: DNS.Packet, send: Send, limit: number): void {
    const header = request.header as unknown as Record<"id" | "qr" | "opcode" | "rd", number>;
    if (header.qr === 1) {
      this.counters.ignored++;
      return;
    }
    this.counters.queries++;
    const bytes = Buffer.from(encodeResponse(this.#respond(request, header), limit));
    if (bytes.length > limit) this.counters.ignored++;
    else send(bytes)?.catch(() => this.counters.ignored++);
  }

  #respond(request: DNS.Packet, header: Record<"id" | "opcode" | "rd", number>): Response {
    const edns = request.additionals.some((record) => record.type === OPT) ? UDP_PAYLOAD : undefined;
    const base = { id: header.id, opcode: header.opcode, recursionDesired: header.rd === 1, authoritative: false, edns };
    const refuse = (rcode: number): Response => ({ ...base, rcode, answers: [], authority: [] });
    if (header.opcode !== OPCODE_QUERY) return refuse(Rcode.NOTIMP);
    const [question] = request.questions;
    if (question === undefined || request.questions.length !== 1) return refuse(Rcode.FORMERR);
    const asked = readQuestion(question);
    if (asked === undefined) return refuse(Rcode.FORMERR);
    const isMeta = asked.type >= FIRST_META_TYPE && asked.type <= LAST_META_TYPE;
    const zone = question.class === CLASS_IN && !isMeta ? this.#zoneOf(asked.name) : undefined;
    if (zone === undefined) return { ...refuse(Rcode.REFUSED), question: asked };
    const { exists, answers, authority } = zone.lookUp(asked.name, asked.type);
    const rcode = exists ? Rcode.NOERROR : Rcode.NXDOMAIN;
    return { ...base, authoritative: true, rcode, question: asked, answers, authority };
  }

  /** The zone with the longest apex around a name. */
  #zoneOf(name: string): Zone | undefined {
    let best: Zone | undefined;
    for (const zone of this.#zones.values()) {
      if (isSubdomain(name, zone.apex) && zone.apex.length > (best?.apex.length ?? 0)) best = zone;
    }
    return best;
  }
}

function readQuestion(question: { name: string; type: number; class: number }): Response["question"] {
  try {
    const name = normaliseName(question.name === "" ? "." : question.name);
    return { wireName: inCaseOf(question.name, encodeName(name)), name, type: question.type, class: question.class };
  } catch {
    return undefined;
  }
}

/** Puts the asker's letter case back into a wire name of the same labels. */
function inCaseOf(text: string, wire: Uint8Array): Uint8Array {
  const cased = Uint8Array.from(wire);
  const plain = text.endsWith(".") ? text : `${text}.`;
  for (let at = 0, end = 0, from = 0; cased[at] !== 0; at = end) {
    end = at + 1 + cased[at]!;
    for (let octet = at + 1; octet < end; octet++, from++) {
      const letter = plain.charCodeAt(from);
      if ((letter | 0x20) === cased[octet]) cased[octet] = letter;
    }
    from++;
  }
  return cased;
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
