/**
 * The process under load: `dgram-echo` sends every datagram back with bare node:dgram; `dgram MICRONETS` and `batches MICRONETS` answer
 * from the engine's cache, on sockets of node:dgram or with system calls for whole batches.
 */
import { createSocket } from "node:dgram";
import { type MessagePort, Worker, isMainThread, parentPort } from "node:worker_threads";
import { type Range, parseIp, parsePrefix, rangeOf } from "../src/address/index.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { Qsa } from "../src/core/qsa.ts";
import { BatchedDriver } from "../src/io/batch/batched-driver.ts";
import { loadNative } from "../src/io/batch/native.ts";
import { nextU32 } from "../src/io/random.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { keyOf } from "./answer-keys.ts";
import { serveParent } from "./child.ts";

const LOOPBACK = parseIp("127.0.0.1");
const MICRONET_ADDRESSES = 8;
const [kind, count] = process.argv.slice(2);

if (isMainThread) serveParent({ port: await start() }, cpuTime);
else tell(parentPort!, startBatches());

function tell(port: MessagePort, message: number): void {
  port.postMessage(message);
}

async function start(): Promise<number> {
  if (kind === "dgram-echo") return startEcho();
  if (kind === "dgram") return portOf(await UdpDriver.open(newQsa(), [{ address: LOOPBACK, port: 0 }]));
  const engine = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  return new Promise((done) => engine.once("message", done));
}

/** The engine thread: it only loops from now on. */
function startBatches(): number {
  const native = loadNative();
  if (typeof native === "string") throw new Error(`no system calls for batches: ${native}`);
  const driver = new BatchedDriver(native, newQsa(), [{ address: LOOPBACK, port: 0 }]);
  setImmediate(() => {
    for (;;) driver.turn(Infinity);
  });
  return portOf(driver);
}

function startEcho(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { port, address }) => {
    if (port !== 0) socket.send(bytes, port, address);
  });
  return new Promise((done) => {
    socket.bind(0, "127.0.0.1", () => {
      done(socket.address().port);
    });
  });
}

function newQsa(): Qsa {
  const micronets = Number(count);
  const store = new MappingStore([{ prefix: parsePrefix("10.0.0.0/8"), lineage: 1, position: 1, micronets: Array.from({ length: micronets }, (_, index) => ({ range: micronet(index), etr: parseIp("203.0.113.7"), version: 1 })) }]);
  const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 100_000_000, maxWaiting: 1024 };
  const limits = { maxEntries: 2 * micronets, maxPromises: Math.min(64 * micronets, 1 << 23), maxUpdates: 1 << 13, maxPeers: 1 << 12 };
  return new Qsa({ limits, clients, nextU32, cachingMs: 3_600_000, negativeCachingMs: 30_000 }, store);
}

function micronet(index: number): Range {
  const first = keyOf(index, Number(count));
  return rangeOf(4, first, 0, first + MICRONET_ADDRESSES - 1, 0);
}

function portOf(driver: { endpoint(link: number): string }): number {
  return Number(driver.endpoint(0).split(":")[1]);
}

function cpuTime(): object {
  const { user, system } = process.cpuUsage();
  return { cpuMicroseconds: user + system };
}
