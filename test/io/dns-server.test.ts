import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { type DecodedPacket, type Packet, decode, encode } from "dns-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DnsServer } from "../../src/io/dns-server.ts";
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

async function exchange(packet: Packet | Buffer): Promise<{ reply: DecodedPacket & { rcode: string }; octets: number }> {
  const socket = createSocket("udp4");
  socket.send(Buffer.isBuffer(packet) ? packet : encode(packet), port, "127.0.0.1");
  const [bytes] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return { reply: decode(bytes) as DecodedPacket & { rcode: string }, octets: bytes.length };
}

function question(name: string, type: "TXT" | "SOA" | "A" = "TXT", edns = true): Packet {
  return { type: "query", id: 77, questions: [{ name, type, class: "IN" }], additionals: edns ? [EDNS] : [] };
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
    const tcp = connect(port, "127.0.0.1");
    const query = encode(question(BUCKET_LIST, "TXT", edns));
    tcp.write(Buffer.concat([Buffer.of(query.length >> 8, query.length & 255), query]));
    let received = Buffer.alloc(0);
    while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
      const [chunk] = (await once(tcp, "data")) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    tcp.destroy();
    expect(decode(received.subarray(2))).toMatchObject({ flag_tc: false });
    expect(decode(received.subarray(2)).answers!.length).toBeGreaterThan(3);
  });

  test("other opcodes are not implemented", async () => {
    const notify = encode(question("drtm.example", "SOA"));
    notify[2] = 0x20;
    expect((await exchange(notify)).reply.rcode).toBe("NOTIMP");
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
