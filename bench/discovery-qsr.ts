import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseIp } from "../src/address/index.ts";
import { MapRequest, MessageType, ResultCode, appendPadding, decodeDatagram, encodeMapRequest } from "../src/wire/index.ts";
import { freePort } from "../test/support/process.ts";
import type { SignedWorld } from "./discovery-world.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/drtm.js", import.meta.url));
const ASK_EVERY_MS = 2;
const REQUEST_OCTETS = 512;
const LOOK_AGAIN_MS = 500;
const PATIENCE_MS = 60_000;

interface LogLine {
  /** Milliseconds of Date. */
  readonly time: number;
  readonly msg: string;
}

/** `drtm qsr` as a process of its own, and what its log says. */
export class WorldQsr {
  readonly startedAt = Date.now();
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  #news = Promise.withResolvers<void>();

  private constructor(file: string, port: number) {
    this.port = port;
    this.#child = spawn(process.execPath, [LAUNCHER, "qsr", "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
    createInterface(this.#child.stderr!).on("line", (line) => {
      this.#lines.push(line.startsWith("{") ? (JSON.parse(line) as LogLine) : { time: Date.now(), msg: line });
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
  }

  /** `keeps`: the last good catalogue, in the world's directory. */
  static async start(world: SignedWorld, primaryPort: number, notifyPort: number, keeps: boolean): Promise<WorldQsr> {
    const port = await freePort();
    const file = join(world.directory, "qsr.json");
    const primary = `127.0.0.1:${primaryPort}`;
    const dns = { servers: [primary], registries: [{ apex: "drtm.example", primaries: [{ address: primary }], trustAnchors: [world.trustAnchor] }], notify: { listen: [`127.0.0.1:${notifyPort}`] } };
    const state = keeps ? { state: { directory: "state" } } : {};
    writeFileSync(file, JSON.stringify({ role: "qsr", listen: [`127.0.0.1:${port}`], dns, qsas: { allowLoopback: true }, control: { socket: "qsr.sock" }, log: { format: "json" }, ...state }));
    return new WorldQsr(file, port);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** When it logged something, from its start or from this time on; milliseconds of Date. */
  async says(text: string, from = 0): Promise<number> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const line = this.#lines.find(({ time, msg }) => time >= from && msg.includes(text));
      if (line !== undefined) return line.time;
      if (Date.now() > deadline || this.#child.exitCode !== null) throw new Error(`the QSR has not said "${text}", but:\n${this.#lines.map(({ msg }) => msg).join("\n")}`);
      await Promise.race([this.#news.promise, sleep(LOOK_AGAIN_MS)]);
    }
  }

  /** Asks until it answers that an address is in no MAB: gives when that was, in milliseconds of Date. */
  async answers(address: string): Promise<number> {
    const socket = createSocket("udp4");
    const request = requestFor(address);
    const answered = Promise.withResolvers<number>();
    socket.on("message", (bytes) => {
      const decoded = decodeDatagram(bytes);
      if (decoded.type === MessageType.mapReply && decoded.message.result === ResultCode.notInAnyMab) answered.resolve(Date.now());
    });
    // Before it listens, the kernel says so at times.
    socket.on("error", () => undefined);
    const asking = setInterval(() => { socket.send(request, this.port, "127.0.0.1"); }, ASK_EVERY_MS);
    const late = setTimeout(() => { answered.reject(new Error("the QSR does not answer")); }, PATIENCE_MS);
    try {
      return await answered.promise;
    } finally {
      clearInterval(asking);
      clearTimeout(late);
      socket.close();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** Without a cookie of the server's: padded, so that the answer is no larger. */
function requestFor(address: string): Uint8Array {
  const request = new MapRequest();
  const { family, words } = parseIp(address);
  Object.assign(request, { family, keyHi: words[0], keyLo: 0 });
  Object.assign(request.header, { sequence: 1, nonceHi: 1, nonceLo: 2, clientCookieHi: 3, clientCookieLo: 4 });
  const view = new DataView(new ArrayBuffer(REQUEST_OCTETS));
  const length = encodeMapRequest(view, request);
  return new Uint8Array(view.buffer, 0, appendPadding(view, length, REQUEST_OCTETS));
}
