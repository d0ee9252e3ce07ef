import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { type QscConfig, type QsrConfig, qsaSchema, qscSchema, qsrSchema } from "../../src/config/schema.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import { loadNative } from "../../src/io/batch/native.ts";
import { makeLog } from "../../src/io/log.ts";
import { ItrClient } from "../../src/itr/index.ts";
import { mailOf } from "../../src/io/catalogue-mail.ts";
import { EngineGroup } from "../../src/roles/engine/engine-group.ts";
import { EngineThread } from "../../src/roles/engine/engine-thread.ts";
import { QsrNode } from "../../src/roles/qsr-node.ts";
import { runQsc } from "../../src/roles/qsc.ts";
import { startEngine } from "../../src/roles/threads.ts";
import { MAP_REQUEST_OCTETS, type MapReply, MapRequest, MessageType, decodeDatagram, encodeMapRequest } from "../../src/wire/index.ts";
import { freePort } from "../support/process.ts";
import { Relay } from "../support/relay.ts";

const LOOPBACK = parseIp("127.0.0.1");
const FAILING = new URL("../support/failing-engine.ts", import.meta.url);
/** That all come to one of two threads happens once in 8 million runs. */
const QUERIERS = 24;
const DRIVERS = [{ driver: "dgram" as const, canRun: true }, { driver: "batched" as const, canRun: typeof loadNative() !== "string" }];
const log = makeLog({ level: "fatal" as "error", format: "json" });

let directory = "";
const open: { close(): Promise<void> }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-group-"));
  writeFileSync(join(directory, "mapping.txt"), "mab 192.0.2.0/24 lineage 1 position 1\n192.0.2.0-192.0.2.7 203.0.113.1\n");
});

afterEach(async () => {
  for (const part of open.splice(0).toReversed()) await part.close();
  rmSync(directory, { recursive: true });
});

function closing<T extends { close(): Promise<void> }>(part: T): T {
  open.push(part);
  return part;
}

async function openQsa(): Promise<{ qsa: EngineThread<"qsa">; port: number }> {
  const port = await freePort();
  const qsa = closing(new EngineThread("qsa", startEngine("qsa")));
  await qsa.open(qsaSchema.parse({ role: "qsa", listen: [`127.0.0.1:${port}`], mapping: [join(directory, "mapping.txt")] }));
  return { qsa, port };
}

function qscConfig(port: number, upstream: number, driver: QscConfig["driver"], engineThreads: number): QscConfig {
  return qscSchema.parse({ role: "qsc", listen: [`127.0.0.1:${port}`], upstreams: [`127.0.0.1:${upstream}`], driver, engineThreads, control: { socket: join(directory, `${port}.sock`) } });
}

function qsrConfig(port: number, dns: number, driver: QsrConfig["driver"]): QsrConfig {
  const parts = { dns: { servers: [`127.0.0.1:${dns}`], registries: [{ apex: "drtm.example" }] }, qsas: { allowLoopback: true } };
  return qsrSchema.parse({ role: "qsr", listen: [`127.0.0.1:${port}`], ...parts, driver, engineThreads: 2 });
}

/** With one MAB, of which one QSA is at a port of loopback. */
async function openQsr(qsaPort: number, driver: QsrConfig["driver"]): Promise<{ node: QsrNode; port: number }> {
  const port = await freePort();
  const node = closing(await QsrNode.open(qsrConfig(port, await freePort(), driver), log));
  const servers = [{ name: "here1.dsoc.example.", address: LOOPBACK, port: qsaPort, tier: 10, region: "", weight: 100 }];
  const mabs = [{ prefix: parsePrefix("192.0.2.0/24"), services: [0], set: "s" }];
  await node.engine.host.useCatalogue(mailOf(Catalogue.of({ mabs, services: [{ name: "s1.dsoc.example.", servers }] }), undefined));
  return { node, port };
}

function openGroup(config: QscConfig): EngineGroup<"qsc"> {
  return closing(new EngineGroup("qsc", startEngine("qsc"), config.engineThreads));
}

/** Each has a port of its own. */
function openQueriers(port: number): Promise<ItrClient[]> {
  return Promise.all(Array.from({ length: QUERIERS }, async () => closing(await ItrClient.open({ servers: [{ address: LOOPBACK, port }] }))));
}

/** One whom the kernel gives to the second of two threads: it has been answered by a QSR that asked nobody. */
async function querierOfSecond(node: QsrNode, port: number): Promise<ItrClient> {
  for (;;) {
    const [before] = (await node.status("qsr")).receivedByThread!;
    const querier = await ItrClient.open({ servers: [{ address: LOOPBACK, port }] });
    await querier.lookUp("198.51.100.1");
    const [after] = (await node.status("qsr")).receivedByThread!;
    if (after === before) return closing(querier);
    await querier.close();
  }
}

/** Asks for nothing but a reply, from a port that nobody had before. */
async function nullReply(port: number, request: MapRequest): Promise<MapReply> {
  const bytes = new Uint8Array(MAP_REQUEST_OCTETS);
  encodeMapRequest(new DataView(bytes.buffer), request);
  const socket = createSocket("udp4");
  socket.send(bytes, port, "127.0.0.1");
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  const decoded = decodeDatagram(answer);
  if (decoded.type !== MessageType.mapReply) throw new Error(`an answer of type ${decoded.type}`);
  return decoded.message;
}

/** Has all keep an address resolved; gives to which ETR each sends now. */
function watchAll(queriers: readonly ItrClient[], address: string): (string | null | undefined)[] {
  const etrs: (string | null | undefined)[] = queriers.map(() => undefined);
  for (const [index, querier] of queriers.entries()) querier.watch(address, (told) => { etrs[index] = told instanceof Error ? undefined : told.etr; });
  return etrs;
}

function all<T>(value: T): T[] {
  return Array.from({ length: QUERIERS }, () => value);
}

describe.each(DRIVERS)("two engine threads, $driver", ({ driver, canRun }) => {
  test.runIf(canRun)("of a QSR have queriers each, and a change reaches those of both", async () => {
    const { qsa, port: qsaPort } = await openQsa();
    const { node, port } = await openQsr(qsaPort, driver);
    const queriers = await openQueriers(port);
    const etrs = watchAll(queriers, "192.0.2.3");
    await expect.poll(() => etrs).toEqual(all("203.0.113.1"));
    // What the first answer does not promise is asked for again.
    await expect.poll(async () => (await node.status("qsr")).cache).toMatchObject({ entries: 2, promises: QUERIERS });
    const before = await node.status("qsr");
    expect(before.receivedByThread!.every((received) => received > 0)).toBe(true);
    expect(before.counters["received"]).toBe(before.receivedByThread![0]! + before.receivedByThread![1]!);
    expect(before.cache.maxEntries).toBe(262_144);

    await qsa.host.change(parseRange("192.0.2.0-192.0.2.7"), parseIp("203.0.113.9"));
    await expect.poll(() => etrs).toEqual(all("203.0.113.9"));
    expect((await qsa.host.status()).counters["updatesAcknowledged"]).toBeGreaterThanOrEqual(2);
    expect((await node.status("qsr")).counters["updatesSent"]).toBeGreaterThanOrEqual(QUERIERS);

    const why = await node.engine.host.why("192.0.2.3");
    expect(why.threads!.map(({ cached }) => cached?.etr)).toEqual(["203.0.113.9", "203.0.113.9"]);
    expect(await node.engine.host.flush("192.0.2.0-192.0.2.255")).toBe(2);
  });

  test.runIf(canRun)("of a QSC have one epoch, and take the cookie that one of them has given, from whatever port it comes", async () => {
    const port = await freePort();
    const config = qscConfig(port, await freePort(), driver, 2);
    const group = openGroup(config);
    await group.open({ config });
    const request = new MapRequest();
    request.header.clientCookieHi = 0xc11e47;
    const { header } = await nullReply(port, request);
    expect(header.hasServerCookie).toBe(true);
    Object.assign(request.header, { server0: header.server0, server1: header.server1, server2: header.server2, server3: header.server3 });
    const replies = await Promise.all(Array.from({ length: QUERIERS }, () => nullReply(port, request)));
    // Who brings a good one gets no other.
    expect(replies.filter((reply) => reply.header.hasServerCookie)).toEqual([]);
    expect(new Set(replies.map(({ body }) => `${body.epochHi} ${body.epochLo}`)).size).toBe(1);
    expect((await group.host.status()).receivedByThread!.every((received) => received > 0)).toBe(true);
  });

  test.runIf(canRun)("agree on a QSA again that one of them takes for dead, before it is asked for anything more", async () => {
    const [{ port: qsaPort }, relayed] = [await openQsa(), await freePort()];
    const relay = closing(await Relay.open(relayed, qsaPort));
    const { node, port } = await openQsr(relayed, driver);
    const verdicts = async (): Promise<string[]> => (await node.engine.host.why("192.0.2.3")).threads!.map(({ verdict }) => verdict);
    await expect.poll(verdicts).toEqual([expect.stringContaining("is asked: up"), expect.stringContaining("is asked: up")]);
    // Only the first has spoken to it so far, as it measures; and it will not again for some seconds.
    const [measuring] = relay.clientPorts;
    const querier = await querierOfSecond(node, port);
    relay.loses = (clientPort) => clientPort !== measuring;
    await expect(querier.lookUp("192.0.2.3")).rejects.toThrow("no QSA answered");
    // It was taken for dead after three of these.
    expect((await node.status("qsr")).counters["timeouts"]).toBeGreaterThanOrEqual(3);
    await expect.poll(verdicts, { timeout: 3_000 }).toEqual([expect.any(String), expect.stringContaining("is asked: up")]);
  });

  test.runIf(canRun)("of a QSC refuse a port that anybody has, and nobody else gets theirs, whatever its threads", async () => {
    const [port, upstream] = [await freePort(), await freePort()];
    await openGroup(qscConfig(port, upstream, driver, 2)).open({ config: qscConfig(port, upstream, driver, 2) });
    const problem = { name: "ThreadRefusal", code: "DRTM_LISTEN", message: `cannot listen on 127.0.0.1:${port}/udp: another process has this port; stop it, or choose another port` };
    await expect(openGroup(qscConfig(port, upstream, driver, 2)).open({ config: qscConfig(port, upstream, driver, 2) })).rejects.toMatchObject(problem);
    await expect(closing(new EngineThread("qsc", startEngine("qsc"))).open({ config: qscConfig(port, upstream, driver, 1) })).rejects.toMatchObject(problem);

    const other = createSocket("udp4").bind(0, "127.0.0.1");
    await once(other, "listening");
    const { port: taken } = other.address();
    await expect(openGroup(qscConfig(taken, upstream, driver, 2)).open({ config: qscConfig(taken, upstream, driver, 2) })).rejects.toMatchObject({ code: "DRTM_LISTEN" });
    other.close();
  });

  test.runIf(canRun)("of a QSC end when one of them fails, and give their port back", async () => {
    const port = await freePort();
    const running = closing(await runQsc(qscConfig(port, await freePort(), driver, 2), log, startEngine("qsc", FAILING)));
    expect((await running.failed).message).toBe("a bug");
    await running.close();
    const socket = createSocket("udp4").bind(port, "127.0.0.1");
    await once(socket, "listening");
    socket.close();
  });
});
