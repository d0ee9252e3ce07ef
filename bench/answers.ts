import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { MapRequest, MessageType, decodeDatagram, encodeMapRequest } from "../src/wire/index.ts";
import { Child } from "./child.ts";
import { type Row, median } from "./table.ts";

const SOCKETS = 8;
const WINDOW = 32;
const MICRONETS = 10_000;

interface Round {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/**
 * Cached answers over real loopback sockets, beside a bare echo with node:dgram, in alternating rounds. The generator runs
 * in this process and may be the slower one, so answers per second of the server's CPU time are what to compare.
 */
export async function benchAnswers(rounds: number, milliseconds: number, progress: (text: string) => void): Promise<Row[]> {
  const servers: Server[] = [];
  const results: { echo: Round; engine: Round }[] = [];
  try {
    for (const kind of ["echo", "qsa"] as const) servers.push(await startServer(kind));
    const [echo, engine] = servers as [Server, Server];
    await measure(echo, milliseconds / 2);
    await measure(engine, milliseconds / 2);
    for (let round = 0; round < rounds; round++) {
      results.push({ echo: await measure(echo, milliseconds), engine: await measure(engine, milliseconds) });
      progress(`round ${round + 1} of ${rounds}`);
    }
  } finally {
    await Promise.all(servers.map(({ child }) => child.stop()));
  }
  const of = (pick: (result: (typeof results)[0]) => number): number => median(results.map(pick));
  return [
    { what: "node:dgram echo", value: of((r) => r.echo.perSecond), unit: "answers/s" },
    { what: "cached answers", value: of((r) => r.engine.perSecond), unit: "answers/s", note: `median of the ratios ${of((r) => r.engine.perSecond / r.echo.perSecond).toFixed(2)}` },
    { what: "node:dgram echo", value: of((r) => r.echo.perCpuSecond), unit: "answers/CPU s" },
    { what: "cached answers", value: of((r) => r.engine.perCpuSecond), unit: "answers/CPU s", note: `median of the ratios ${of((r) => r.engine.perCpuSecond / r.echo.perCpuSecond).toFixed(2)}` },
  ];
}

interface Server {
  readonly child: Child;
  readonly port: number;
}

async function startServer(kind: "echo" | "qsa"): Promise<Server> {
  const { child, ready } = await Child.start<{ port: number }>("answer-server.ts", [kind]);
  return { child, port: ready.port };
}

async function cpuMicroseconds({ child }: Server): Promise<number> {
  return (await child.ask<{ cpuMicroseconds: number }>("cpu")).cpuMicroseconds;
}

async function measure(server: Server, milliseconds: number): Promise<Round> {
  const clients = await Promise.all(Array.from({ length: SOCKETS }, (_, index) => Client.connect(server.port, index)));
  const cpuBefore = await cpuMicroseconds(server);
  const started = performance.now();
  for (const client of clients) client.start();
  await new Promise((done) => {
    setTimeout(done, milliseconds);
  });
  const answers = clients.reduce((sum, client) => sum + client.answers, 0);
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = ((await cpuMicroseconds(server)) - cpuBefore) / 1e6;
  for (const client of clients) client.stop();
  return { perSecond: answers / seconds, perCpuSecond: answers / cpuSeconds };
}

/** Keeps WINDOW requests in flight on one socket. */
class Client {
  answers = 0;
  readonly #socket: Socket;
  readonly #requests: Buffer[];
  #next: number;

  private constructor(socket: Socket, requests: Buffer[], index: number) {
    this.#socket = socket;
    this.#requests = requests;
    this.#next = index * 997;
  }

  static async connect(port: number, index: number): Promise<Client> {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const cookie = await fetchCookie(socket);
    const requests = Array.from({ length: MICRONETS }, (_, micronet) => request(cookie, (0x0a000000 + (micronet << 8) + 7) >>> 0));
    return new Client(socket, requests, index);
  }

  start(): void {
    this.#socket.on("message", () => {
      this.answers++;
      this.#ask();
    });
    for (let inFlight = 0; inFlight < WINDOW; inFlight++) this.#ask();
  }

  stop(): void {
    this.#socket.removeAllListeners("message");
    this.#socket.close();
  }

  #ask(): void {
    this.#socket.send(this.#requests[this.#next++ % MICRONETS]!);
  }
}

/** A null Map Request brings the cookie; the echo server sends the request back, which has none. */
async function fetchCookie(socket: Socket): Promise<readonly number[]> {
  socket.send(request([0, 0, 0, 0], 0));
  const [bytes] = (await once(socket, "message")) as [Buffer];
  const decoded = decodeDatagram(bytes);
  if (decoded.type !== MessageType.mapReply) return [0, 0, 0, 0];
  const { server0, server1, server2, server3 } = decoded.message.header;
  return [server0, server1, server2, server3];
}

function request(cookie: readonly number[], key: number): Buffer {
  const message = new MapRequest();
  Object.assign(message.header, { nonceHi: 1, nonceLo: key, clientCookieHi: 7, clientCookieLo: 7 });
  Object.assign(message.header, { server0: cookie[0], server1: cookie[1], server2: cookie[2], server3: cookie[3] });
  Object.assign(message, { family: key === 0 ? 0 : 4, keyHi: key });
  const bytes = Buffer.alloc(256);
  return bytes.subarray(0, encodeMapRequest(new DataView(bytes.buffer, bytes.byteOffset, 256), message));
}
