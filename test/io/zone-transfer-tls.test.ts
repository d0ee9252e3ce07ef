import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Server as TcpServer, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, type TlsOptions, createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { FrameReader, framed, readHeader } from "../../src/dns/message/index.ts";
import { type TlsTrust, readCaFile } from "../../src/io/tls-trust.ts";
import { type FetchedZone, fetchZone } from "../../src/io/zone-transfer.ts";
import { CERTIFICATE_NAME, certificateOf, makeCertificate, pinOf } from "../support/certificate.ts";
import { APEX, answers, soa, txt } from "../support/transfers.ts";

const WHOLE = [soa(3), txt("a"), soa(3)];
const directory = mkdtempSync(join(tmpdir(), "drtm-tls-"));
const servers: (Server | TcpServer)[] = [];
let certificate: string;
let pin: string;

beforeAll(() => {
  makeCertificate(directory);
  certificate = readFileSync(join(directory, "certificate.pem"), "utf8");
  pin = pinOf(directory);
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A primary over TLS; counts the octets that clients have trusted it with. */
async function start(options: TlsOptions = {}): Promise<{ port: number; octets: () => number }> {
  let octets = 0;
  const key = readFileSync(join(directory, "key.pem"));
  const server = createServer({ key, cert: certificate, ALPNProtocols: ["dot"], ...options }, (socket) => {
    const frames = new FrameReader();
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      octets += chunk.length;
      frames.push(chunk);
      const query = frames.next();
      if (query !== undefined) for (const message of answers(WHOLE, "AXFR", 1, readHeader(query).id)) socket.write(framed(message));
    });
  });
  server.on("tlsClientError", () => undefined);
  return { port: await listen(server), octets: () => octets };
}

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function fetch(port: number, tls: TlsTrust): Promise<FetchedZone> {
  return fetchZone({ apex: APEX, primaries: [{ address: parseIp("127.0.0.1"), port, tls }], deadlines: { connectMs: 500, idleMs: 500, totalMs: 2_000 } });
}

test("by name and CA, or by pin", async () => {
  const { port } = await start();
  expect(await fetch(port, { name: CERTIFICATE_NAME, ca: certificate })).toMatchObject({ kind: "whole", serial: 3 });
  expect(await fetch(port, { pins: ["AAAA", pin] })).toMatchObject({ kind: "whole", serial: 3 });
});

test("a file of CA certificates is read, and refused where it has none that can be", async () => {
  const { port } = await start();
  expect(await fetch(port, { name: CERTIFICATE_NAME, ca: readCaFile(join(directory, "certificate.pem")) })).toMatchObject({ kind: "whole" });
  expect(() => readCaFile(join(directory, "key.pem"))).toThrow(/key\.pem has no certificate/);
  expect(() => readCaFile(join(directory, "nothing.pem"))).toThrow(/nothing\.pem cannot be read \(ENOENT/);
  const spoilt = join(directory, "spoilt.pem");
  writeFileSync(spoilt, `${certificate}${certificate.replace(/\nMI/, "\nAA")}`);
  expect(() => readCaFile(spoilt)).toThrow(/spoilt\.pem: certificate 2 of 2 cannot be read/);
});

test.each<[string, TlsOptions, () => TlsTrust, RegExp]>([
  ["another name", {}, () => ({ name: "other.example", ca: certificate }), /its TLS certificate is not trusted .*: configure its name, its CA, or the pin/],
  ["an unknown CA", {}, () => ({ name: CERTIFICATE_NAME }), /not trusted \(self-signed certificate\)/],
  ["another pin", {}, () => ({ pins: ["AAAA"] }), /has the pin .{43}=, which is not configured/],
  ["no pin at all", {}, () => ({ pins: [] }), /has the pin/],
  ["no ALPN", { ALPNProtocols: [] }, () => ({ pins: [pin] }), /does not speak DNS over TLS on this port \(no ALPN "dot"/],
  ["another ALPN", { ALPNProtocols: ["h2"] }, () => ({ pins: [pin] }), /the TLS handshake fails \(.*no application protocol\): check/],
  ["TLS 1.2", { maxVersion: "TLSv1.2" }, () => ({ pins: [pin] }), /the TLS handshake fails \(.*protocol version\): check/],
])("%s is refused before anything is sent", async (_what, options, trust, problem) => {
  const { port, octets } = await start(options);
  await expect(fetch(port, trust())).rejects.toThrow(problem);
  expect(octets()).toBe(0);
});

test.each([
  ["has expired", "20200101000000Z", "20200201000000Z", /its TLS certificate has expired: its operator must renew it; if it has not, set the clock/],
  ["is not valid yet", "20980101000000Z", "20990101000000Z", /its TLS certificate is not valid yet: set the clock of this machine/],
] as const)("a certificate that %s is refused, and the message says what to do; a pin does not ask for its time", async (_what, from, until, problem) => {
  const timed = certificateOf(directory, from, until);
  const { port, octets } = await start({ cert: timed });
  await expect(fetch(port, { name: CERTIFICATE_NAME, ca: timed })).rejects.toThrow(problem);
  expect(octets()).toBe(0);
  expect(await fetch(port, { pins: [pin] })).toMatchObject({ kind: "whole" });
});

test("a handshake that never ends does", async () => {
  const port = await listen(createTcpServer((socket) => void socket.on("error", () => undefined)));
  await expect(fetch(port, { pins: [pin] })).rejects.toThrow(/no connection within 500 ms/);
});
