/** The process under load: `echo` sends every datagram back with bare node:dgram, `qsa` answers from the engine's cache. */
import { createSocket } from "node:dgram";
import { parseIp, parsePrefix, parseRange } from "../src/address/index.ts";
import { MappingStore } from "../src/core/mapping/mapping-store.ts";
import { Qsa } from "../src/core/qsa.ts";
import { nextU32 } from "../src/io/random.ts";
import { UdpDriver } from "../src/io/udp-driver.ts";
import { serveParent } from "./child.ts";

const MICRONETS = 10_000;

async function startEngine(): Promise<number> {
  const prefix = parsePrefix("10.0.0.0/8");
  const etr = parseIp("203.0.113.7");
  const micronets = Array.from({ length: MICRONETS }, (_, index) => {
    const third = index & 255;
    const second = index >> 8;
    return { range: parseRange(`10.${second}.${third}.0-10.${second}.${third}.99`), etr, version: 1 };
  });
  const store = new MappingStore([{ prefix, lineage: 1, position: 1, micronets }]);
  const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 100_000_000, maxWaiting: 1024 };
  const limits = { maxEntries: 1 << 18, maxPromises: 1 << 18, maxUpdates: 1 << 13, maxPeers: 1 << 16 };
  const qsa = new Qsa({ limits, clients, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, store);
  const driver = await UdpDriver.open(qsa, [{ address: parseIp("127.0.0.1"), port: 0 }]);
  return Number(driver.endpoint(0).split(":")[1]);
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

const port = process.argv[2] === "echo" ? await startEcho() : await startEngine();
serveParent({ port }, () => {
  const { user, system } = process.cpuUsage();
  return { cpuMicroseconds: user + system };
});
