import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseIp } from "../src/address/index.ts";
import { MapRequest, MessageType, ResultCode, appendPadding, decodeDatagram, encodeMapRequest } from "../src/wire/index.ts";
import { freePort } from "../test/support/process.ts";
import { installedLauncher } from "./installed.ts";
import type { SignedWorld } from "./discovery-world.ts";
import { askControl } from "../src/io/control-client.ts";
import type { StatusReport } from "../src/roles/reports.ts";
import { monotonicMs } from "./monotonic.ts";

const CONTROL_SOCKET = "qsr.sock";
const ASK_EVERY_MS = 2;
const REQUEST_OCTETS = 512;
const LOOK_AGAIN_MS = 500;
const PATIENCE_MS = 60_000;

interface LogLine {
  /** Milliseconds of Date. */
  readonly time: number;
  readonly msg: string;
}

export interface WorldQsrOptions {
  /** From where zones are transferred, and where NOTIFY comes; without it all is asked of the servers. */
  readonly primary?: { readonly port: number; readonly notifyPort: number };
  /** Ports of name servers or resolvers on loopback. */
  readonly servers: readonly number[];
  /** Takes only what is signed; the default. */
  readonly isValidated?: boolean;
  /** The registry's SOA is asked for so often. */
  readonly refreshSeconds?: number;
  /** Keeps the last good catalogue in this directory of the world's. */
  readonly keepsIn?: string;
}

/** `drtm qsr` of the installed package as a process of its own, and what its log says. */
export class WorldQsr {
  readonly startedAt = Date.now();
  readonly startedAtMonotonic = monotonicMs();
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly #lines: LogLine[] = [];
  #counted: ReadonlyMap<number, number> = new Map();
  #news = Promise.withResolvers<void>();

  private constructor(launcher: string, directory: string, file: string, port: number) {
    this.port = port;
    this.#socket = join(directory, CONTROL_SOCKET);
    this.#child = spawn(process.execPath, [launcher, "qsr", "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
    createInterface(this.#child.stderr!).on("line", (line) => {
      this.#lines.push(line.startsWith("{") ? (JSON.parse(line) as LogLine) : { time: Date.now(), msg: line });
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
  }

  static async start(world: SignedWorld, options: WorldQsrOptions): Promise<WorldQsr> {
    const [launcher, port] = [await installedLauncher(), await freePort()];
    const file = join(world.directory, "qsr.json");
    writeFileSync(file, JSON.stringify(configuration(world, port, options)));
    return new WorldQsr(launcher, world.directory, file, port);
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

  /** The longest pause of its engine since this was asked last, in milliseconds: at most that, and at least half of it. */
  async longestPauseMs(): Promise<number> {
    const { pauses } = (await askControl(this.#socket, "GET", "/status")) as StatusReport;
    const before = this.#counted;
    this.#counted = new Map(pauses!.map(([mostMs, count]) => [mostMs ?? Infinity, count]));
    return Math.max(0, ...Array.from(this.#counted).filter(([mostMs, count]) => count > (before.get(mostMs) ?? 0)).map(([mostMs]) => mostMs));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

function configuration({ trustAnchor }: SignedWorld, port: number, { primary, servers, isValidated = true, refreshSeconds, keepsIn }: WorldQsrOptions): object {
  const registry = {
    apex: "drtm.example",
    ...(primary === undefined ? {} : { primaries: [{ address: `127.0.0.1:${primary.port}` }] }),
    ...(isValidated ? { trustAnchors: [trustAnchor] } : {}),
  };
  const dns = {
    servers: servers.map((server) => `127.0.0.1:${server}`),
    registries: [registry],
    ...(primary === undefined ? {} : { notify: { listen: [`127.0.0.1:${primary.notifyPort}`] } }),
    ...(refreshSeconds === undefined ? {} : { refreshMinSeconds: refreshSeconds, refreshMaxSeconds: refreshSeconds }),
  };
  const rest = { qsas: { allowLoopback: true }, control: { socket: CONTROL_SOCKET }, log: { format: "json" }, ...(keepsIn === undefined ? {} : { state: { directory: keepsIn } }) };
  return { role: "qsr", listen: [`127.0.0.1:${port}`], dns, ...rest };
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
