import { execFileSync, spawnSync } from "node:child_process";
import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import type { Engine } from "../../src/core/engine.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { BatchedDriver } from "../../src/io/batch/batched-driver.ts";
import { type Native, loadNative } from "../../src/io/batch/native.ts";
import { nextU32 } from "../../src/io/random.ts";
import { ListenError } from "../../src/io/listen-error.ts";
import { QueryClient } from "../../src/io/query-client.ts";
import { type Binding, UdpDriver, canBind } from "../../src/io/udp-driver.ts";
import { MAP_REQUEST_OCTETS, MapRequest, ResultCode, encodeMapRequest } from "../../src/wire/index.ts";
import { LIMITS, MAPPING } from "../support/world.ts";

const LOOPBACK = parseIp("127.0.0.1");
/** Who sets the source port themselves needs root, a kernel with raw sockets, and a language that has them: perl-base is on every Debian. */
const OPEN_RAW = "use Socket; socket(my $s, PF_INET, SOCK_RAW, 17) or exit 1;";
const canForge = process.getuid?.() === 0 && spawnSync("perl", ["-e", OPEN_RAW]).status === 0;

const FORGE = `
use Socket;
my ($port) = @ARGV;
socket(my $s, PF_INET, SOCK_RAW, 17) or die $!;
my $payload = "\\xd1\\x01" . ("\\0" x 118);
my $udp = pack("n4", 0, $port, 8 + length $payload, 0) . $payload;
send($s, $udp, 0, pack_sockaddr_in(0, inet_aton("127.0.0.1"))) or die $!;
`;

interface OpenDriver {
  readonly driver: Pick<UdpDriver, "counters" | "endpoint">;
  close(): Promise<void>;
}

type Open = (engine: Engine, bindings: readonly Binding[]) => Promise<OpenDriver>;

const native = loadNative();

const byDgram: Open = async (engine, bindings) => {
  const driver = await UdpDriver.open(engine, bindings);
  return { driver, close: () => driver.close() };
};

/** Turn by turn, between which this process does its other work. */
const byBatches: Open = async (engine, bindings) => {
  if (typeof native === "string") throw new Error(native);
  const driver = new BatchedDriver(native, engine, bindings);
  const turning = setInterval(() => driver.turn(0), 1);
  return {
    driver,
    close: async () => {
      clearInterval(turning);
      driver.close();
    },
  };
};

const DRIVERS: readonly (readonly [string, Open])[] = [["node:dgram", byDgram], ...(typeof native === "string" ? [] : [["batches", byBatches] as const])];

function newQsa(): Qsa {
  const clients = { allow: [parsePrefix("127.0.0.0/8"), parsePrefix("::/64")], maxQueriesPerSecond: 1000, maxQueriesPerSecondPerNetwork: 1_000_000, maxWaiting: 256 };
  return new Qsa({ limits: LIMITS, clients, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore(MAPPING));
}

function portOf({ driver }: OpenDriver): number {
  return Number(driver.endpoint(0).split(":").at(-1));
}

async function ask(server: string, port: number, address: string): Promise<number> {
  const client = await QueryClient.connect({ address: parseIp(server), port }, 1000);
  try {
    return (await client.ask(parseIp(address))).reply.result;
  } finally {
    client.close();
  }
}

const hasIpv6 = await canBind({ address: parseIp("::1"), port: 0 });

describe.each(DRIVERS)("an engine on real sockets, by %s", (_name, open) => {
  let qsa: Qsa;
  let opened: OpenDriver;
  let port: number;

  beforeEach(async () => {
    qsa = newQsa();
    opened = await open(qsa, [{ address: LOOPBACK, port: 0 }]);
    port = portOf(opened);
  });

  afterEach(() => opened.close());

  test("answers", async () => {
    expect(await ask("127.0.0.1", port, "192.0.2.7")).toBe(ResultCode.mapping);
    expect(await ask("127.0.0.1", port, "198.51.100.1")).toBe(ResultCode.notAuthoritative);
    expect(opened.driver.counters).toMatchObject({ sendErrors: 0, received: opened.driver.counters.sent });
  });

  test.runIf(hasIpv6)("answers over IPv6 (needs ::1)", async () => {
    const own = await open(newQsa(), [{ address: parseIp("::1"), port: 0 }]);
    expect(own.driver.endpoint(0)).toMatch(/^\[::1\]:\d+$/);
    expect(await ask("::1", portOf(own), "2001:db8::1")).toBe(ResultCode.mapping);
    await own.close();
  });

  test("two links answer each on its own", async () => {
    const own = await open(newQsa(), [{ address: LOOPBACK, port: 0 }, { address: parseIp("127.0.0.2"), port: 0 }]);
    expect(await ask("127.0.0.1", portOf(own), "192.0.2.7")).toBe(ResultCode.mapping);
    expect(await ask("127.0.0.2", Number(own.driver.endpoint(1).split(":")[1]), "192.0.2.7")).toBe(ResultCode.mapping);
    await own.close();
  });

  test.runIf(canForge)("drops datagrams from source port 0, and lives (needs root, perl and raw sockets)", async () => {
    execFileSync("perl", ["-e", FORGE, String(port)]);
    await expect.poll(() => opened.driver.counters.portZero).toBe(1);
    expect(await ask("127.0.0.1", port, "192.0.2.7")).toBe(ResultCode.mapping);
  });

  test("an empty datagram and one of 9,000 octets are counted and dropped", async () => {
    const sender = createSocket("udp4");
    sender.send(new Uint8Array(0), port, "127.0.0.1");
    sender.send(new Uint8Array(9000).fill(0xd1), port, "127.0.0.1");
    await expect.poll(() => qsa.server.counters.malformedDatagrams).toBe(2);
    sender.close();
    expect(await ask("127.0.0.1", port, "192.0.2.7")).toBe(ResultCode.mapping);
  });

  test("one that floods is told so, others are not", async () => {
    const sender = createSocket("udp4");
    const request = new Uint8Array(120);
    request.set([0xd1, 1]);
    for (let sent = 0; sent < 1500; sent++) sender.send(request, port, "127.0.0.1");
    await expect.poll(() => qsa.server.responder.counters.limited).toBeGreaterThan(0);
    expect(await ask("127.0.0.1", port, "192.0.2.7")).toBe(ResultCode.mapping);
    sender.close();
  });

  test("a port in use, and an address this machine does not have, are named", async () => {
    await expect(open(qsa, [{ address: LOOPBACK, port }])).rejects.toThrow(`cannot listen on 127.0.0.1:${port}/udp: another process has this port`);
    await expect(open(qsa, [{ address: parseIp("192.0.2.1"), port: 0 }])).rejects.toThrow(ListenError);
  });

  test("when the second socket cannot be bound, the first is given back", async () => {
    const free = createSocket("udp4");
    free.bind(0, "127.0.0.1");
    await once(free, "listening");
    const { port: other } = free.address();
    free.close();
    await once(free, "close");
    const binding = { address: LOOPBACK, port: other };
    await expect(open(qsa, [binding, { address: LOOPBACK, port }])).rejects.toThrow(ListenError);
    await (await open(qsa, [binding])).close();
  });
});

test("node:dgram: a datagram with source port 0, as the socket hands it over, draws no answer", async () => {
  let seen: Socket | undefined;
  const own = await UdpDriver.open(newQsa(), [{ address: LOOPBACK, port: 0 }], { send: (socket) => (seen = socket) });
  const client = createSocket("udp4");
  const request = new Uint8Array(120);
  request.set([0xd1, 1]);
  client.send(request, Number(own.endpoint(0).split(":")[1]), "127.0.0.1");
  await expect.poll(() => seen).toBeDefined();
  const sent = own.counters.sent;
  seen!.emit("message", Buffer.from(request), { address: "127.0.0.1", family: "IPv4", port: 0, size: 120 });
  expect(own.counters).toMatchObject({ portZero: 1, sent });
  client.close();
  await own.close();
});

describe.runIf(typeof native !== "string")("in batches", () => {
  test("a server bound to all addresses answers from the one that was asked", async () => {
    const own = await byBatches(newQsa(), [{ address: parseIp("0.0.0.0"), port: 0 }]);
    // The client's socket is connected: an answer from another address does not reach it.
    for (const address of ["127.0.0.1", "127.0.0.9"]) expect(await ask(address, portOf(own), "192.0.2.7")).toBe(ResultCode.mapping);
    await own.close();
  });

  test.runIf(hasIpv6)("and so over IPv6 (needs ::1)", async () => {
    const own = await byBatches(newQsa(), [{ address: parseIp("::"), port: 0 }]);
    expect(await ask("::1", portOf(own), "192.0.2.7")).toBe(ResultCode.mapping);
    await own.close();
  });

  test("more datagrams than a batch holds are all answered, in order", async () => {
    const own = await byBatches(newQsa(), [{ address: LOOPBACK, port: 0 }]);
    const client = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    const order: number[] = [];
    client.on("message", (bytes) => order.push(bytes.readUInt32BE(4)));
    for (let sequence = 0; sequence < 300; sequence++) client.send(nullRequest(sequence), portOf(own), "127.0.0.1");
    await expect.poll(() => order.length).toBe(300);
    expect(order).toEqual(Array.from({ length: 300 }, (_, sequence) => sequence));
    client.close();
    await own.close();
  });

  test("what comes together is looked ahead for, with its sender once that is known, and then taken", async () => {
    const qsa = newQsa();
    const steps: string[] = [];
    const engine: Engine = {
      peers: qsa.peers,
      foresight: {
        isWorthIt: true,
        note: (peer, view) => steps.push(`note ${view.getUint32(4)} of ${peer}`),
        look: () => steps.push("look"),
      },
      handleDatagram: (now, peer, view, length) => {
        steps.push(`take ${view.getUint32(4)} of ${peer}`);
        qsa.handleDatagram(now, peer, view, length);
      },
      pollTransmit: (out) => qsa.pollTransmit(out),
      pollTimeout: () => qsa.pollTimeout(),
      handleTimeout: (now) => {
        qsa.handleTimeout(now);
      },
    };
    const driver = new BatchedDriver(native as Native, engine, [{ address: LOOPBACK, port: 0 }]);
    const client = createSocket("udp4");
    const sent = (sequence: number): Promise<void> =>
      new Promise((resolve) => {
        client.send(nullRequest(sequence), Number(driver.endpoint(0).split(":").at(-1)), "127.0.0.1", () => {
          resolve();
        });
      });
    // One that comes alone is worth no look.
    const expected = [["take 0 of 0"], ["note 1 of 0", "note 2 of 0", "look", "take 1 of 0", "take 2 of 0"]];
    for (const [sequences, wanted] of [[[0], expected[0]], [[1, 2], expected[1]]] as const) {
      for (const sequence of sequences) await sent(sequence);
      steps.length = 0;
      driver.turn(1_000_000);
      expect(steps).toEqual(wanted);
    }
    client.close();
    driver.close();
  });

  test("the alarm ends a wait without end, once", async () => {
    const driver = new BatchedDriver(native as Native, newQsa(), [{ address: LOOPBACK, port: 0 }]);
    const alarmed = Buffer.alloc(8);
    alarmed.writeBigUInt64LE(1n);
    writeSync(driver.alarm, alarmed);
    expect(driver.turn(Infinity)).toBe(true);
    expect(driver.turn(0)).toBe(false);
    driver.close();
  });
});

function nullRequest(sequence: number): Uint8Array {
  const request = new MapRequest();
  request.header.sequence = sequence;
  const bytes = new Uint8Array(MAP_REQUEST_OCTETS);
  encodeMapRequest(new DataView(bytes.buffer), request);
  return bytes;
}
