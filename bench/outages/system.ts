import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseIp } from "../../src/address/index.ts";
import { RecordType, encodeSoa } from "../../src/dns/records/index.ts";
import { askControl } from "../../src/io/control-client.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import type { QsaReport } from "../../src/roles/reports.ts";
import { freePort } from "../../test/support/process.ts";
import { registry, svcb } from "../../test/support/registry.ts";
import { Observer, Truth } from "./observer.ts";
import { Process } from "./process.ts";

const SERVICE = "s1.dsoc-a.example.";
const MICRONET = "192.0.2.0-192.0.2.99";
const ADDRESS = "192.0.2.7";
const FIRST_ETR = "203.0.113.1";
const HOST = "127.0.0.1";
const MOST_CHANGES = 250;

export const ROLES = ["QSA", "QSR", "QSC", "ITR"] as const;
export type Role = (typeof ROLES)[number];

interface Site {
  readonly process: Process;
  readonly socket: string;
  readonly port: number;
  isUp: boolean;
  /** Changes that it has not had. */
  readonly missed: string[];
}

interface ItrProcess {
  readonly process: Process;
  readonly observer: Observer;
}

/** All of it on loopback: DNS here, and processes: two QSAs, a QSR, a QSC, an ITR that asks the QSC and one that asks QSC and QSR. */
export class System {
  readonly truth = new Truth();
  readonly itrs: ItrProcess[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), "drtm-outages-"));
  readonly #sites: Site[] = [];
  #dns: DnsServer | undefined;
  #qsr: Process | undefined;
  #qsc: Process | undefined;
  readonly #threads: number;
  #changes = 0;

  /** `threads`: engine threads of the QSR, and of the QSC. */
  constructor(threads: number) {
    this.#threads = threads;
  }

  async start(): Promise<void> {
    const [first, second, qsrPort, qscPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const dnsPort = await this.#serveDns([first, second]);
    for (const [index, port] of [first, second].entries()) await this.#startSite(index, port);
    this.#qsr = await this.#startServer("qsr", `engineThreads: ${this.#threads}\nlisten: ["${HOST}:${qsrPort}"]\ndns: { servers: ["${HOST}:${dnsPort}"], registries: [{ apex: drtm.example }] }\nqsas: { allowLoopback: true }\n`, "catalogue: 1 MABs");
    this.#qsc = await this.#startServer("qsc", `engineThreads: ${this.#threads}\nlisten: ["${HOST}:${qscPort}"]\nupstreams: ["${HOST}:${qsrPort}"]\n`, "QSC listens on");
    this.truth.set(now(), FIRST_ETR);
    await this.#startItr("one server", [qscPort]);
    await this.#startItr("two servers", [qscPort, qsrPort]);
  }

  /** Ends everything, whatever state it is in. */
  async close(): Promise<void> {
    const processes = [...this.itrs.map(({ process: itr }) => itr), this.#qsc, this.#qsr, ...this.#sites.map(({ process: site }) => site)];
    // A stopped process heeds no other signal.
    await Promise.all(processes.map((each) => each?.end("SIGKILL")));
    await this.#dns?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The processes of a role that an outage befalls: of the QSAs the one in use, of the ITRs both. */
  async victims(role: Role): Promise<readonly Process[]> {
    if (role === "QSR") return [this.#qsr!];
    if (role === "QSC") return [this.#qsc!];
    if (role === "ITR") return this.itrs.map(({ process: itr }) => itr);
    return [(await this.#siteInUse()).process];
  }

  /** Notes that processes are out of order, or in order again; QSAs that are hear what they have missed. */
  async note(processes: readonly Process[], isUp: boolean, isFresh: boolean): Promise<void> {
    for (const { process: itr, observer } of this.itrs) {
      if (processes.includes(itr)) observer.setRunning(now(), isUp, isFresh);
    }
    for (const site of this.#sites.filter(({ process: each }) => processes.includes(each))) {
      site.isUp = isUp;
      if (isUp) for (const etr of site.missed.splice(0)) await set(site, etr);
    }
  }

  /** Another ETR, at all QSAs that run: right from the moment when the first has it. */
  async change(): Promise<void> {
    const etr = `203.0.113.${2 + (this.#changes++ % MOST_CHANGES)}`;
    for (const site of this.#sites) {
      if (!site.isUp) site.missed.push(etr);
    }
    const up = this.#sites.filter(({ isUp }) => isUp);
    this.truth.set(now(), etr);
    await Promise.all(up.map((site) => set(site, etr)));
  }

  /** Whether every ITR shows what is right. */
  get isRight(): boolean {
    return this.itrs.every(({ observer }) => observer.present === this.truth.present);
  }

  /** Whether the QSR takes both QSAs for usable. */
  async isWhole(): Promise<boolean> {
    const qsas = (await askControl(this.#socketOf("qsr"), "GET", "/qsas")) as QsaReport[];
    return this.isRight && qsas.length === 2 && qsas.every(({ state }) => state === "up");
  }

  async #siteInUse(): Promise<Site> {
    const qsas = (await askControl(this.#socketOf("qsr"), "GET", "/qsas")) as QsaReport[];
    const first = qsas.find(({ rank }) => rank === 1);
    return this.#sites.find(({ port }) => port === first?.port) ?? this.#sites[0]!;
  }

  async #startSite(index: number, port: number): Promise<void> {
    const name = `qsa${index + 1}`;
    const mapping = join(this.#directory, `${name}.txt`);
    writeFileSync(mapping, `mab 192.0.2.0/24 lineage 1 position 1\n${MICRONET} ${FIRST_ETR}\n`);
    const process = await this.#startServer("qsa", `listen: ["${HOST}:${port}"]\nmapping: [${mapping}]\nchanges: ${mapping}.changes\n`, "QSA for 1 MABs", name);
    this.#sites.push({ process, socket: this.#socketOf(name), port, isUp: true, missed: [] });
  }

  async #startServer(role: "qsa" | "qsr" | "qsc", config: string, readyText: string, name: string = role): Promise<Process> {
    const file = join(this.#directory, `${name}.yaml`);
    writeFileSync(file, `role: ${role}\ncontrol: { socket: ${this.#socketOf(name)} }\n${config}`);
    const process = new Process(name, [role, "--config", file], readyText);
    await process.start();
    return process;
  }

  async #startItr(name: string, ports: readonly number[]): Promise<void> {
    const observer = new Observer(name);
    const servers = ports.flatMap((port) => ["--server", `${HOST}:${port}`]);
    const itr = new Process(`itr with ${name}`, ["itr", ADDRESS, "--json", ...servers], undefined, (line) => {
      observer.takeLine(now(), line);
    });
    await itr.start();
    observer.setRunning(now(), true, true);
    this.itrs.push({ process: itr, observer });
  }

  #serveDns(qsaPorts: readonly number[]): Promise<number> {
    const soa = { mname: "ns.dsoc-a.example.", rname: "h.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
    const dsoc = [
      { name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) },
      ...qsaPorts.map((port, index) => svcb(SERVICE, { target: `site${index + 1}.dsoc-a.example.`, port, ipv4hint: [parseIp(HOST)] })),
    ];
    this.#dns = new DnsServer([registry(1, [{ services: [SERVICE], prefixes: ["192.0.2.0/24"] }]), dsoc]);
    return this.#dns.listen(HOST, 0);
  }

  #socketOf(name: string): string {
    return join(this.#directory, `${name}.sock`);
  }
}

/** What `drtm ctl map set` does. */
async function set(site: Site, etr: string): Promise<void> {
  await askControl(site.socket, "POST", "/map", { range: MICRONET, etr });
}

export function now(): number {
  return performance.now();
}
