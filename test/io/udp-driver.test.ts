import { execFileSync, spawnSync } from "node:child_process";
import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { nextU32 } from "../../src/io/random.ts";
import { ListenError } from "../../src/io/listen-error.ts";
import { QueryClient } from "../../src/io/query-client.ts";
import { UdpDriver } from "../../src/io/udp-driver.ts";
import { ResultCode } from "../../src/wire/index.ts";
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

let qsa: Qsa;
let driver: UdpDriver;
let port: number;

beforeEach(async () => {
  const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 1000, maxQueriesPerSecondPerNetwork: 1_000_000, maxWaiting: 256 };
  qsa = new Qsa({ limits: LIMITS, clients, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore(MAPPING));
  driver = await UdpDriver.open(qsa, [{ address: LOOPBACK, port: 0 }]);
  port = Number(driver.endpoint(0).split(":")[1]);
});

afterEach(() => driver.close());

async function ask(address: string): Promise<number> {
  const client = await QueryClient.connect({ address: LOOPBACK, port }, 1000);
  try {
    return (await client.ask(parseIp(address))).reply.result;
  } finally {
    client.close();
  }
}

describe("the driver on real sockets", () => {
  test("answers", async () => {
    expect(await ask("192.0.2.7")).toBe(ResultCode.mapping);
    expect(await ask("198.51.100.1")).toBe(ResultCode.notAuthoritative);
  });

  test.runIf(canForge)("drops datagrams from source port 0, and lives (needs root, perl and raw sockets)", async () => {
    execFileSync("perl", ["-e", FORGE, String(port)]);
    await expect.poll(() => driver.counters.portZero).toBe(1);
    expect(await ask("192.0.2.7")).toBe(ResultCode.mapping);
  });

  test("a datagram with source port 0, as the socket hands it over, draws no answer", async () => {
    let seen: Socket | undefined;
    const own = await UdpDriver.open(qsa, [{ address: LOOPBACK, port: 0 }], { send: (socket) => (seen = socket) });
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

  test("an empty datagram and one of 9,000 octets are counted and dropped", async () => {
    const sender = createSocket("udp4");
    sender.send(new Uint8Array(0), port, "127.0.0.1");
    sender.send(new Uint8Array(9000).fill(0xd1), port, "127.0.0.1");
    await expect.poll(() => qsa.server.counters.malformedDatagrams).toBe(2);
    sender.close();
    expect(await ask("192.0.2.7")).toBe(ResultCode.mapping);
  });

  test("one that floods is told so, others are not", async () => {
    const sender = createSocket("udp4");
    const request = new Uint8Array(120);
    request.set([0xd1, 1]);
    for (let sent = 0; sent < 1500; sent++) sender.send(request, port, "127.0.0.1");
    await expect.poll(() => qsa.server.responder.counters.limited).toBeGreaterThan(0);
    expect(await ask("192.0.2.7")).toBe(ResultCode.mapping);
    sender.close();
  });

  test("a port in use, and an address this machine does not have, are named", async () => {
    await expect(UdpDriver.open(qsa, [{ address: LOOPBACK, port }])).rejects.toThrow(`cannot listen on 127.0.0.1:${port}/udp: another process has this port`);
    await expect(UdpDriver.open(qsa, [{ address: parseIp("192.0.2.1"), port: 0 }])).rejects.toThrow(ListenError);
  });

  test("when the second socket cannot be bound, the first is given back", async () => {
    const free = createSocket("udp4");
    free.bind(0, "127.0.0.1");
    await once(free, "listening");
    const { port: other } = free.address();
    free.close();
    await once(free, "close");
    const binding = { address: LOOPBACK, port: other };
    await expect(UdpDriver.open(qsa, [binding, { address: LOOPBACK, port }])).rejects.toThrow(ListenError);
    await (await UdpDriver.open(qsa, [binding])).close();
  });
});
