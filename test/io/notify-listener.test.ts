import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { FrameReader, type Header, encodeMessage, framed, outlineOf, readHeader } from "../../src/dns/message/index.ts";
import { RecordType } from "../../src/dns/records/index.ts";
import { hearNotify } from "../../src/dns/transfer/index.ts";
import { AnswerVerifier, type Signed, TsigKey, readTsig, signMessage } from "../../src/dns/tsig/index.ts";
import { NoticeGate } from "../../src/io/notice-gate.ts";
import { NotifyListener, type NotifyListenerOptions } from "../../src/io/notify-listener.ts";
import { tsigCrypto } from "../../src/io/tsig-crypto.ts";
import { KEY_NAME, SECRET } from "../support/tsig-server.ts";
import { APEX, soa } from "../support/transfers.ts";

const LOOPBACK = parseIp("127.0.0.1");
const KEY = TsigKey.parse(KEY_NAME, SECRET.toString("base64"));
const KNOWN = [{ apex: APEX, sources: [LOOPBACK], keys: [] }];
const BY_KEY = [{ apex: APEX, sources: [parseIp("192.0.2.1")], keys: [KEY] }];
const NOTIFY = { id: 7, opcode: 4, flags: 0x0400, question: { name: APEX, type: RecordType.SOA } };

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function listener(options: Partial<NotifyListenerOptions> = {}): Promise<{ port: number; heard: string[]; problems: string[]; listener: NotifyListener }> {
  const heard: string[] = [];
  const problems: string[] = [];
  const it = new NotifyListener({
    zones: KNOWN,
    quietMs: 50,
    onNotice: ({ apex, serial }) => void heard.push(`${apex} ${serial}`),
    onProblem: (_source, problem) => void problems.push(problem),
    ...options,
  });
  open.push(it);
  return { port: await it.listen("127.0.0.1", 0), heard, problems, listener: it };
}

async function client(port: number): Promise<UdpSocket> {
  const socket = createSocket("udp4");
  open.push(socket);
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function overUdp(port: number, message: Uint8Array): Promise<Uint8Array> {
  const socket = await client(port);
  socket.send(message);
  const [answer] = (await once(socket, "message")) as [Buffer];
  return answer;
}

async function overTcp(port: number, message: Uint8Array): Promise<Uint8Array> {
  const socket = connect(port, "127.0.0.1");
  const frames = new FrameReader();
  socket.write(framed(message));
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    frames.push(chunk);
    const answer = frames.next();
    if (answer !== undefined) return answer;
  }
  throw new Error("no answer");
}

function signed(now = Math.floor(Date.now() / 1000)): Signed {
  return signMessage(encodeMessage(NOTIFY), { key: KEY, crypto: tsigCrypto, now });
}

describe.each([
  ["UDP", overUdp],
  ["TCP", overTcp],
])("over %s", (_name, ask) => {
  test("a notice from a known address is answered and told, with its serial", async () => {
    const { port, heard } = await listener();
    const answer = await ask(port, encodeMessage({ ...NOTIFY, answers: [soa(5)] }));
    expect(outlineOf(answer)).toMatchObject({ header: { id: 7, isResponse: true, opcode: 4, rcode: 0 }, question: { name: APEX, type: RecordType.SOA } });
    expect(heard).toEqual([`${APEX} 5`]);
  });

  test("a signed notice counts from any address, and its answer is signed", async () => {
    const { port, heard } = await listener({ zones: BY_KEY });
    const { bytes, mac } = signed();
    const answer = await ask(port, bytes);
    expect(heard).toEqual([`${APEX} undefined`]);
    const verifier = new AnswerVerifier(KEY, tsigCrypto, mac);
    verifier.check(answer, outlineOf(answer), Math.floor(Date.now() / 1000));
    expect(verifier.isCovered).toBe(true);
  });

  test.each<[string, Uint8Array, NotifyListenerOptions["zones"], number, RegExp]>([
    ["another zone", encodeMessage({ ...NOTIFY, question: { name: "other.example.", type: 6 } }), KNOWN, 9, /other\.example\., which is no zone of ours/],
    ["an unknown address", encodeMessage(NOTIFY), BY_KEY, 5, /from an address that is no primary's/],
    ["a query", encodeMessage({ ...NOTIFY, opcode: 0 }), KNOWN, 4, /no NOTIFY/],
    ["another type", encodeMessage({ ...NOTIFY, question: { name: APEX, type: 1 } }), KNOWN, 4, /only the SOA/],
    ["no question", encodeMessage({ id: 7, opcode: 4 }), KNOWN, 1, /names no zone/],
    ["an unknown key", signed().bytes, KNOWN, 9, /signed with key transfer\.example\., which is not known/],
    ["a signature out of its time", signed(1_000).bytes, BY_KEY, 9, /set the clocks/],
  ])("refused and answered: %s", async (_what, message, zones, rcode, problem) => {
    const { port, heard, problems } = await listener({ zones });
    expect(readHeader(await ask(port, message))).toMatchObject({ rcode, isResponse: true, id: 7 } satisfies Partial<Header>);
    expect(heard).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});

test("what is no request is not answered, and does no harm", async () => {
  const { port, heard, listener: it } = await listener();
  const socket = await client(port);
  let answers = 0;
  socket.on("message", () => answers++);
  for (const junk of [new Uint8Array(), Uint8Array.of(1, 2), encodeMessage({ ...NOTIFY, flags: 0x8000 }), new Uint8Array(1_200).fill(255)]) socket.send(junk);
  await expect.poll(() => it.counters.heard).toBe(4);
  await overUdp(port, encodeMessage(NOTIFY));
  expect({ answers, heard: heard.length }).toEqual({ answers: 0, heard: 1 });
});

test("a flood of notices is told now and then, and its last one always", async () => {
  const { port, heard, listener: it } = await listener();
  const socket = await client(port);
  for (let serial = 1; serial <= 150; serial++) socket.send(encodeMessage({ ...NOTIFY, answers: [soa(serial)] }));
  await expect.poll(() => heard.at(-1)).toBe(`${APEX} 150`);
  expect(heard.length).toBeLessThan(20);
  expect(it.counters.accepted).toBe(150);
});

test("strangers cannot drown the primaries", async () => {
  const { port, heard, listener: it } = await listener({ zones: [...KNOWN] });
  const stranger = createSocket("udp4");
  open.push(stranger);
  stranger.bind(0, "127.0.0.2");
  await once(stranger, "listening");
  for (let count = 0; count < 200; count++) stranger.send(encodeMessage(NOTIFY), port, "127.0.0.1");
  await expect.poll(() => it.counters.dropped).toBeGreaterThan(100);
  await overUdp(port, encodeMessage(NOTIFY));
  expect(heard).toHaveLength(1);
});

test("strangers cannot take the connections of the primaries", async () => {
  const { port, heard } = await listener();
  const strangers = Array.from({ length: 40 }, (_, index) => connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + (index % 20)}` }).on("error", () => undefined));
  open.push({ close: () => { for (const socket of strangers) socket.destroy(); } });
  await Promise.all(strangers.map((socket) => once(socket, "connect")));
  await overTcp(port, encodeMessage(NOTIFY));
  expect(heard).toHaveLength(1);
  await expect.poll(() => strangers.filter(({ readyState }) => readyState === "open").length).toBe(16);
});

test("a stranger has two connections at most", async () => {
  const { port } = await listener();
  const sockets = Array.from({ length: 5 }, () => connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" }).on("error", () => undefined));
  open.push({ close: () => { for (const socket of sockets) socket.destroy(); } });
  await expect.poll(() => sockets.filter(({ readyState }) => readyState === "open").length).toBe(2);
});

test("a message longer than any NOTIFY is not waited for", async () => {
  const { port, listener: it } = await listener();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(Uint8Array.of(0x10, 1));
  await once(socket, "close");
  expect(it.counters.dropped).toBe(1);
});

test("where all primaries have a key, what is not signed is heard now and then, and holds up nothing that is", async () => {
  const { port, heard, listener: it } = await listener({ quietMs: 1, zones: [{ apex: APEX, sources: [LOOPBACK], keys: [KEY], areAllKeyed: true }] });
  for (let count = 1; count <= 5; count++) {
    await overUdp(port, encodeMessage({ ...NOTIFY, answers: [soa(count)] }));
    await new Promise((done) => void setTimeout(done, 5));
  }
  await overUdp(port, signed().bytes);
  expect(heard).toEqual([`${APEX} 1`, `${APEX} undefined`]);
  expect(it.counters.accepted).toBe(6);
});

test("a port in use is named", async () => {
  const { port } = await listener();
  await expect(new NotifyListener({ zones: KNOWN, onNotice: () => undefined }).listen("127.0.0.1", port)).rejects.toThrow(`cannot hear NOTIFY on 127.0.0.1:${port}/tcp: another process`);
});

test("it can be closed and opened again", async () => {
  const { listener: it, port } = await listener();
  await it.close();
  expect(await it.listen("127.0.0.1", port)).toBe(port);
});

test("changed octets never crash it, and never make a notice of another zone", () => {
  const { bytes } = signed();
  const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const message = Uint8Array.from(bytes);
      for (const [at, octet] of changes) message[at] = octet;
      const { notice } = hearNotify(message, LOOPBACK, KNOWN, tsigCrypto, 0);
      expect([undefined, APEX]).toContain(notice?.apex);
    }),
    { numRuns: 2_000 },
  );
});

test("hearing a message leaves it as it was", () => {
  const message = Buffer.from(signed().bytes);
  const before = Buffer.from(message);
  hearNotify(message, LOOPBACK, BY_KEY, tsigCrypto, Math.floor(Date.now() / 1000));
  expect(message.equals(before)).toBe(true);
  expect(readTsig(message, outlineOf(message).tsigAt!).keyName).toBe(KEY_NAME);
});

test("a gate that is closed tells nothing more", async () => {
  const told: number[] = [];
  const gate = new NoticeGate<number>(10, (notice) => void told.push(notice));
  for (const notice of [1, 2, 3]) gate.pass("a", notice);
  gate.pass("b", 9);
  gate.close();
  await new Promise((done) => void setTimeout(done, 30));
  expect(told).toEqual([1, 9]);
});
