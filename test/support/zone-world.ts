import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { previousIn, writeZones } from "../../src/zone-tools/build/directory.ts";
import { planZones } from "../../src/zone-tools/build/plan.ts";
import { loadDescription } from "../../src/zone-tools/description/load.ts";

/** Two sets and two DSOCs, without a thing to complain of. */
const DESCRIPTION = `registry:
  apex: drtm.example
  nameServers: [{ name: ns1.drtm.example, addresses: [192.0.2.53] }, { name: ns2.drtm.example, addresses: ["2001:db8::53"] }]
  sets:
    - { services: [s1.dsoc-a.example], mabs: [198.51.100.0/24, 203.0.113.0/24, "2001:db8::/32"] }
    - { services: [s1.dsoc-a.example, s1.dsoc-b.example], mabs: [192.0.2.0/24] }
dsocs:
  - apex: dsoc-a.example
    nameServers: [{ name: ns1.drtm.example }, { name: ns2.drtm.example }]
    qsas:
      - { name: fra1, addresses: [198.51.100.1], region: eu-fra }
      - { name: nyc1, addresses: [198.51.100.2], weight: 50 }
    services: [{ name: s1, tiers: [{ tier: 10, qsas: [fra1, nyc1] }] }]
  - apex: dsoc-b.example
    nameServers: [{ name: ns1.drtm.example }, { name: ns2.drtm.example }]
    qsas: [{ name: tyo2, addresses: [203.0.113.1] }]
    services: [{ name: s1, tiers: [{ tier: 10, qsas: [tyo2] }] }]
`;

/** A directory with the zones of a small world, for tests to spoil. */
export class ZoneWorld {
  readonly directory = mkdtempSync(join(tmpdir(), "drtm-zones-"));

  constructor(change: (description: string) => string = (text) => text) {
    const file = this.path("world.yaml");
    writeFileSync(file, change(DESCRIPTION));
    writeZones(this.directory, planZones(loadDescription(file), previousIn(this.directory), 0));
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  get registry(): string {
    return this.path("drtm.example.zone");
  }

  get dsocA(): string {
    return this.path("dsoc-a.example.zone");
  }

  get dsocB(): string {
    return this.path("dsoc-b.example.zone");
  }

  get files(): string[] {
    return [this.registry, this.dsocA, this.dsocB];
  }

  /** Replaces text of a file, once; throws where it is not there. */
  spoil(file: string, from: string | RegExp, to: string): void {
    const text = readFileSync(file, "utf8");
    const spoilt = text.replace(from, to);
    if (spoilt === text) throw new Error(`${file} has no ${String(from)}`);
    writeFileSync(file, spoilt);
  }

  /** The line, from 1, that a text is on. */
  lineOf(file: string, part: string | RegExp): number {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.findIndex((line) => (typeof part === "string" ? line.includes(part) : part.test(line))) + 1;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
