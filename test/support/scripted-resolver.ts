import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { type Server, type Socket, createServer } from "node:net";
import { Flag, FrameReader, HEADER_OCTETS, type Outline, Rcode, UDP_PAYLOAD, encodeMessage, framed, outlineOf } from "../../src/dns/message/index.ts";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { listenOnOnePort } from "../../src/io/one-port.ts";
import { SignedDns } from "./signed-dns.ts";

/** What is done in place of answering rightly: octets to send, or nothing at all. */
export type Misdeed = (asked: Asked) => Uint8Array | undefined;

export interface Asked {
  readonly name: string;
  readonly type: number;
  readonly overTcp: boolean;
  /** The right answer, or one with other flags or code. */
  readonly answer: (changes?: { readonly flags?: number; readonly rcode?: number }) => Uint8Array;
}

/** A resolver that has these zones, signed or not, and answers for one of them as it is told. It keeps nothing. */
export class ScriptedResolver {
  readonly port: number;
  readonly dns: SignedDns;
  misdeed: Misdeed | undefined;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  #isRunning = true;

  private constructor(udp: UdpSocket, tcp: Server, dns: SignedDns) {
    this.port = udp.address().port;
    this.dns = dns;
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on("message", (bytes, { port, address }) => void this.#respond(bytes, false, (answer) => { udp.send(answer, port, address); }));
    tcp.on("connection", (socket: Socket) => { this.#serve(socket); });
  }

  /** On a port that is free, or on this one. */
  static async start(dns = new SignedDns(), wanted = 0): Promise<ScriptedResolver> {
    const tcp = createServer();
    const udp = await listenOnOnePort(tcp, () => createSocket("udp4"), { purpose: "resolve", address: "127.0.0.1", port: wanted });
    return new ScriptedResolver(udp, tcp, dns);
  }

  serve(apex: string, records: readonly ResourceRecord[]): void {
    this.dns.serve(apex, records);
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#tcp.close();
    this.#udp.close();
  }

  #serve(socket: Socket): void {
    const frames = new FrameReader();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      frames.push(chunk);
      for (let bytes = frames.next(); bytes !== undefined; bytes = frames.next()) void this.#respond(bytes, true, (answer) => { socket.write(framed(answer)); });
    });
  }

  async #respond(bytes: Uint8Array, overTcp: boolean, send: (answer: Uint8Array) => void): Promise<void> {
    const outline = outlineOf(bytes);
    const { name, type } = outline.question!;
    const { sections } = await this.dns.ask(name, type, { evidence: "signatures" });
    const answer: Asked["answer"] = (changes = {}) => encoded(outline, bytes, sections, overTcp, changes);
    const octets = this.misdeed === undefined ? answer() : this.misdeed({ name, type, overTcp, answer });
    if (octets !== undefined && this.#isRunning) send(octets);
  }
}

/** Its question in the letters that it was asked in; what is too long for a datagram is left out, and TC set. */
function encoded({ header, question, answersAt }: Outline, bytes: Uint8Array, sections: readonly ResourceRecord[], overTcp: boolean, { flags = 0, rcode }: NonNullable<Parameters<Asked["answer"]>[0]>): Uint8Array {
  const { name, type } = question!;
  const [answers, authority] = [true, false].map((wanted) => sections.filter((record) => (record.name === name && sections.some((one) => one.name === name && one.type === type)) === wanted));
  const message = {
    id: header.id,
    flags: Flag.response | flags,
    rcode: rcode ?? (answers!.length > 0 ? Rcode.NOERROR : Rcode.NXDOMAIN),
    question: { name, type, octets: bytes.subarray(HEADER_OCTETS, answersAt) },
  };
  const whole = encodeMessage({ ...message, answers: answers!, authority: authority! });
  return overTcp || whole.length <= UDP_PAYLOAD ? whole : encodeMessage({ ...message, flags: message.flags | Flag.truncated });
}
