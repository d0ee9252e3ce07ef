import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { QueryClient } from "../../src/io/query-client.ts";
import { MapReply, type MapRequest, MessageType, ResultCode, decodeDatagram, encodeMapReply } from "../../src/wire/index.ts";

const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** A server that does with each request as the script says; gives its port. */
async function server(script: (request: MapRequest, answer: (request: MapRequest) => void) => void): Promise<number> {
  const socket = createSocket("udp4");
  open.push(socket);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.on("message", (bytes, { port, address }) => {
    const datagram = decodeDatagram(bytes);
    if (datagram.type === MessageType.mapRequest) script(datagram.message, (request) => socket.send(replyTo(request), port, address));
  });
  return socket.address().port;
}

function replyTo(request: MapRequest): Uint8Array {
  const reply = new MapReply();
  Object.assign(reply.header, request.header, { flags: 0 });
  reply.result = ResultCode.noAnswer;
  const bytes = new Uint8Array(512);
  return bytes.subarray(0, encodeMapReply(new DataView(bytes.buffer), reply));
}

const LOOPBACK = parseIp("127.0.0.1");

test("a reply to an earlier attempt still counts when it comes late", async () => {
  const waiting: MapRequest[] = [];
  const port = await server((request, answer) => {
    if (request.family === 0) answer(request);
    else if (waiting.push(request) === 2) answer(waiting[0]!);
  });
  const client = await QueryClient.connect({ address: LOOPBACK, port }, 600);
  const { reply } = await client.ask(parseIp("192.0.2.7"));
  client.close();
  expect(reply.header.sequence).toBe(waiting[0]!.header.sequence);
});

test("a silent server ends in an error that names it and the time it had", async () => {
  const port = await server((request, answer) => {
    if (request.family === 0) answer(request);
  });
  const client = await QueryClient.connect({ address: LOOPBACK, port }, 120);
  await expect(client.ask(parseIp("192.0.2.7"))).rejects.toThrow(`no answer from 127.0.0.1:${port} within 120 ms`);
  client.close();
});

test.each([
  ["fe80::1", "[fe80::1]:4344 cannot be asked: this machine"],
  // Broadcast is refused by every kernel at once, as a missing route is.
  ["255.255.255.255", "255.255.255.255:4344 cannot be asked: "],
])("where nothing can be sent (%s), the error names server and reason", async (address, message) => {
  await expect(QueryClient.connect({ address: parseIp(address), port: 4344 }, 500)).rejects.toMatchObject({ code: "DRTM_QUERY", message: expect.stringContaining(message) as string });
});
