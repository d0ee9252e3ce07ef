import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseIp } from "../../src/address/index.ts";
import { RecordType } from "../../src/dns/records/index.ts";
import { DnsClient } from "../../src/io/dns-client.ts";
import { freePort } from "./process.ts";
import { requireProgram } from "./program.ts";

/** Unbound as a caching resolver of a few zones, each of one name server on loopback. It keeps answers for a second at most. */
export class Unbound {
  readonly port: number;
  readonly #file: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, port: number, file: string) {
    this.#file = file;
    this.#child = child;
    this.#directory = directory;
    this.port = port;
  }

  /**
   * `zones`: absolute names, and the ports of their servers. It validates where there are trust anchors: DS records. Waits
   * until it answers for them.
   */
  static async start(zones: Readonly<Record<string, number>>, anchors: readonly string[] = []): Promise<Unbound> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-unbound-"));
    const port = await freePort();
    const file = join(directory, "unbound.conf");
    writeFileSync(file, configuration(directory, port, zones, anchors));
    const child = spawn(requireProgram("unbound", "unbound"), ["-d", "-c", file], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const unbound = new Unbound(child, directory, port, file);
    try {
      await Promise.race([unbound.#answers(Object.keys(zones)), once(child, "exit").then(() => Promise.reject(new Error(`Unbound ended: ${output}`)))]);
    } catch (error) {
      await unbound.stop();
      throw error;
    }
    return unbound;
  }

  /** Questions it has been asked, and those among them that it had to ask a name server for. */
  questions(): { readonly asked: number; readonly passedOn: number } {
    const statistics = execFileSync(requireProgram("unbound-control", "unbound"), ["-c", this.#file, "stats_noreset"], { encoding: "utf8" });
    const count = (name: string): number => Number(new RegExp(`^${name.replaceAll(".", "\\.")}=(\\d+)$`, "m").exec(statistics)![1]);
    return { asked: count("total.num.queries"), passedOn: count("total.num.cachemiss") };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill();
      await once(this.#child, "exit");
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #answers(zones: readonly string[]): Promise<void> {
    const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port: this.port }], deadlineMs: 20_000, firstTimeoutMs: 200 });
    for (const zone of zones) {
      let answered = 0;
      for (let attempt = 0; answered === 0 && attempt < 200; attempt++) {
        answered = await dns.query(zone, RecordType.SOA).then(({ records }) => records.length, () => 0);
        if (answered === 0) await new Promise((done) => void setTimeout(done, 50));
      }
      if (answered === 0) throw new Error(`Unbound does not answer for ${zone}`);
    }
  }
}

function configuration(directory: string, port: number, zones: Readonly<Record<string, number>>, anchors: readonly string[]): string {
  const stubs = Object.entries(zones).map(([zone, server]) => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${server}\n`);
  return `server:
  interface: 127.0.0.1
  port: ${port}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: "${join(directory, "unbound.pid")}"
  module-config: "${anchors.length > 0 ? "validator iterator" : "iterator"}"
${anchors.map((anchor) => `  trust-anchor: "${anchor}"\n`).join("")}  do-not-query-localhost: no
  cache-max-ttl: 1
  cache-max-negative-ttl: 1
remote-control:
  control-enable: yes
  control-interface: "${join(directory, "control.sock")}"
  control-use-cert: no
${stubs.join("")}`;
}
