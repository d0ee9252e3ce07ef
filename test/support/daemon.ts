import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RecordType } from "../../src/dns/records/index.ts";
import { parseIp } from "../../src/address/index.ts";
import { DnsClient } from "../../src/io/dns-client.ts";
import { freePort } from "./process.ts";
import { requireProgram } from "./program.ts";

const ZONES = fileURLToPath(new URL("../../zones", import.meta.url));

export interface NameServer {
  readonly name: string;
  readonly program: string;
  /** Its Debian package. */
  readonly from: string;
  /** Writes the configuration; gives the arguments that run it in the foreground. */
  configure(directory: string, port: number, zones: readonly string[]): string[];
}

/** NSD and Knot, as Debian packages them. */
export const NAME_SERVERS: readonly NameServer[] = [
  {
    name: "NSD",
    program: "nsd",
    from: "nsd",
    configure: (directory, port, zones) => {
      const file = join(directory, "nsd.conf");
      const paths = ["pidfile", "xfrdfile", "zonelistfile"].map((key) => `  ${key}: "${join(directory, key)}"\n`).join("");
      const server = `server:\n  ip-address: 127.0.0.1@${port}\n  server-count: 1\n  username: ""\n  database: ""\n${paths}  zonesdir: "${ZONES}"\n`;
      writeFileSync(file, `${server}remote-control:\n  control-enable: no\n${zones.map((zone) => `zone:\n  name: ${zone}\n  zonefile: ${zone}.zone\n`).join("")}`);
      return ["-d", "-c", file];
    },
  },
  {
    name: "Knot",
    program: "knotd",
    from: "knot",
    configure: (directory, port, zones) => {
      const file = join(directory, "knot.conf");
      const server = `server:\n  rundir: ${directory}\n  listen: 127.0.0.1@${port}\n`;
      const storage = `database:\n  storage: ${directory}\ntemplate:\n  - id: default\n    storage: ${ZONES}\n    file: "%s.zone"\n    zonefile-sync: -1\n    journal-content: none\n`;
      writeFileSync(file, `${server}${storage}zone:\n${zones.map((zone) => `  - domain: ${zone}\n`).join("")}`);
      return ["-c", file];
    },
  },
];

/** A name server at work in a directory of its own. */
export class Daemon {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, port: number) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
  }

  /** Starts it on a free loopback port and waits until it answers for its zones. */
  static async start(server: NameServer, zones: readonly string[]): Promise<Daemon> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-daemon-"));
    const port = await freePort();
    let output = "";
    const child = spawn(requireProgram(server.program, server.from), server.configure(directory, port, zones), { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const daemon = new Daemon(child, directory, port);
    try {
      await Promise.race([daemon.#answers(zones), once(child, "exit").then(() => Promise.reject(new Error(`${server.name} ended: ${output}`)))]);
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return daemon;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill();
      await once(this.#child, "exit");
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #answers(zones: readonly string[]): Promise<void> {
    for (const zone of zones) {
      const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port: this.port }], deadlineMs: 10_000, firstTimeoutMs: 200 });
      let answered = 0;
      for (let attempt = 0; answered === 0 && attempt < 400; attempt++) {
        answered = await dns.query(`${zone}.`, RecordType.SOA).then(({ records }) => records.length, () => 0);
        // One that says REFUSED while it loads its zones says so at once.
        if (answered === 0) await new Promise((done) => void setTimeout(done, 50));
      }
      if (answered === 0) throw new Error(`${zone} is not served`);
    }
  }
}
