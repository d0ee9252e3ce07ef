import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { type Server, type Socket, createServer } from "node:net";
import { FrameReader, Flag, QueryType, encodeMessage, framed, outlineOf } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { parseIp } from "../../src/address/index.ts";
import { listenOnOnePort } from "../../src/io/one-port.ts";
import type { Primary } from "../../src/io/zone-transfer.ts";

export interface Asked {
  readonly type: "AXFR" | "IXFR" | "SOA";
  readonly id: number;
  /** The zone. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a primary does with a query over TCP. */
export type Script = (asked: Asked, socket: Socket) => void;

/** A primary that does over TCP as the script says, and over UDP gives one SOA, or nothing. Both may change as it goes. */
export class ScriptedPrimary {
  readonly asked: Asked["type"][] = [];
  readonly port: number;
  script: Script;
  overUdp: ResourceRecord | undefined;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(udp: UdpSocket, tcp: Server, script: Script, overUdp: ResourceRecord | undefined) {
    this.port = udp.address().port;
    this.script = script;
    this.overUdp = overUdp;
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on("message", (bytes, source) => {
      const asked = this.#note(bytes);
      if (this.overUdp !== undefined) udp.send(reply(asked, [this.overUdp]), source.port, source.address);
    });
    tcp.on("connection", (socket: Socket) => { this.#serve(socket); });
  }

  /** On a port that is free, or on this one. */
  static async start(script: Script, overUdp?: ResourceRecord, wanted = 0): Promise<ScriptedPrimary> {
    const tcp = createServer();
    const udp = await listenOnOnePort(tcp, () => createSocket("udp4"), { purpose: "be a primary", address: "127.0.0.1", port: wanted });
    return new ScriptedPrimary(udp, tcp, script, overUdp);
  }

  get primary(): Primary {
    return { address: parseIp("127.0.0.1"), port: this.port };
  }

  /** Connections that clients have left open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** At once, and as often as one likes. */
  stop(): void {
    if (!this.#tcp.listening) return;
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
      for (let bytes = frames.next(); bytes !== undefined; bytes = frames.next()) this.script(this.#note(bytes), socket);
    });
  }

  #note(bytes: Uint8Array): Asked {
    const { header, question } = outlineOf(bytes);
    const type = question!.type === QueryType.AXFR ? "AXFR" : question!.type === QueryType.IXFR ? "IXFR" : "SOA";
    this.asked.push(type);
    return { type, id: header.id, name: question!.name, bytes };
  }
}

/** One message of an answer to this query. */
export function reply({ id, name, type }: Asked, answers: readonly ResourceRecord[], changes: Partial<Parameters<typeof encodeMessage>[0]> = {}): Uint8Array {
  const number = { AXFR: QueryType.AXFR, IXFR: QueryType.IXFR, SOA: RecordType.SOA }[type];
  return encodeMessage({ id, flags: Flag.response | Flag.authoritative, question: { name, type: number }, answers, ...changes });
}

/** Writes for ever, and lets the client read: it may be in this process too. */
export function pour(socket: Socket, next: () => Uint8Array): void {
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(framed(next()))) setImmediate(more);
    else socket.once("drain", more);
  };
  more();
}

/** Writes an octet now and then. */
export function trickle(socket: Socket): void {
  const timer = setInterval(() => socket.write(Uint8Array.of(1)), 50);
  socket.on("close", () => { clearInterval(timer); });
}

/** A script that answers each type of query with the records given for it, and refuses the others. */
export function gives(zones: { readonly AXFR?: readonly ResourceRecord[]; readonly IXFR?: readonly ResourceRecord[] }, perMessage = 2): Script {
  return (asked, socket) => {
    const records = asked.type === "SOA" ? undefined : zones[asked.type];
    if (records === undefined) socket.write(framed(reply(asked, [], { rcode: 5 })));
    for (let at = 0; at < (records?.length ?? 0); at += perMessage) socket.write(framed(reply(asked, records!.slice(at, at + perMessage))));
  };
}
