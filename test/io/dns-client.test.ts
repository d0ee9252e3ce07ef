import { type RemoteInfo, type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { type Server, type Socket as TcpSocket, createServer } from "node:net";
import { AUTHENTIC_DATA, type DecodedPacket, type Packet, TRUNCATED_RESPONSE, decode, encode } from "dns-packet";
import { afterEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import type { Demand } from "../../src/dns/discovery/types.ts";
import { RecordType, decodeTxt } from "../../src/dns/records/index.ts";
import { type DnsAnswer, DnsClient, type DnsClientOptions } from "../../src/io/dns-client.ts";
import { freePort } from "../support/process.ts";

const NAME = "version.drtm.example.";

/** What a scripted name server does with a question. */
type Script = (query: DecodedPacket, reply: (packet: Packet | Buffer) => void, raw: Buffer) => void;
type TcpScript = (socket: TcpSocket, message: Buffer) => void;

const open: { close(): void }[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A name server that does as the scripts say; gives its port. */
async function nameServer(script: Script, tcp?: TcpScript): Promise<number> {
  const udp: Socket = createSocket("udp4");
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  const { port } = udp.address();
  open.push(udp);
  udp.on("message", (bytes: Buffer, source: RemoteInfo) => {
    const reply = (packet: Packet | Buffer): void => {
      udp.send(Buffer.isBuffer(packet) ? packet : encode(packet), source.port, source.address);
    };
    script(decode(bytes), reply, bytes);
  });
  if (tcp === undefined) return port;
  try {
    await listenTcp(port, tcp);
    return port;
  } catch (error) {
    // A port that is free for UDP may be another program's for TCP.
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return nameServer(script, tcp);
  }
}

async function listenTcp(port: number, script: TcpScript): Promise<void> {
  const sockets = new Set<TcpSocket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      script(socket, bytes.subarray(2));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}

function client(ports: readonly number[], options: Partial<DnsClientOptions> = {}): DnsClient {
  const servers = ports.map((port) => ({ address: parseIp("127.0.0.1"), port }));
  return new DnsClient({ servers, deadlineMs: 600, firstTimeoutMs: 150, ...options });
}

async function ask(ports: readonly number[], options: Partial<DnsClientOptions> = {}): Promise<string[]> {
  const { records } = await client(ports, options).query(NAME, RecordType.TXT);
  return records.flatMap(({ data }) => decodeTxt(data));
}

/** The right answer. */
function right(query: DecodedPacket, text = "drtm1"): Packet {
  return { type: "response", id: query.id!, flags: 0, questions: query.questions!, answers: [{ type: "TXT", name: query.questions![0]!.name, ttl: 60, data: text }] };
}

describe("what is no answer to the question is passed over, and the right one still taken", () => {
  test.each<[string, (query: DecodedPacket, raw: Buffer) => Packet | Buffer]>([
    ["another id", (query) => ({ ...right(query, "forged"), id: (query.id! + 1) & 0xffff })],
    ["another question", (query) => ({ ...right(query, "forged"), questions: [{ type: "TXT", name: "other.example", class: "IN" }] })],
    ["another type", (query) => ({ ...right(query, "forged"), questions: [{ ...query.questions![0]!, type: "A" }] })],
    ["other letter case", (query) => ({ ...right(query, "forged"), questions: [{ ...query.questions![0]!, name: swapCase(query.questions![0]!.name) }] })],
    ["no question", (query) => ({ ...right(query, "forged"), questions: [] })],
    ["the query itself, reflected", (_query, raw) => raw],
    ["garbage", () => Buffer.from([1, 2, 3])],
    ["nothing", () => Buffer.alloc(0)],
    ["9,000 octets", () => Buffer.alloc(9000, 255)],
  ])("%s", async (_what, wrong) => {
    const port = await nameServer((query, reply, raw) => {
      reply(wrong(query, raw));
      reply(right(query));
    });
    expect(await ask([port])).toEqual(["drtm1"]);
  });

  test("an answer from another port", async () => {
    const forger = createSocket("udp4");
    open.push(forger);
    const port = await nameServer((query, reply) => {
      forger.send(encode(right(query, "forged")), 9, "127.0.0.1");
      reply(right(query));
    });
    expect(await ask([port])).toEqual(["drtm1"]);
  });

  test("records of other names are not taken, aliases in the answer are followed", async () => {
    const port = await nameServer((query, reply) => {
      const { name } = query.questions![0]!;
      const answers: Packet["answers"] = [
        { type: "TXT", name: "evil.example", ttl: 60, data: "forged" },
        { type: "CNAME", name, ttl: 60, data: "real.drtm.example" },
        { type: "TXT", name: "real.drtm.example", ttl: 60, data: "drtm1" },
      ];
      reply({ ...right(query), answers });
    });
    expect(await ask([port])).toEqual(["drtm1"]);
  });
});

/** A DNS server's EDNS record with an extended RCODE. */
function opt(extendedRcode: number): NonNullable<Packet["additionals"]>[number] {
  return { type: "OPT", name: ".", udpPayloadSize: 1232, extendedRcode, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
}

/** That an answer says one of these. */
function demanding(...texts: readonly string[]): Demand {
  const check = ({ records }: Pick<DnsAnswer, "records">): void => {
    const [text = ""] = records.flatMap(({ data }) => decodeTxt(data));
    if (!texts.includes(text)) throw new Error(`${text} is not wanted`);
  };
  return { evidence: "none", check };
}

describe("evidence", () => {
  test.each([
    ["none", { cd: false, ad: false, do: false }],
    ["signatures", { cd: true, ad: false, do: true }],
    ["word", { cd: false, ad: true, do: false }],
  ] as const)("%s: the flags of the question say so", async (evidence, flags) => {
    const seen: unknown[] = [];
    const port = await nameServer((query, reply) => {
      const edns = query.additionals?.[0] as unknown as { flag_do: boolean };
      seen.push({ cd: query.flag_cd, ad: query.flag_ad, do: edns.flag_do });
      reply(right(query));
    });
    await client([port]).queryWith(NAME, RecordType.TXT, { evidence });
    expect(seen).toEqual([flags]);
  });

  test("signatures and the authority section come with the answer, and the resolver's word", async () => {
    const port = await nameServer((query, reply) => {
      const authorities: Packet["authorities"] = [{ type: "NSEC", name: "a.example", ttl: 60, data: { nextDomain: "b.example", rrtypes: ["TXT"] } }];
      reply({ ...right(query), answers: [], authorities, flags: AUTHENTIC_DATA | 3 });
    });
    const answer = await client([port]).queryWith(NAME, RecordType.TXT, { evidence: "signatures" });
    expect(answer).toMatchObject({ rcode: "NXDOMAIN", authenticated: true, records: [], sections: [{ name: "a.example.", type: RecordType.NSEC }] });
  });

  test("an answer that will not do: the next server is asked, and the first not again; where none will do, every reason is told", async () => {
    let asked = 0;
    const [bad, good] = await Promise.all(["bad", "good"].map((text) => nameServer((query, reply) => {
      asked++;
      reply(right(query, text));
    })));
    const { server } = await client([bad!, good!]).queryWith(NAME, RecordType.TXT, demanding("good"));
    expect(server).toBe(`127.0.0.1:${good}`);
    asked = 0;
    const refused = client([bad!, good!]).queryWith(NAME, RecordType.TXT, demanding());
    await expect(refused).rejects.toThrow(`every answer for ${NAME} TXT is refused (127.0.0.1:${bad}: bad is not wanted; 127.0.0.1:${good}: good is not wanted)`);
    expect(asked).toBe(2);
  });
});

describe("servers that fail", () => {
  test.each([2, 5])("rcode %i: the next one is asked", async (rcode) => {
    const bad = await nameServer((query, reply) => {
      reply({ ...right(query), answers: [], flags: rcode });
    });
    const good = await nameServer((query, reply) => {
      reply(right(query));
    });
    expect(await ask([bad, good])).toEqual(["drtm1"]);
  });

  test.each([
    ["an extended RCODE counts, whatever the header says", [opt(1)], "RCODE 16"],
    ["one that has its highest bit set, too", [opt(128)], "RCODE 2048"],
    ["two EDNS records are malformed", [opt(0), opt(0)], "more than one OPT"],
  ])("%s", async (_what, additionals, problem) => {
    const port = await nameServer((query, reply) => {
      reply({ ...right(query), answers: [], additionals });
    });
    await expect(ask([port])).rejects.toThrow(problem);
  });

  test("a record that cannot be read: told so at once", async () => {
    const port = await nameServer((query, reply) => {
      const { name } = query.questions![0]!;
      const answer = encode({ ...right(query), answers: [{ type: "CNAME", name, ttl: 60, data: "a.example" }] });
      answer.writeUInt16BE(0xffff, answer.length - 2);
      reply(answer);
    });
    const started = performance.now();
    await expect(ask([port], { deadlineMs: 10_000 })).rejects.toThrow(`127.0.0.1:${port}: its answer is malformed`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("silence once: asked again, with another id", async () => {
    const ids: number[] = [];
    const port = await nameServer((query, reply) => {
      ids.push(query.id!);
      if (ids.length > 1) reply(right(query));
    });
    expect(await ask([port])).toEqual(["drtm1"]);
    expect(ids).toHaveLength(2);
  });

  test("silence for ever ends at the deadline; the message names question and server", async () => {
    const port = await nameServer(() => undefined);
    await expect(ask([port])).rejects.toThrow(`no answer for ${NAME} TXT (127.0.0.1:${port}: no answer)`);
  });

  test("nobody there", async () => {
    const port = await freePort();
    await expect(ask([port])).rejects.toThrow(`127.0.0.1:${port}: `);
  });

  test("all refuse: told so at once", async () => {
    const port = await nameServer((query, reply) => {
      reply({ ...right(query), answers: [], flags: 5 });
    });
    const started = performance.now();
    await expect(ask([port], { deadlineMs: 10_000 })).rejects.toThrow("REFUSED");
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

const truncate: Script = (query, reply) => {
  reply({ ...right(query), answers: [], flags: TRUNCATED_RESPONSE });
};
const framed = (packet: Packet): Buffer => {
  const bytes = encode(packet);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
};

describe("truncated answers are fetched over TCP", () => {
  test("whole, in pieces", async () => {
    const port = await nameServer(truncate, (socket, message) => {
      const bytes = framed(right(decode(message)));
      socket.write(bytes.subarray(0, 1));
      setImmediate(() => {
        socket.write(bytes.subarray(1, 7));
        setImmediate(() => socket.write(bytes.subarray(7)));
      });
    });
    expect(await ask([port])).toEqual(["drtm1"]);
  });

  test.each<[string, TcpScript]>([
    ["silent", () => undefined],
    ["one octet, then nothing", (socket) => socket.write(Buffer.of(0))],
    ["closing at once", (socket) => socket.destroy()],
    ["the answer to another question", (socket, message) => socket.write(framed({ ...right(decode(message)), id: 1 }))],
    ["garbage", (socket) => socket.write(Buffer.alloc(70_000, 7))],
    ["truncated again", (socket, message) => socket.write(framed({ ...right(decode(message)), answers: [], flags: TRUNCATED_RESPONSE }))],
  ])("%s: ends at the deadline", async (_what, script) => {
    const port = await nameServer(truncate, script);
    const started = performance.now();
    await expect(ask([port])).rejects.toThrow(`127.0.0.1:${port}: `);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

test("a server that nothing can be sent to is one that fails, and the next is asked", async () => {
  const port = await nameServer((query, reply) => {
    reply(right(query));
  });
  // Broadcast is refused by every kernel at once, as a missing route is.
  const servers = [{ address: parseIp("255.255.255.255"), port: 53 }, { address: parseIp("127.0.0.1"), port }];
  const { server } = await new DnsClient({ servers, deadlineMs: 600, firstTimeoutMs: 150 }).query(NAME, RecordType.TXT);
  expect(server).toBe(`127.0.0.1:${port}`);
  const only = new DnsClient({ servers: servers.slice(0, 1), deadlineMs: 600, firstTimeoutMs: 150 });
  await expect(only.query(NAME, RecordType.TXT)).rejects.toThrow("255.255.255.255:53: connect EACCES");
});

test.each<[string, Script, TcpScript]>([
  ["is silent over TCP", truncate, () => undefined],
  ["sends half an answer over TCP", truncate, (socket) => { socket.write(Buffer.from([0, 200, 1])); }],
])("a server that %s, where it said that there is more, does not take the whole time: the next is asked", async (_what, script, tcp) => {
  const [bad, good] = [await nameServer(script, tcp), await nameServer((query, reply) => { reply(right(query)); })];
  expect(await ask([bad, good], { deadlineMs: 2_000 })).toEqual(["drtm1"]);
});

test("an answer that is truncated over TCP too is an error that says so, not an empty answer", async () => {
  const port = await nameServer(truncate, (socket, message) => socket.write(framed({ ...right(decode(message)), answers: [], flags: TRUNCATED_RESPONSE })));
  await expect(ask([port])).rejects.toThrow(`127.0.0.1:${port}: its answer is truncated over TCP too`);
});

test("a question that is no longer wanted when its turn comes is not sent", async () => {
  let asked = 0;
  const over = new AbortController();
  const port = await nameServer((query, reply) => {
    asked++;
    over.abort();
    reply(right(query));
  });
  const dns = client([port], { concurrency: 1 });
  const questions = Array.from({ length: 5 }, () => dns.query(NAME, RecordType.TXT, over.signal));
  const results = await Promise.allSettled(questions);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", ...Array<string>(4).fill("rejected")]);
  expect(asked).toBe(1);
});

function swapCase(name: string): string {
  return Array.from(name, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join("");
}
