import { afterAll, describe, expect, test } from "vitest";
import { framed } from "../../src/dns/message/index.ts";
import { type ResourceRecord, concatBytes } from "../../src/dns/records/index.ts";
import { TransferError } from "../../src/dns/transfer/index.ts";
import { TsigKey } from "../../src/dns/tsig/index.ts";
import { type FetchedZone, type TransferOptions, ZoneTransferError, fetchZone, streamZone } from "../../src/io/zone-transfer.ts";
import { type Asked, type Script, ScriptedPrimary, gives, pour, reply, trickle } from "../support/hostile-primary.ts";
import { freePort } from "../support/process.ts";
import { KEY_NAME, SECRET, type Signature, macIn, signAnswers, withTsigError } from "../support/tsig-server.ts";
import { APEX, flood, soa, txt } from "../support/transfers.ts";

const WHOLE = [soa(3), txt("a"), txt("b"), soa(3)];
const INCREMENTS = [soa(3), soa(1), txt("old"), soa(3), txt("b"), soa(3)];
/** Long, for a machine that has other things to do; short where it is the deadline that is tested. */
const DEADLINES = { probeMs: 1_000, onlySoaMs: 5_000, connectMs: 20_000, idleMs: 20_000, totalMs: 25_000 };
const SHORT = { ...DEADLINES, idleMs: 1_000, totalMs: 2_500 };
const LIMITS = { octets: 100_000, records: 2_000, messages: 500 };

const running: ScriptedPrimary[] = [];

afterAll(() => {
  for (const primary of running.splice(0)) primary.stop();
});

async function start(script: Script, overUdp?: ResourceRecord): Promise<ScriptedPrimary> {
  const primary = await ScriptedPrimary.start(script, overUdp);
  running.push(primary);
  return primary;
}

function fetch(primaries: readonly ScriptedPrimary[], options: Partial<TransferOptions> = {}): Promise<FetchedZone> {
  return fetchZone({ apex: APEX, primaries: primaries.map(({ primary }) => primary), limits: LIMITS, deadlines: DEADLINES, ...options });
}

describe("a primary that does what it should", () => {
  test("gives the whole zone", async () => {
    const primary = await start(gives({ AXFR: WHOLE }));
    const zone = await fetch([primary]);
    expect(zone).toMatchObject({ kind: "whole", serial: 3, records: WHOLE.slice(0, -1), server: `127.0.0.1:${primary.port}` });
    expect(zone.octets).toBeGreaterThan(100);
    expect(primary.asked).toEqual(["AXFR"]);
  });

  test("gives increments", async () => {
    const primary = await start(gives({ IXFR: INCREMENTS }), soa(3));
    expect(await fetch([primary], { from: 1 })).toMatchObject({ kind: "increments", serial: 3, steps: [{ from: 1, removed: [soa(1), txt("old")], added: [soa(3), txt("b")] }] });
    expect(primary.asked).toEqual(["SOA", "IXFR"]);
  });

  test("says by one datagram that nothing has changed", async () => {
    const primary = await start(gives({}), soa(3));
    expect(await fetch([primary], { from: 3 })).toMatchObject({ kind: "unchanged", serial: 3, octets: 0 });
    expect(primary.asked).toEqual(["SOA"]);
  });

  test("says so by TCP where UDP is silent, or not asked", async () => {
    const primary = await start(gives({ IXFR: [soa(3)] }));
    expect(await fetch([primary], { from: 3 })).toMatchObject({ kind: "unchanged", serial: 3 });
    expect(await fetch([primary], { from: 3, deadlines: { ...DEADLINES, probeMs: 0 } })).toMatchObject({ kind: "unchanged" });
    expect(primary.asked).toEqual(["SOA", "IXFR", "IXFR"]);
  });

  test.each<[string, ResourceRecord[] | undefined, string[]]>([
    ["refuses IXFR", undefined, ["SOA", "IXFR", "AXFR"]],
    ["has increments from another serial only", [soa(3), soa(2), soa(3), soa(3)], ["SOA", "IXFR", "AXFR"]],
    ["answers IXFR with the whole zone", WHOLE, ["SOA", "IXFR"]],
  ])("%s: the whole zone", async (_what, increments, asked) => {
    const primary = await start(gives({ AXFR: WHOLE, ...(increments === undefined ? {} : { IXFR: increments }) }), soa(3));
    expect(await fetch([primary], { from: 1 })).toMatchObject({ kind: "whole", serial: 3, records: WHOLE.slice(0, -1) });
    expect(primary.asked).toEqual(asked);
  });

  test.each<[string, (socket: Parameters<Script>[1]) => unknown]>([
    ["and waits", () => undefined],
    ["and hangs up", (socket) => socket.end()],
  ])("answers IXFR with one newer SOA %s: the whole zone (RFC 1995 section 2)", async (_what, then) => {
    const whole = gives({ AXFR: WHOLE });
    const primary = await start((asked, socket) => {
      if (asked.type !== "IXFR") return whole(asked, socket);
      socket.write(framed(reply(asked, [soa(3)])));
      then(socket);
    }, soa(3));
    expect(await fetch([primary], { from: 1, deadlines: { ...DEADLINES, onlySoaMs: 200 } })).toMatchObject({ kind: "whole", serial: 3, records: WHOLE.slice(0, -1) });
    expect(primary.asked).toEqual(["SOA", "IXFR", "AXFR"]);
  });

  test("puts each record in a message of its own: increments all the same", async () => {
    const primary = await start(gives({ IXFR: INCREMENTS }, 1), soa(3));
    expect(await fetch([primary], { from: 1 })).toMatchObject({ kind: "increments", serial: 3 });
    expect(primary.asked).toEqual(["SOA", "IXFR"]);
  });

  test("sends one octet at a time", async () => {
    const primary = await start((asked, socket) => {
      socket.setNoDelay();
      const octets = concatBytes([reply(asked, WHOLE.slice(0, 2)), reply(asked, WHOLE.slice(2))].map(framed));
      void (async () => {
        for (const octet of octets) {
          socket.write(Uint8Array.of(octet));
          await new Promise(setImmediate);
        }
      })();
    });
    expect(await fetch([primary])).toMatchObject({ kind: "whole", records: WHOLE.slice(0, -1) });
  });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

const after = (asked: Asked, ...more: ResourceRecord[]): Uint8Array => reply(asked, [soa(3), ...more]);

describe.concurrent("a primary that does not is left, and the next one asked", () => {
  test.for<[string, Script, RegExp, TransferOptions["deadlines"]?]>([
    ["endless: records", (asked, socket) => { socket.write(framed(after(asked))); pour(socket, () => reply(asked, [txt("again"), txt("again")])); }, /more than 500 messages|more than 2,000 records|more than 100,000 octets/],
    ["endless: empty messages", (asked, socket) => { socket.write(framed(after(asked))); pour(socket, () => reply(asked, [])); }, /more than 500 messages/],
    ["silent", () => undefined, /sent nothing for 1000 ms/, SHORT],
    ["silent in the middle", (asked, socket) => socket.write(framed(after(asked))), /sent nothing for 1000 ms/, SHORT],
    ["an octet now and then", (_asked, socket) => { trickle(socket); }, /not complete within 2500 ms/, SHORT],
    ["hanging up at once", (_asked, socket) => socket.destroy(), /ended the connection before|ECONNRESET/],
    ["hanging up in a message", (asked, socket) => socket.end(framed(after(asked)).subarray(0, 20)), /ended the connection before the transfer was complete/],
    ["lame", (asked, socket) => socket.write(framed(reply(asked, []))), /no records in its first message/],
    ["refusing", (asked, socket) => socket.write(framed(reply(asked, [], { rcode: 5 }))), /REFUSED: allow transfers/],
    ["garbage", (_asked, socket) => socket.write(Buffer.alloc(70_000, 7)), /AXFR of drtm\.example\./],
    ["truncating", (asked, socket) => socket.write(framed(reply(asked, [soa(3)], { flags: 0x8600 }))), /truncated, over TCP/],
    ["another zone", (asked, socket) => socket.write(framed(reply(asked, [soa(3, "other.example.")]))), /other\.example\. is not in the zone/],
    ["another query's answer", (asked, socket) => socket.write(framed(reply({ ...asked, id: asked.id ^ 1 }, WHOLE))), /its id is/],
    ["a record behind the end", (asked, socket) => socket.write(framed(reply(asked, [...WHOLE, txt("c")]))), /records follow/],
  ])("%s", async ([_what, script, problem, deadlines = DEADLINES], context) => {
    const [bad, good] = [await start(script), await start(gives({ AXFR: WHOLE }))];
    const error = await fetch([bad], { deadlines }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ZoneTransferError);
    expect((error as Error).message).toMatch(problem);
    expect((error as Error).message).toContain(`${APEX} could not be transferred (127.0.0.1:${bad.port}: `);
    expect(await fetch([bad, good], { deadlines })).toMatchObject({ kind: "whole", serial: 3, server: `127.0.0.1:${good.port}` });
    await context.expect.poll(() => bad.open).toBe(0);
  });

  test.each<[string, ResourceRecord | undefined, readonly ResourceRecord[]]>([
    ["by UDP", soa(3), []],
    ["by TCP", undefined, WHOLE],
  ])("a serial that goes back, %s", async (_what, overUdp, records) => {
    const old = await start(gives({ IXFR: records, AXFR: records }), overUdp);
    await expect(fetch([old], { from: 9 })).rejects.toThrow(/serial 3 is not newer than 9.*set a newer one/);
    const good = await start(gives({ IXFR: [soa(9)] }), soa(9));
    expect(await fetch([old, good], { from: 9 })).toMatchObject({ kind: "unchanged", serial: 9 });
  });

  test("an IXFR that is wrong is not asked for again as AXFR", async () => {
    const bad = await start(gives({ IXFR: [soa(3), soa(1), soa(2, "other.example.")], AXFR: WHOLE }), soa(3));
    await expect(fetch([bad], { from: 1 })).rejects.toThrow(/other\.example\. is not in the zone/);
    expect(bad.asked).toEqual(["SOA", "IXFR"]);
  });

  test("nobody there; none configured", async () => {
    const port = await freePort();
    const nobody = { ...(await start(gives({}))).primary, port };
    await expect(fetch([], { primaries: [nobody] })).rejects.toThrow(/ECONNREFUSED/);
    await expect(fetch([])).rejects.toThrow(/no primaries are configured/);
  });

  test("each failure is named", async () => {
    const bad = [await start(gives({})), await start(gives({ AXFR: [soa(3, "other.example."), soa(3)] }))];
    const error = await fetch(bad).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ZoneTransferError);
    expect((error as ZoneTransferError).failures.map(({ error: { name } }) => name)).toEqual(["TransferError", "TransferError"]);
    for (const { port } of bad) expect((error as Error).message).toContain(`127.0.0.1:${port}: AXFR of`);
  });
});

test("the caller ends it with its own reason, and the connection is closed", async () => {
  const primary = await start(() => undefined);
  const stop = new AbortController();
  const ended = fetch([primary], { signal: stop.signal });
  await expect.poll(() => primary.open).toBe(1);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(ended).rejects.toBe(reason);
  await expect.poll(() => primary.open).toBe(0);
  await expect(fetch([primary], { signal: stop.signal })).rejects.toBe(reason);
});

describe("records handed over as they come", () => {
  const heard: string[] = [];
  const sink = {
    begin: (kind: string, serial: number) => void heard.push(`${kind} ${serial}`),
    beginStep: (from: number) => void heard.push(`from ${from}`),
    removed: ({ name }: ResourceRecord) => void heard.push(`-${name}`),
    added: ({ name }: ResourceRecord) => void heard.push(`+${name}`),
  };

  test("a flood of a million is bounded without being held", async () => {
    const primary = await start((asked, socket) => {
      socket.write(framed(after(asked)));
      const message = flood(asked.id);
      pour(socket, () => message);
    });
    let count = 0;
    const counting = { ...sink, begin: () => undefined, added: () => void count++ };
    const limits = { records: 1_000_000, octets: 1e9, messages: 1e6 };
    await expect(streamZone({ apex: APEX, primaries: [primary.primary], limits, deadlines: DEADLINES }, counting)).rejects.toThrow(/more than 1,000,000 records/);
    expect(count).toBeGreaterThan(990_000);
  });

  test("what came before a failure is void: it begins again", async () => {
    heard.length = 0;
    const bad = await start((asked, socket) => { socket.end(framed(after(asked, txt("lost")))); });
    const good = await start(gives({ AXFR: WHOLE }));
    await streamZone({ apex: APEX, primaries: [bad.primary, good.primary], deadlines: DEADLINES }, sink);
    expect(heard).toEqual(["whole 3", `+${APEX}`, `+lost.${APEX}`, "whole 3", `+${APEX}`, `+a.${APEX}`, `+b.${APEX}`]);
  });

  test("a sink that cannot use the increments gets the whole zone", async () => {
    const primary = await start(gives({ IXFR: INCREMENTS, AXFR: WHOLE }), soa(3));
    const picky = { ...sink, removed: () => { throw new TransferError("increments", "no such record"); } };
    expect(await streamZone({ apex: APEX, primaries: [primary.primary], from: 1, deadlines: DEADLINES }, picky)).toMatchObject({ kind: "whole" });
  });

  test("what else a sink throws is the caller's", async () => {
    const primary = await start(gives({ AXFR: WHOLE }));
    const broken = { ...sink, added: () => { throw new RangeError("full"); } };
    await expect(streamZone({ apex: APEX, primaries: [primary.primary], deadlines: DEADLINES }, broken)).rejects.toThrow(RangeError);
    await expect.poll(() => primary.open).toBe(0);
  });
});

describe("TSIG", () => {
  const key = TsigKey.parse(KEY_NAME, SECRET.toString("base64"));
  const signed = (changes: Partial<Signature> = {}): Script => (asked, socket) => {
    const messages = [reply(asked, WHOLE.slice(0, 2)), reply(asked, WHOLE.slice(2))];
    for (const message of signAnswers(messages, macIn(asked.bytes), { time: now(), ...changes })) socket.write(framed(message));
  };
  const fetchSigned = (primary: ScriptedPrimary): Promise<FetchedZone> => fetch([], { primaries: [{ ...primary.primary, key }] });

  test("signed query, signed answer", async () => {
    expect(await fetchSigned(await start(signed()))).toMatchObject({ kind: "whole", serial: 3 });
  });

  test.each<[string, Script, RegExp]>([
    ["missing", gives({ AXFR: WHOLE }), /not signed: have the server use TSIG key/],
    ["wrong", signed({ secret: Buffer.from("z".repeat(32)) }), /is wrong: it was changed/],
    ["late", signed({ time: Math.floor(Date.now() / 1000) - 1_000 }), /behind ours, and 300 s are allowed/],
    ["of a key the server does not know", (asked, socket) => socket.write(framed(withTsigError(reply(asked, [], { rcode: 9 }), { time: now(), error: 17 }))), /does not know TSIG key transfer\.example\. \(BADKEY\)/],
  ])("%s: refused, without the secret in the message", async (_what, script, problem) => {
    const error = (await fetchSigned(await start(script)).catch((cause: unknown) => cause)) as Error;
    expect(error.message).toMatch(problem);
    expect(error.message).not.toContain(SECRET.toString("base64"));
  });
});
