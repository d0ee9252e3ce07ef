import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { Qsc } from "../../src/core/qsc.ts";
import { now } from "../../src/io/clock.ts";
import { nextU32 } from "../../src/io/random.ts";
import { UdpDriver, canBind } from "../../src/io/udp-driver.ts";
import { upstreamSockets } from "../../src/io/upstream-sockets.ts";
import { ItrClient, ItrError, type ItrMapping } from "../../src/itr/index.ts";
import { ResultCode } from "../../src/wire/index.ts";
import { freePort } from "../support/process.ts";
import { CLIENTS, LIMITS, MAPPING } from "../support/world.ts";

const LOOPBACK = parseIp("127.0.0.1");

/** A QSA on a free port, which an ITR of its site asks directly. */
class Server {
  readonly qsa = new Qsa({ limits: LIMITS, clients: { ...CLIENTS, allow: [parsePrefix("127.0.0.0/8")] }, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore(MAPPING));
  driver!: UdpDriver;

  static async start(port = 0): Promise<Server> {
    const server = new Server();
    server.driver = await UdpDriver.open(server.qsa, [{ address: LOOPBACK, port }]);
    return server;
  }

  get port(): number {
    return Number(this.driver.endpoint(0).split(":")[1]);
  }

  change(range: string, etr: string | null): void {
    this.qsa.noteChange(now(), this.qsa.store.change(parseRange(range), etr === null ? null : parseIp(etr)));
    this.driver.wake();
  }
}

/** A QSC on a free port in front of a server. */
async function startQsc(upstream: number): Promise<{ driver: UdpDriver; port: number }> {
  const { bindings, links } = await upstreamSockets(1, canBind);
  const clients = { ...CLIENTS, allow: [parsePrefix("127.0.0.0/8")] };
  const qsc = new Qsc({ limits: LIMITS, clients, nextU32, links, maxUpstreams: 1, keepFresh: 1, intervals: DEFAULT_INTERVALS, cachingMostMs: 600_000 });
  const driver = await UdpDriver.open(qsc, [{ address: LOOPBACK, port: 0 }, ...bindings]);
  qsc.setUpstreams(now(), [{ name: "gone", address: LOOPBACK, port: upstream, tier: 1, region: "", weight: 1 }]);
  driver.wake();
  return { driver, port: Number(driver.endpoint(0).split(":")[1]) };
}

/** Looks an address up until a server refuses, as it does at last; gives all errors until then. */
async function untilRefused(client: ItrClient, address: string): Promise<ItrError[]> {
  const failures: ItrError[] = [];
  while (failures.at(-1)?.refusal === undefined || failures.at(-1)!.refusal === null) {
    failures.push((await client.lookUp(address).catch((error: unknown) => error)) as ItrError);
  }
  return failures;
}

let servers: Server[];
let itr: ItrClient;

beforeEach(async () => {
  servers = await Promise.all([Server.start(), Server.start()]);
  itr = await ItrClient.open({ servers: servers.map(({ port }) => ({ address: LOOPBACK, port })) });
});

afterEach(async () => {
  await itr.close();
  await Promise.all(servers.map(({ driver }) => driver.close()));
});

/** The next thing that a watched address is told. */
function nextOf(address: string): { heard: (ItrMapping | ItrError)[]; next: () => Promise<ItrMapping | ItrError> } {
  const heard: (ItrMapping | ItrError)[] = [];
  const waiting: ((value: ItrMapping | ItrError) => void)[] = [];
  itr.watch(address, (mapping) => {
    heard.push(mapping);
    waiting.shift()?.(mapping);
  });
  let taken = 0;
  return {
    heard,
    next: async () => {
      const index = taken++;
      return heard[index] ?? new Promise((done) => waiting.push(done));
    },
  };
}

describe("the ITR library", () => {
  test("looks up IPv4 and IPv6, gaps and what no server has", async () => {
    expect(await itr.lookUp("192.0.2.7")).toMatchObject({ range: "192.0.2.0-192.0.2.99", etr: "203.0.113.1", mab: "192.0.2.0/24", version: "1.3" });
    expect(await itr.lookUp("2001:db8::1")).toMatchObject({ etr: "2001:db8:ffff::1", mab: "2001:db8::/32" });
    expect(await itr.lookUp("192.0.2.230")).toMatchObject({ range: "192.0.2.200-192.0.2.255", etr: null });
    await expect(itr.lookUp("198.51.100.1")).rejects.toThrow(ItrError);
    await expect(itr.lookUp("198.51.100")).rejects.toThrow("is not an IPv4 or IPv6 address");
  });

  test("a watched address hears its mapping, then every change, then that it is split or gone", async () => {
    const { next } = nextOf("192.0.2.7");
    expect(await next()).toMatchObject({ etr: "203.0.113.1" });
    for (const server of servers) server.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    expect(await next()).toMatchObject({ etr: "203.0.113.7" });
    for (const server of servers) server.change("192.0.2.7", "203.0.113.8");
    expect(await next()).toMatchObject({ range: "192.0.2.7", etr: "203.0.113.8" });
    for (const server of servers) server.change("192.0.2.7", null);
    expect(await next()).toMatchObject({ range: "192.0.2.7", etr: null });
  });

  test("a server that goes is replaced by the other", async () => {
    await itr.lookUp("192.0.2.7");
    const best = Number(itr.servers[0]!.server.split(":")[1]);
    const gone = servers.find(({ port }) => port === best)!;
    servers = servers.filter((server) => server !== gone);
    await gone.driver.close();
    expect(await itr.lookUp("2001:db8::1")).toMatchObject({ etr: "2001:db8:ffff::1" });
    expect(servers[0]!.qsa.server.responder.counters.requests).toBeGreaterThan(0);
  });

  test("an ITR whose servers are silent says so and names them, and does not blame QSAs", async () => {
    const ports = await Promise.all([freePort(), freePort()]);
    const lonely = await ItrClient.open({ servers: ports.map((port) => ({ address: LOOPBACK, port })) });
    const failure = await lonely.lookUp("192.0.2.7").catch((error: unknown) => error);
    await lonely.close();
    // They come by rank, in which they change places as their requests are lost.
    const names = ports.map((port) => `127.0.0.1:${port}`);
    const texts = [names, names.toReversed()].map((inOrder) => `192.0.2.7: none of its servers answered (${inOrder.join(", ")}): does a QSR or QSC listen there?`);
    expect(failure).toBeInstanceOf(ItrError);
    expect(texts).toContain((failure as ItrError).message);
    expect((failure as ItrError).refusal).toBeNull();
  });

  test("what a server behind which nobody answers says is passed on, with its result code", async () => {
    const { driver, port } = await startQsc(await freePort());
    const behind = await ItrClient.open({ servers: [{ address: LOOPBACK, port }] });
    const failures = await untilRefused(behind, "192.0.2.7");
    await Promise.all([behind.close(), driver.close()]);
    expect(failures.at(-1)).toEqual(new ItrError("192.0.2.7: no QSA answered", ResultCode.noAnswer));
    // Before the QSC knows that nobody is there, it is still at work when the ITR's time is over.
    for (const { message, refusal } of failures.slice(0, -1)) {
      expect({ message, refusal }).toEqual({ message: `192.0.2.7: no answer in time, though 127.0.0.1:${port} is at work: what is behind may be down`, refusal: null });
    }
  });

  test("what is still waiting when it is closed is told so", async () => {
    const lonely = await ItrClient.open({ servers: [{ address: LOOPBACK, port: 9 }] });
    const failure = lonely.lookUp("192.0.2.7").catch((error: unknown) => error);
    await lonely.close();
    expect(await failure).toEqual(new ItrError("192.0.2.7: the client was closed before an answer came"));
  });

  test("once closed it answers nothing more, says so, and may be closed again", async () => {
    await itr.close();
    await itr.close();
    await expect(itr.lookUp("192.0.2.7")).rejects.toEqual(new ItrError("192.0.2.7: the client has been closed"));
    const { next } = nextOf("192.0.2.7");
    expect(await next()).toBeInstanceOf(ItrError);
  });

  test("an IPv4 address in an IPv6 one is that IPv4 address, also a server's", async () => {
    expect(await itr.lookUp("::ffff:192.0.2.7")).toMatchObject({ etr: "203.0.113.1" });
    const other = await ItrClient.open({ servers: [{ address: parseIp("::ffff:127.0.0.1"), port: servers[0]!.port }] });
    expect(await other.lookUp("192.0.2.7")).toMatchObject({ etr: "203.0.113.1" });
    await other.close();
  });

  test.each([0, 70_000, 1.5])("a server's port is not %d", async (port) => {
    await expect(ItrClient.open({ servers: [{ address: LOOPBACK, port }] })).rejects.toThrow("the port of a server is 1 to 65535");
  });

  test("a listener that throws does not stop the rest", async () => {
    await itr.lookUp("192.0.2.7");
    await expect.poll(async () => (await itr.lookUp("192.0.2.7")).remainingMs).toBeGreaterThan(0);
    const thrown = vi.fn<(error: Error) => void>();
    // As in a program that goes on after such an exception.
    const usual = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").once("uncaughtException", thrown);
    itr.once("update", () => {
      throw new Error("of the listener");
    });
    const { heard } = nextOf("192.0.2.7");
    for (const server of servers) server.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    await expect.poll(() => thrown).toHaveBeenCalled();
    for (const listener of usual) process.on("uncaughtException", listener);
    for (const server of servers) server.change("192.0.2.0-192.0.2.99", "203.0.113.8");
    await expect.poll(() => heard.at(-1)).toMatchObject({ etr: "203.0.113.8" });
  });
});
