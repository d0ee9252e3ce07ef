import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseIp } from "../src/address/index.ts";
import { RecordType, decodeSoa } from "../src/dns/records/index.ts";
import { DnsClient } from "../src/io/dns-client.ts";
import { freePort } from "../test/support/process.ts";
import { requireProgram } from "../test/support/program.ts";
import { APEX, type SignedWorld } from "./discovery-world.ts";

const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 2;

/** NSD with the zones of the full-size world; it sends NOTIFY of the registry, and makes increments of it unless told not to. */
export class WorldPrimary {
  readonly port: number;
  readonly #world: SignedWorld;
  readonly #notifyPort: number;
  readonly #dns: DnsClient;
  #child: ChildProcess | undefined;
  #output = "";

  private constructor(world: SignedWorld, port: number, notifyPort: number) {
    this.port = port;
    this.#world = world;
    this.#notifyPort = notifyPort;
    this.#dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port }], deadlineMs: 1_000, firstTimeoutMs: 100 });
  }

  static async start(world: SignedWorld, notifyPort: number): Promise<WorldPrimary> {
    const primary = new WorldPrimary(world, await freePort(), notifyPort);
    try {
      await primary.#run(true);
      return primary;
    } catch (error) {
      await primary.stop();
      throw error;
    }
  }

  /** It starts again, and from then on answers IXFR with the whole zone. */
  async forgetIncrements(): Promise<void> {
    await this.#end();
    await this.#run(false);
  }

  /** Has it read the zone files again, and waits until it serves this serial; gives when it did, in milliseconds of Date. */
  async reload(serial: number): Promise<number> {
    this.#child!.kill("SIGHUP");
    return await this.until(serial);
  }

  async until(serial: number): Promise<number> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = await this.#serial().catch(() => undefined);
      if (seen === serial) return Date.now();
      if (Date.now() > deadline || this.#child?.exitCode !== null) throw new Error(`NSD does not serve ${APEX} with serial ${serial}: ${this.#output}`);
      await sleep(LOOK_AGAIN_MS);
    }
  }

  async stop(): Promise<void> {
    this.#dns.close();
    await this.#end();
  }

  async #run(increments: boolean): Promise<void> {
    const file = join(this.#world.directory, "nsd.conf");
    writeFileSync(file, configuration(this.#world, this.port, this.#notifyPort, increments));
    this.#child = spawn(requireProgram("nsd", "nsd"), ["-d", "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    await this.until(this.#world.serial);
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }

  async #serial(): Promise<number | undefined> {
    const { records } = await this.#dns.query(APEX, RecordType.SOA);
    return records[0] === undefined ? undefined : decodeSoa(records[0].data).serial;
  }
}

/** Response rate limiting, where NSD was built with it, would drop what a resolver asks for in a walk. */
function configuration({ directory, zones }: SignedWorld, port: number, notifyPort: number, increments: boolean): string {
  const registry = [...(increments ? ["store-ixfr: yes", "create-ixfr: yes"] : []), "provide-xfr: 127.0.0.1 NOKEY", `notify: 127.0.0.1@${notifyPort} NOKEY`];
  const files = ["pidfile", "xfrdfile", "zonelistfile"].map((key) => `${key}: "${join(directory, key)}"`);
  const server = [`ip-address: 127.0.0.1@${port}`, "server-count: 1", "rrl-ratelimit: 0", 'username: ""', 'database: ""', `zonesdir: "${directory}"`, `xfrdir: "${directory}"`, ...files];
  const clauses = zones.map((name) => clause("zone", [`name: ${name}`, `zonefile: ${name}.zone`, ...(`${name}.` === APEX ? registry : [])]));
  return [clause("server", server), clause("remote-control", ["control-enable: no"]), ...clauses].join("");
}

function clause(name: string, lines: readonly string[]): string {
  return `${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
