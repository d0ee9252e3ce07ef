/** The QSAs of all DSOCs in one process: one engine with a socket for each address. `probing-qsas.ts DSOCS SITES [PORT]`. */
import { formatIp, parseIp, parsePrefix } from "../src/address/index.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { Qsa } from "../src/core/qsa.ts";
import { nextU32 } from "../src/io/random.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { serveParent } from "./child.ts";
import { ProbesReceived } from "./probe-log.ts";

const [dsocs, sites, port = 0] = process.argv.slice(2).map(Number) as [number, number, number?];
const count = dsocs * sites;
const limits = { maxEntries: 1 << 10, maxPromises: 1 << 10, maxUpdates: 1 << 10, maxPeers: 1 << 14 };
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 100_000_000, maxWaiting: 1024 };
const qsa = new Qsa({ limits, clients, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore([]));
const watch = new ProbesReceived(qsa);
const bindings = Array.from({ length: count }, (_, number) => ({ address: parseIp(`127.1.${Math.floor(number / sites)}.${(number % sites) + 1}`), port }));
const driver = await UdpDriver.open(watch, bindings);
const ports = bindings.map((_, link) => Number(driver.endpoint(link).split(":")[1]));
serveParent({ addresses: bindings.map(({ address }) => formatIp(address)), ports }, (message: "count" | "log") => (message === "log" ? watch.log : { probes: watch.log.at.length }));
