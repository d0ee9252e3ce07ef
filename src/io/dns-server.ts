import type { AddressInfo } from "node:net";
import DNS from "dns2";
import { Rcode, type Response, encodeResponse } from "../dns/authority/response.ts";
import { Zone } from "../dns/authority/zone.ts";
import { type ResourceRecord, encodeName, isSubdomain, normaliseName } from "../dns/records/index.ts";
import { ListenError, listenProblem } from "./listen-error.ts";

/** RFC 6891 section 6.2.5 and the DNS flag day of 2020: what passes nearly everywhere without fragments. */
const UDP_PAYLOAD = 1232;
const PLAIN_UDP_PAYLOAD = 512;
const TCP_PAYLOAD = 65_535;
const CLASS_IN = 1;
const OPT = 41;
const OPCODE_QUERY = 0;

type Send = (message: Buffer) => Promise<unknown> | undefined;

/** A small authoritative DNS server for `drtm up`, tests and benchmarks, on dns2 (docs/adr/0004). */
export class DnsServer {
  readonly counters = { queries: 0, ignored: 0, malformed: 0 };
  readonly #zones = new Map<string, Zone>();
  #udp: InstanceType<typeof DNS.UDPServer> | undefined;
  #tcp: InstanceType<typeof DNS.TCPServer> | undefined;

  constructor(zones: readonly (readonly ResourceRecord[])[]) {
    for (const records of zones) this.replaceZone(records);
  }

  /** Serves these records from now on in place of what was served for their apex. Throws ZoneDataError. */
  replaceZone(records: readonly ResourceRecord[]): void {
    const zone = new Zone(records);
    this.#zones.set(zone.apex, zone);
  }

  /** Listens on UDP and TCP of one port (0: a free one) and gives that port. Throws ListenError. */
  async listen(address: string, port: number): Promise<number> {
    const tcp = DNS.createTCPServer((request, send) => {
      this.#answer(request, send as unknown as Send, TCP_PAYLOAD);
    });
    const udp = DNS.createUDPServer((request, send, client) => {
      // Port 0 cannot be answered; what is no question would start a loop of answers to answers.
      if ((client as { port: number }).port === 0) this.counters.ignored++;
      else this.#answer(request, send as unknown as Send, udpLimit(request));
    });
    for (const server of [tcp, udp]) server.on("requestError", () => this.counters.malformed++);
    await started(tcp, `${address}:${port}/tcp`, () => tcp.listen(port, address));
    this.#tcp = tcp;
    const bound = (tcp.address() as AddressInfo).port;
    try {
      await started(udp, `${address}:${bound}/udp`, () => void udp.listen(bound, address));
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
    await Promise.all(servers.map((server) => server && new Promise<void>((done) => void server.close(() => { done(); }))));
  }

  #answer(request: DNS.Packet, send: Send, limit: number): void {
    const header = request.header as unknown as Record<"id" | "qr" | "opcode" | "rd", number>;
    if (header.qr === 1) {
      this.counters.ignored++;
      return;
    }
    this.counters.queries++;
    const response = this.#respond(request, header);
    send(Buffer.from(encodeResponse(response, limit)))?.catch(() => this.counters.ignored++);
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
    const zone = question.class === CLASS_IN ? this.#zoneOf(asked.name) : undefined;
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

function udpLimit(request: DNS.Packet): number {
  const opt = request.additionals.find((record) => record.type === OPT);
  return opt === undefined ? PLAIN_UDP_PAYLOAD : Math.min(UDP_PAYLOAD, Math.max(PLAIN_UDP_PAYLOAD, opt.class));
}

interface Listener {
  once(event: "listening" | "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  off(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

function started(server: Listener, endpoint: string, listen: () => void): Promise<void> {
  return new Promise((done, fail) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      fail(new ListenError(`cannot serve DNS on ${endpoint}: ${listenProblem(error)}`, { cause: error }));
    };
    server.once("error", refuse);
    server.once("listening", () => {
      server.off("error", refuse);
      server.on("error", () => undefined);
      done();
    });
    listen();
  });
}
