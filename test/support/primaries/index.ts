import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseIp } from "../../../src/address/index.ts";
import { RecordType, type ResourceRecord } from "../../../src/dns/records/index.ts";
import { formatZoneFile } from "../../../src/dns/zone-file/index.ts";
import { DnsClient } from "../../../src/io/dns-client.ts";
import { freePort } from "../process.ts";
import { requireProgram } from "../program.ts";
import { makeCertificate } from "../certificate.ts";
import { BIND } from "./bind.ts";
import { KNOT } from "./knot.ts";
import { NSD } from "./nsd.ts";
import { POWERDNS } from "./powerdns.ts";
import { type Place, type PrimaryKind, ZONES, type ZoneName, zoneFile } from "./kind.ts";

export * from "./kind.ts";
export const PRIMARY_KINDS: readonly PrimaryKind[] = [NSD, KNOT, BIND, POWERDNS];

/** A name server at work in a directory of its own, with zones that can be changed. */
export class RealPrimary {
  readonly place: Place;
  output = "";
  readonly #kind: PrimaryKind;
  readonly #child: ChildProcess;

  private constructor(kind: PrimaryKind, place: Place, child: ChildProcess) {
    this.#kind = kind;
    this.place = place;
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Starts it on free loopback ports, and waits until it answers for its zones. */
  static async start(kind: PrimaryKind, notifyPort: number, zones: (zone: ZoneName) => readonly ResourceRecord[]): Promise<RealPrimary> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-primary-"));
    const place = { directory, port: await freePort(), tlsPort: await freePort(), notifyPort };
    if (kind.hasTls) makeCertificate(directory);
    for (const zone of ZONES) writeZone(place, zone, zones(zone));
    const child = spawn(requireProgram(kind.program, kind.from), kind.configure(place), { stdio: ["ignore", "pipe", "pipe"] });
    const primary = new RealPrimary(kind, place, child);
    try {
      await Promise.race([primary.#answers(), once(child, "exit").then(() => Promise.reject(new Error(`${kind.name} ended: ${primary.output}`)))]);
    } catch (error) {
      await primary.stop();
      throw error;
    }
    return primary;
  }

  change(zone: ZoneName, records: readonly ResourceRecord[]): void {
    writeZone(this.place, zone, records);
    this.#kind.reload(this.place, this.#child, zone);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill();
      await once(this.#child, "exit");
    }
    rmSync(this.place.directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port: this.place.port }], deadlineMs: 5_000, firstTimeoutMs: 200 });
    for (const zone of ZONES) {
      let answered = 0;
      for (let attempt = 0; answered === 0 && attempt < 400; attempt++) {
        answered = await dns.query(`${zone}.`, RecordType.SOA).then(({ records }) => records.length, () => 0);
        if (answered === 0) await new Promise((done) => void setTimeout(done, 50));
      }
      if (answered === 0) throw new Error(`${zone} is not served: ${this.output}`);
    }
  }
}

function writeZone(place: Place, zone: ZoneName, records: readonly ResourceRecord[]): void {
  writeFileSync(zoneFile(place, zone), formatZoneFile(records, { apex: `${zone}.` }));
}
