/** A QSR that is given 200,000 MABs and the QSAs that answer for them, and begins to measure these. */
import { parseIp, parsePrefix } from "../src/address/index.ts";
import { EMPTY_CATALOGUE } from "../src/core/mabs/catalogue.ts";
import { CatalogueEditor } from "../src/core/mabs/catalogue-editor.ts";
import type { ServiceEntry } from "../src/core/mabs/catalogue-content.ts";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { Qsr } from "../src/core/qsr.ts";
import { now } from "../src/io/clock.ts";
import { nextU32 } from "../src/io/random.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { samplePrefixes } from "./catalogue.ts";
import { serveParent } from "./child.ts";
import { monotonicMs } from "./monotonic.ts";
import { ProbesSent } from "./probe-log.ts";

const SETS = 300;
const LOOPBACK = parseIp("127.0.0.1");

/** As the QSAs' process tells them, those of one DSOC together. */
export interface QsaAddresses {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  readonly sites: number;
}

/** Limits are the defaults of docs/examples/qsr.yaml. */
const qsr = new Qsr({
  limits: { maxEntries: 262_144, maxPromises: 262_144, maxUpdates: 1 << 16, maxPeers: 65_536 },
  clients: { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000, maxQueriesPerSecondPerNetwork: 100_000, maxWaiting: 1024 },
  nextU32,
  links: { 4: 1, 6: undefined },
  maxUpstreams: 16_384,
  keepFresh: 3,
  intervals: DEFAULT_INTERVALS,
  cachingMostMs: 3_600_000,
  gapCachingMs: 60_000,
});
const watch = new ProbesSent(qsr);
const driver = await UdpDriver.open(watch, [0, 1].map(() => ({ address: LOOPBACK, port: 0 })));

serveParent({}, (message: QsaAddresses | "usage" | "log") => {
  if (message === "log") return watch.log;
  if (message !== "usage") return begin(message);
  const { user, system } = process.cpuUsage();
  const { upstreams, health } = qsr.querier;
  const measured = [...upstreams.listed()].filter((upstream) => upstream.measured).length;
  return { cpuMs: (user + system) / 1000, rssMiB: process.memoryUsage.rss() / 2 ** 20, measured, timeouts: health.counters.timeouts };
});

/** From the moment on that discovery would hand the catalogue over. */
function begin({ addresses, ports, sites }: QsaAddresses): object {
  const services = Array.from({ length: addresses.length / sites }, (_, dsoc): ServiceEntry => {
    const first = dsoc * sites;
    const servers = addresses.slice(first, first + sites).map((address, site) => ({ name: `qsa${site}.dsoc${dsoc}.example.`, address: parseIp(address), port: ports[first + site]!, tier: 10, region: "", weight: 100 }));
    return { name: `s1.dsoc${dsoc}.example.`, servers };
  });
  const editor = new CatalogueEditor(EMPTY_CATALOGUE);
  const prefixes = samplePrefixes();
  for (let set = 0; set < SETS; set++) editor.add(`set${set}`, prefixes.filter((_, index) => index % SETS === set));
  const catalogue = editor.finish(services, (set) => [services[Number(set.slice(3)) % services.length]!.name]);
  const startedAt = monotonicMs();
  qsr.setCatalogue(now(), catalogue);
  driver.wake();
  return { startedAt, setMs: monotonicMs() - startedAt };
}
