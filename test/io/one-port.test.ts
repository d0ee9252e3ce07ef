import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ListenError } from "../../src/io/listen-error.ts";
import { listenOnOnePort } from "../../src/io/one-port.ts";

const HOST = "127.0.0.1";
const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

function udp(): UdpSocket {
  return createSocket("udp4");
}

/** A UDP socket of another program: its port is free for TCP. */
async function stranger(): Promise<number> {
  const socket = udp();
  open.push(socket);
  socket.bind(0, HOST);
  await once(socket, "listening");
  return socket.address().port;
}

/** A server for which the kernel chooses these ports first. */
class Steered extends Server {
  readonly choices: number[];

  constructor(choices: number[]) {
    super();
    this.choices = choices;
  }

  override listen(...[port, address]: unknown[]): this {
    return super.listen(port === 0 ? (this.choices.shift() ?? 0) : (port as number), address as string);
  }
}

test("a port that another program has for UDP is left to it, where any will do", async () => {
  const taken = await stranger();
  const tcp = new Steered([taken]);
  const socket = await listenOnOnePort(tcp, udp, { purpose: "serve", address: HOST, port: 0 });
  open.push(tcp, socket);
  expect(socket.address().port).toBe((tcp.address() as AddressInfo).port);
  expect(socket.address().port).not.toBe(taken);
});

test("a port that was asked for is refused, and neither stays open", async () => {
  const taken = await stranger();
  const tcp = new Steered([]);
  await expect(listenOnOnePort(tcp, udp, { purpose: "serve", address: HOST, port: taken })).rejects.toThrow(`cannot serve on ${HOST}:${taken}/udp: another process has this port`);
  expect(tcp.listening).toBe(false);
});

test("it ends where no choice of the kernel is free", async () => {
  const taken = await stranger();
  const tcp = new Steered(Array<number>(20).fill(taken));
  await expect(listenOnOnePort(tcp, udp, { purpose: "serve", address: HOST, port: 0 })).rejects.toThrow(ListenError);
  expect(tcp.choices).toEqual([]);
});
