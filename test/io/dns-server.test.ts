import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { type DecodedPacket, type Packet, type RecordType, decode, encode } from "dns-packet";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DnsServer, type DnsServerOptions } from "../../src/io/dns-server.ts";
import { ListenError } from "../../src/io/listen-error.ts";
import { registry } from "../support/registry.ts";

/** So many /24s that their bucket list does not fit 1,232 octets. */
const PREFIXES = Array.from({ length: 12_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
const RECORDS = registry(7, [{ services: ["s1.dsoc-a.example."], prefixes: PREFIXES }]);
const BUCKET_LIST = RECORDS.find(({ name }) => name.startsWith("ix."))!.name.replace(/\.$/, "");

let server: DnsServer;
let port: number;

beforeAll(async () => {
  server = new DnsServer([RECORDS]);
  port = await server.listen("127.0.0.1", 0);
});

afterAll(() => server.close());

const EDNS = { type: "OPT", name: ".", udpPayloadSize: 4096, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] as [] } as const;

async function exchange(packet: Packet | Buffer, to = port, address = "127.0.0.1"): Promise<{ reply: DecodedPacket & { rcode: string }; octets: number }> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.send(Buffer.isBuffer(packet) ? packet : encode(packet), to, address);
  const [bytes] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return { reply: decode(bytes) as DecodedPacket & { rcode: string }, octets: bytes.length };
}

function framed(packet: Packet): Buffer {
  const bytes = encode(packet);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

async function exchangeTcp(to: number, packet: Packet): Promise<DecodedPacket & { rcode: string }> {
  const tcp = connect(to, "127.0.0.1");
  tcp.write(framed(packet));
  let received = Buffer.alloc(0);
  while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
    const [chunk] = (await once(tcp, "data")) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  tcp.destroy();
  return decode(received.subarray(2)) as DecodedPacket & { rcode: string };
}

type Asked = "TXT" | "SOA" | "A" | "AXFR" | "IXFR" | "ANY";

function question(name: string, type: Asked = "TXT", edns = true): Packet {
  return { type: "query", id: 77, questions: [{ name, type: type as RecordType, class: "IN" }], additionals: edns ? [EDNS] : [] };
}

describe("the embedded name server", () => {
  test("answers with authority, and with the question as it was written", async () => {
    const { reply } = await exchange(question("VeRsIoN.drtm.EXAMPLE"));
    expect(reply).toMatchObject({ id: 77, rcode: "NOERROR", flag_aa: true, flag_tc: false });
    expect(reply.questions![0]!.name).toBe("VeRsIoN.drtm.EXAMPLE");
    expect(reply.answers).toMatchObject([{ type: "TXT", data: [Buffer.from("drtm1")] }]);
  });

  test.each([
    ["nothing.drtm.example", "NXDOMAIN", 1],
    ["version.drtm.example", "NOERROR", 1],
    ["idx.drtm.example", "NOERROR", 1],
    ["sets.drtm.example", "NOERROR", 1],
    ["other.example", "REFUSED", 0],
  ])("A of %s: %s", async (name, rcode, soas) => {
    const { reply } = await exchange(question(name, "A"));
    expect(reply.rcode).toBe(rcode);
    expect(reply.answers).toEqual([]);
    expect(reply.authorities!.filter(({ type }) => type === "SOA")).toHaveLength(soas);
  });

  test.each([
    [true, 1232],
    [false, 512],
  ])("what does not fit is truncated (EDNS %s: %i octets), and whole over TCP", async (edns, limit) => {
    const { reply, octets } = await exchange(question(BUCKET_LIST, "TXT", edns));
    expect(reply).toMatchObject({ flag_tc: true, answers: [] });
    expect(octets).toBeLessThanOrEqual(limit);
    const whole = await exchangeTcp(port, question(BUCKET_LIST, "TXT", edns));
    expect(whole).toMatchObject({ flag_tc: false });
    expect(whole.answers!.length).toBeGreaterThan(3);
  });

  test("other opcodes are not implemented", async () => {
    const notify = encode(question("drtm.example", "SOA"));
    notify[2] = 0x20;
    expect((await exchange(notify)).reply.rcode).toBe("NOTIMP");
  });

  test.each<Asked>(["AXFR", "IXFR", "ANY"])("%s is refused, over UDP and TCP", async (type) => {
    const { reply, octets } = await exchange(question("drtm.example", type));
    expect(reply).toMatchObject({ rcode: "REFUSED", answers: [], authorities: [] });
    expect(octets).toBeLessThanOrEqual(encode(question("drtm.example", type)).length);
    expect(await exchangeTcp(port, question("drtm.example", type))).toMatchObject({ rcode: "REFUSED", answers: [] });
  });

  test("answers sent to it, and garbage, draw nothing; it lives", async () => {
    const socket = createSocket("udp4");
    const before = { ...server.counters };
    const answer = encode({ ...question("version.drtm.example"), type: "response" });
    for (const bytes of [answer, Buffer.from([1]), Buffer.alloc(40, 255)]) socket.send(bytes, port, "127.0.0.1");
    await expect.poll(() => server.counters.ignored + server.counters.malformed).toBeGreaterThanOrEqual(before.ignored + before.malformed + 3);
    socket.close();
    expect((await exchange(question("version.drtm.example"))).reply.rcode).toBe("NOERROR");
  });

  test("a port in use is named", async () => {
    await expect(new DnsServer([RECORDS]).listen("127.0.0.1", port)).rejects.toThrow(ListenError);
    await expect(new DnsServer([RECORDS]).listen("127.0.0.1", port)).rejects.toThrow(`cannot serve DNS on 127.0.0.1:${port}/tcp: another process has this port`);
  });
});

describe("hostile clients", () => {
  const own: DnsServer[] = [];
  const clients: Socket[] = [];

  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    for (const one of own.splice(0)) await one.close();
  });

  async function serve(options: Partial<DnsServerOptions> = {}, address = "127.0.0.1"): Promise<{ at: number; hostile: DnsServer }> {
    const hostile = new DnsServer([RECORDS], options);
    own.push(hostile);
    return { at: await hostile.listen(address, 0), hostile };
  }

  /** A connection, and what tells that it has been closed. */
  async function open(to: number): Promise<{ socket: Socket; closed: Promise<string> }> {
    const socket = connect(to, "127.0.0.1");
    clients.push(socket);
    socket.on("error", () => undefined);
    const closed = new Promise<string>((done) => socket.once("close", () => { done("closed"); }));
    await once(socket, "connect");
    return { socket, closed };
  }

  test("one that asks on and on and reads nothing is cut off, with little asked", async () => {
    const { at, hostile } = await serve();
    const { socket } = await open(at);
    socket.pause();
    const queries = Buffer.concat(Array<Buffer>(100).fill(framed(question(BUCKET_LIST))));
    for (let sent = 0; sent < 500 && !socket.destroyed; sent++) {
      socket.write(queries);
      await new Promise(setImmediate);
    }
    expect(socket.destroyed).toBe(true);
    expect(hostile.counters.queries).toBeLessThan(20_000);
  });

  test("one that never ends its query, but sends an octet now and then, is cut off", async () => {
    const { at } = await serve({ queryDeadlineMs: 150 });
    const { socket, closed } = await open(at);
    socket.write(Buffer.of(255, 255));
    const drip = setInterval(() => socket.write(Buffer.of(0)), 20);
    expect(await closed).toBe("closed");
    clearInterval(drip);
  });

  test("one that asks in time stays", async () => {
    const { at } = await serve({ queryDeadlineMs: 300 });
    const { socket } = await open(at);
    const started = performance.now();
    while (performance.now() - started < 600) {
      socket.write(framed(question("version.drtm.example")));
      await once(socket, "data");
    }
    expect(socket.destroyed).toBe(false);
  });

  test("more connections than there may be are closed at once, the others are served", async () => {
    const { at } = await serve({ maxConnections: 2 });
    const [first] = [await open(at), await open(at)];
    const third = await open(at);
    await third.closed;
    first.socket.write(framed(question("version.drtm.example")));
    expect(await once(first.socket, "data")).toHaveLength(1);
  });

  test("an open connection does not keep the server from closing", async () => {
    const { at, hostile } = await serve();
    const { socket, closed } = await open(at);
    socket.write(framed(question("version.drtm.example")));
    await once(socket, "data");
    await hostile.close();
    expect(await closed).toBe("closed");
  }, 5_000);

  test("a source that is not near gets no more octets over UDP than it has sent, and all over TCP", async () => {
    const { at } = await serve({ isNear: () => false });
    for (const asked of [question("drtm.example", "SOA"), question(BUCKET_LIST), question("nothing.drtm.example", "A", false)]) {
      const { reply, octets } = await exchange(asked, at);
      expect(reply).toMatchObject({ flag_tc: true, answers: [], authorities: [] });
      expect(octets).toBeLessThanOrEqual(encode(asked).length);
    }
    expect((await exchangeTcp(at, question("drtm.example", "SOA"))).answers).toHaveLength(1);
  });

  test.runIf(Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1"))("IPv6 loopback is near", async () => {
    const { at } = await serve({}, "::1");
    const { reply } = await exchange(question("drtm.example", "SOA"), at, "::1");
    expect(reply).toMatchObject({ flag_tc: false, answers: [{ type: "SOA" }] });
  });
});
