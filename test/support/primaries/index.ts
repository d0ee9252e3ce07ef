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
import { KNOT, SIGNING_KNOT } from "./knot.ts";
import { NSD } from "./nsd.ts";
import { POWERDNS } from "./powerdns.ts";
import { type Place, type PrimaryKind, ZONES, type ZoneName, zoneFile } from "./kind.ts";

export * from "./kind.ts";
export { KNOT, NSD };
export const PRIMARY_KINDS: readonly PrimaryKind[] = [NSD, KNOT, BIND, POWERDNS];
/** The same, with Knot as signer. */
export const CATALOGUE_KINDS: readonly PrimaryKind[] = [NSD, SIGNING_KNOT, BIND, POWERDNS];

/** A name server at work in a directory of its own, with zones that can be changed. */
export class RealPrimary {
  readonly place: Place;
  output = "";
  readonly #kind: PrimaryKind;
  readonly #args: readonly string[];
  #child: ChildProcess;

  private constructor(kind: PrimaryKind, place: Place) {
    this.#kind = kind;
    this.place = place;
    this.#args = kind.configure(place);
    this.#child = this.#spawn();
  }

  /** Starts it on free loopback ports, and waits until it answers for its zones. */
  static async start(kind: PrimaryKind, notifyPort: number, zones: (zone: ZoneName) => readonly ResourceRecord[]): Promise<RealPrimary> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-primary-"));
    const place = { directory, port: await freePort(), tlsPort: await freePort(), notifyPort };
    if (kind.hasTls) makeCertificate(directory);
    for (const zone of ZONES) writeZone(place, zone, zones(zone));
    const primary = new RealPrimary(kind, place);
    try {
      await primary.#serves();
    } catch (error) {
      await primary.stop();
      throw error;
    }
    return primary;
  }

  /** DS records of the keys that a zone is signed with. */
  anchorsOf(zone: ZoneName): string[] {
    return this.#kind.anchorsOf?.(this.place, zone) ?? [];
  }

  change(zone: ZoneName, records: readonly ResourceRecord[]): void {
    writeZone(this.place, zone, records);
    this.#kind.reload(this.place, this.#child, zone);
  }

  /** Ends it at once, as when its machine loses power; its files stay. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts it again where it was, with these zones. */
  async resume(zones: (zone: ZoneName) => readonly ResourceRecord[]): Promise<void> {
    for (const zone of ZONES) writeZone(this.place, zone, zones(zone));
    this.#child = this.#spawn();
    await this.#serves();
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.place.directory, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, "exit");
  }

  #spawn(): ChildProcess {
    const { program, from } = this.#kind;
    const child = spawn(requireProgram(program, from), this.#args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    return child;
  }

  async #serves(): Promise<void> {
    const ended = once(this.#child, "exit").then(() => Promise.reject(new Error(`${this.#kind.name} ended: ${this.output}`)));
    await Promise.race([this.#answers(), ended]);
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
