/** One server of the chain QSA, QSR, QSC, as a process: `fan-out-server.ts qsa`, `qsr PORT`, `qsc PORT` (of the one to ask). */
import { type IpAddress, parseIp, parsePrefix, parseRange } from "../src/address/index.ts";
import { Catalogue } from "../src/core/mabs/catalogue.ts";
import type { Engine } from "../src/core/engine.ts";
import type { ServerEntry } from "../src/core/mabs/catalogue-content.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { Qsa } from "../src/core/qsa.ts";
import { Qsc } from "../src/core/qsc.ts";
import { Qsr } from "../src/core/qsr.ts";
import { now } from "../src/io/clock.ts";
import { nextU32 } from "../src/io/random.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { AcknowledgedWatch } from "./acknowledged.ts";
import { serveParent } from "./child.ts";
import { monotonicMs } from "./monotonic.ts";

const MAB = parsePrefix("192.0.2.0/24");
const MICRONET = parseRange("192.0.2.0-192.0.2.99");
const LOOPBACK = parseIp("127.0.0.1");
const serving = {
  limits: { maxEntries: 1 << 16, maxPromises: 1 << 16, maxUpdates: 1 << 13, maxPeers: 1 << 14 },
  clients: { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 100_000, maxQueriesPerSecondPerNetwork: 10_000_000, maxWaiting: 1024 },
  nextU32,
};
const asking = { links: { 4: 1, 6: undefined }, maxUpstreams: 16, keepFresh: 3, intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000 };

const [role, upstreamPort] = process.argv.slice(2);
const upstream: ServerEntry = { name: "upstream", address: LOOPBACK, port: Number(upstreamPort), tier: 1, region: "", weight: 1 };
if (role === "qsa") await runQsa();
else if (role === "qsr") await runQsr();
else await runQsc();

async function runQsa(): Promise<void> {
  const store = new MappingStore([{ prefix: MAB, lineage: 1, position: 1, micronets: [{ range: MICRONET, etr: parseIp("203.0.113.1"), version: 1 }] }]);
  const qsa = new Qsa({ ...serving, cachingMs: 600_000, negativeCachingMs: 30_000 }, store);
  await serve(qsa, 1, (etr, driver) => {
    const changedAt = monotonicMs();
    qsa.noteChange(now(), store.change(MICRONET, etr));
    driver.wake();
    return { changedAt };
  });
}

async function runQsr(): Promise<void> {
  const qsr = new Qsr({ ...serving, ...asking, gapCachingMs: 60_000 });
  qsr.setCatalogue(now(), Catalogue.of({ mabs: [{ prefix: MAB, services: [0], set: "s" }], services: [{ name: "s1.dsoc.example.", servers: [upstream] }] }));
  await serve(qsr, 2);
}

async function runQsc(): Promise<void> {
  const qsc = new Qsc({ ...serving, ...asking });
  qsc.setUpstreams(now(), [upstream]);
  await serve(qsc, 2);
}

type Message = "counts" | { readonly etr: string };

async function serve(engine: Engine, links: number, change?: (etr: IpAddress, driver: UdpDriver) => object): Promise<void> {
  const watch = new AcknowledgedWatch(engine);
  const driver = await UdpDriver.open(watch, Array.from({ length: links }, () => ({ address: LOOPBACK, port: 0 })));
  serveParent({ port: Number(driver.endpoint(0).split(":")[1]) }, (message: Message) => {
    const { updates, repeated, sentInVain } = watch;
    if (message === "counts") return { updates, repeated, sentInVain };
    return change!(parseIp(message.etr), driver);
  });
}
