import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatWords, parseIp } from "../../src/address/index.ts";
import { statusText } from "../../src/cli/status-text.ts";
import { qsaSchema, qsrSchema } from "../../src/config/schema.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../src/dns/records/index.ts";
import { askControl } from "../../src/io/control-client.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { makeLog } from "../../src/io/log.ts";
import { QueryClient } from "../../src/io/query-client.ts";
import { runQsa } from "../../src/roles/qsa.ts";
import { runQsr } from "../../src/roles/qsr.ts";
import type { StatusReport } from "../../src/roles/reports.ts";
import { freePort } from "./process.ts";
import { svcb } from "./registry.ts";

const DSOC = "dsoc-a.example.";
export const SERVICE = `s1.${DSOC}`;
/** That of the first registry. */
export const MAB = "192.0.2.0/24";
export const ETR = "203.0.113.1";
/** Of addresses in MAB that have this ETR. */
const MAPPED = 200;
const LOOPBACK = parseIp("127.0.0.1");

export interface ServedZone {
  readonly apex: string;
  /** Ports on loopback. */
  readonly primaries: readonly number[];
  readonly trustAnchors?: readonly string[];
}

export interface ServedRegistriesOptions {
  readonly registries: readonly ServedZone[];
  /** That the QSA has; of /24. */
  readonly mabs?: readonly string[];
  /** Where the QSR hears NOTIFY; a free port unless given. */
  readonly notifyPort?: number;
  /** The registry as resolvers have it. */
  readonly walked?: readonly ResourceRecord[];
  /** In place of a resolver that answers rightly: it is given the DSOC's zone. */
  readonly resolver?: { readonly port: number; serve(apex: string, records: readonly ResourceRecord[]): void };
  /** More of the QSR's `dns`. */
  readonly dns?: object;
}

/** A QSR and a QSA, whole, on loopback: registries are those of some primaries, and their MABs are the QSA's. */
export class ServedRegistries {
  readonly #socket: string;
  readonly #port: number;
  readonly #ends: (() => unknown)[];
  readonly #asked = new Map<string, number>();

  private constructor(socket: string, port: number, ends: (() => unknown)[]) {
    this.#socket = socket;
    this.#port = port;
    this.#ends = ends;
  }

  static async start({ registries, mabs = [MAB], notifyPort, walked, resolver, dns = {} }: ServedRegistriesOptions): Promise<ServedRegistries> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-served-"));
    const ends: (() => unknown)[] = [() => { rmSync(directory, { recursive: true }); }];
    const log = makeLog({ level: "fatal" as "error", format: "json" });
    const [qsaPort, port] = [await freePort(), await freePort()];
    const mapping = join(directory, "mapping.txt");
    writeFileSync(mapping, mabs.map((mab) => `mab ${mab} lineage 1 position 1\n${addressIn(mab, 0)}-${addressIn(mab, MAPPED)} ${ETR}\n`).join(""));
    const qsa = await runQsa(qsaSchema.parse({ role: "qsa", listen: [`127.0.0.1:${qsaPort}`], mapping: [mapping], control: { socket: join(directory, "qsa.sock") } }), log);
    ends.push(() => qsa.close());
    const resolverPort = resolver?.port ?? (await ServedRegistries.#resolve([dsocZone(qsaPort), ...(walked === undefined ? [] : [walked])], ends));
    resolver?.serve(DSOC, dsocZone(qsaPort));
    const socket = join(directory, "qsr.sock");
    const config = qsrSchema.parse({
      role: "qsr",
      listen: [`127.0.0.1:${port}`],
      control: { socket },
      qsas: { allowLoopback: true },
      dns: {
        servers: [`127.0.0.1:${resolverPort}`],
        registries: registries.map(({ apex, primaries, trustAnchors = [] }) => ({ apex, primaries: primaries.map((primary) => ({ address: `127.0.0.1:${primary}` })), trustAnchors })),
        notify: { listen: [`127.0.0.1:${notifyPort ?? (await freePort())}`] },
        refreshMinSeconds: 0.3,
        refreshMaxSeconds: 1,
        queryDeadlineSeconds: 1,
        ...dns,
      },
    });
    const qsr = await runQsr(config, log);
    ends.push(() => qsr.close());
    return new ServedRegistries(socket, port, ends);
  }

  static async #resolve(zones: readonly (readonly ResourceRecord[])[], ends: (() => unknown)[]): Promise<number> {
    const resolver = new DnsServer(zones);
    ends.push(() => resolver.close());
    return resolver.listen("127.0.0.1", await freePort());
  }

  /** The ETR of an address of a MAB that was not asked for before, so that the QSR must ask the QSA. */
  async ask(mab = MAB): Promise<string> {
    const asked = this.#asked.get(mab) ?? 0;
    this.#asked.set(mab, asked + 1);
    const client = await QueryClient.connect({ address: LOOPBACK, port: this.#port }, 10_000);
    try {
      const { reply } = await client.ask(parseIp(addressIn(mab, asked % MAPPED)));
      const { etrFamily, etr0, etr1, etr2, etr3 } = reply.body;
      return etrFamily === 0 ? `result ${reply.result}` : formatWords(etrFamily === 6 ? 6 : 4, etr0, etr1, etr2, etr3);
    } finally {
      client.close();
    }
  }

  async status(): Promise<StatusReport> {
    return (await askControl(this.#socket, "GET", "/status")) as StatusReport;
  }

  /** As `drtm ctl status` prints it. */
  async statusText(): Promise<string> {
    return statusText(await this.status(), true);
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end();
  }
}

/** The same of one registry. */
export const ServedRegistry = {
  start({ apex, primaries, trustAnchors = [], ...more }: ServedZone & Omit<ServedRegistriesOptions, "registries">): Promise<ServedRegistries> {
    return ServedRegistries.start({ registries: [{ apex, primaries, trustAnchors }], ...more });
  },
};
export type ServedRegistry = ServedRegistries;

function addressIn(mab: string, number: number): string {
  return mab.replace(/\.0\/24$/, `.${number}`);
}

function dsocZone(qsaPort: number): ResourceRecord[] {
  const soa = { mname: `ns.${DSOC}`, rname: `hostmaster.${DSOC}`, serial: 1, refresh: 60, retry: 60, expire: 3_600, minimum: 60 };
  return [{ name: DSOC, type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb(SERVICE, { target: `here1.${DSOC}`, port: qsaPort, ipv4hint: [LOOPBACK] }), svcb(`s2.${DSOC}`, { target: `here1.${DSOC}`, port: qsaPort, ipv4hint: [LOOPBACK] })];
}
