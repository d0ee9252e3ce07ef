/**
 * The process under load: `dgram-echo` sends every datagram back with bare node:dgram; `dgram MICRONETS` and `batches MICRONETS` answer
 * from the engine's cache, on sockets of node:dgram or with system calls for whole batches. Two more numbers: what each client, and
 * each network of clients, may ask in a second.
 */
import { createSocket } from "node:dgram";
import { type MessagePort, Worker, isMainThread, parentPort } from "node:worker_threads";
import { parsePrefix } from "../src/address/index.ts";
import type { Qsa } from "../src/core/qsa.ts";
import { BatchLoop } from "../src/io/batch/batch-loop.ts";
import { withoutIdleCollections } from "../src/io/idle-collections.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { serveParent } from "./child.ts";
import { LOOPBACK, requireNative } from "./load-querier.ts";
import { qsaWith } from "./micronets.ts";

/** Beyond what any client can ask here. */
const UNREACHED = 100_000_000;
const [kind, count, perClient = UNREACHED, perNetwork = UNREACHED] = process.argv.slice(2);

if (isMainThread) serveParent({ port: await start() }, cpuTime);
else tell(parentPort!, startBatches());

function tell(port: MessagePort, message: number): void {
  port.postMessage(message);
}

async function start(): Promise<number> {
  if (kind === "dgram-echo") return startEcho();
  if (kind === "dgram") return portOf(await UdpDriver.open(newQsa(), [{ address: LOOPBACK, port: 0 }]));
  const engine = withoutIdleCollections(() => new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) }));
  return new Promise((done) => engine.once("message", done));
}

/** The engine thread. */
function startBatches(): number {
  const loop = new BatchLoop(requireNative(), newQsa(), [{ address: LOOPBACK, port: 0 }]);
  loop.begin();
  return portOf(loop);
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
  const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: Number(perClient), maxQueriesPerSecondPerNetwork: Number(perNetwork), maxWaiting: 1024 };
  return qsaWith(Number(count), clients);
}

function portOf(driver: { endpoint(link: number): string }): number {
  return Number(driver.endpoint(0).split(":")[1]);
}

function cpuTime(): object {
  const { user, system } = process.cpuUsage();
  return { cpuMicroseconds: user + system };
}
