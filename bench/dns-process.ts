import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseIp } from "../src/address/index.ts";
import { RecordType } from "../src/dns/records/index.ts";
import { DnsClient } from "../src/io/dns-client.ts";
import { requireProgram } from "../test/support/program.ts";
import { endProcess, hasEnded } from "./end-process.ts";
import type { DnsProgram, DnsSetting } from "./dns-programs.ts";
import { pinnedTo } from "./pinned.ts";
import { processCpuMicroseconds } from "./process-usage.ts";

const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 50;

/** A DNS server at work on loopback, on a core of its own. It has no processes but the one. */
export class DnsProcess {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Waits until it answers for its zone. */
  static async start({ name, program, from, configure }: DnsProgram, setting: DnsSetting, core: number): Promise<DnsProcess> {
    const [first, ...before] = pinnedTo(core);
    const child = spawn(first, [...before, requireProgram(program, from), ...configure(setting)], { stdio: ["ignore", "pipe", "pipe"] });
    const server = new DnsProcess(name, setting.port, child);
    try {
      await server.#answers(setting.zone);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  cpuMicroseconds(): number {
    return processCpuMicroseconds(this.#child.pid!);
  }

  async stop(): Promise<void> {
    await endProcess(this.#child);
  }

  async #answers(zone: string): Promise<void> {
    const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port: this.port }], deadlineMs: 1_000, firstTimeoutMs: 200 });
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(LOOK_AGAIN_MS)) {
      if (hasEnded(this.#child)) throw new Error(`${this.name} has ended: ${this.#output}`);
      const answered = await dns.query(`${zone}.`, RecordType.SOA).then(({ records }) => records.length, () => 0);
      if (answered > 0) return;
    }
    throw new Error(`${this.name} does not answer for ${zone}: ${this.#output}`);
  }
}
