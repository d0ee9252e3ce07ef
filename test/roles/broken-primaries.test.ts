import { type TestContext, describe, test } from "vitest";
import { framed } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { type Script, ScriptedPrimary, gives, pour, reply, trickle } from "../support/hostile-primary.ts";
import { APEX, registry } from "../support/registry.ts";
import { ETR, MAB, SERVICE, ServedRegistry } from "../support/served-registry.ts";
import { flood, soa, txt } from "../support/transfers.ts";
import { type SigningTimes, dsText, makeKey, signZone } from "../support/zone-signer.ts";

const ANOTHER = "198.51.100.0/24";
const DAY = 86_400;

function zone(serial: number, ...mabs: string[]): ResourceRecord[] {
  return registry(serial, [{ services: [SERVICE], prefixes: mabs }]);
}

/** As a transfer has it: the SOA at both ends. */
function transfer(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...records, records[0]!];
}

const good = (serial: number, ...mabs: string[]): Script => gives({ AXFR: transfer(zone(serial, ...mabs)), IXFR: transfer(zone(serial, ...mabs)) });
const answers = (rcode: number): Script => (asked, socket) => socket.write(framed(reply(asked, [], { rcode })));
const begins: Script = (asked, socket) => socket.write(framed(reply(asked, [soa(6)])));

interface Fault {
  readonly what: string;
  readonly script: Script;
  /** What the status says that the primary does. */
  readonly reason: RegExp;
  /** The serial that it gives by a datagram; 6 unless said. */
  readonly serial?: number;
  /** How long it may take, where it takes as long as it may; others have time enough on a machine that has other work. */
  readonly deadlineSeconds?: number;
}

const FAULTS: readonly Fault[] = [
  { what: "refuses", script: answers(5), reason: /the server says REFUSED: allow transfers/ },
  { what: "is lame: SERVFAIL", script: answers(2), reason: /the server says SERVFAIL/ },
  { what: "is lame: not authoritative", script: answers(9), reason: /the server says NOTAUTH: ask a server that serves the zone/ },
  { what: "is lame: nothing is in its answer", script: answers(0), reason: /there are no records in its first message/ },
  { what: "is silent", script: () => undefined, deadlineSeconds: 1, reason: /not complete within 1000 ms/ },
  { what: "sends an octet now and then", script: (_asked, socket) => { trickle(socket); }, deadlineSeconds: 1, reason: /not complete within 1000 ms/ },
  { what: "hangs up in the middle", script: (asked, socket) => { begins(asked, socket); socket.end(framed(reply(asked, [txt("a")])).subarray(0, 20)); }, reason: /ended the connection before the transfer was complete/ },
  { what: "truncates", script: (asked, socket) => socket.write(framed(reply(asked, [soa(6)], { flags: 0x8600 }))), reason: /it says that it is truncated, over TCP/ },
  { what: "sends garbage", script: (_asked, socket) => socket.write(Buffer.alloc(70_000, 7)), reason: /IXFR of drtm\.example\.: it has 1799 questions/ },
  { what: "never ends", script: (asked, socket) => { begins(asked, socket); pour(socket, () => reply(asked, [])); }, deadlineSeconds: 1, reason: /more than [\d,]+ messages|not complete within 1000 ms/ },
  { what: "floods with records", script: (asked, socket) => { begins(asked, socket); pour(socket, () => flood(asked.id, "IXFR")); }, deadlineSeconds: 1, reason: /more than [\d,]+ records|not complete within 1000 ms/ },
  { what: "gives another zone", script: gives({ IXFR: transfer([soa(6, "other.example."), txt("a")]) }), reason: /other\.example\. is not in the zone/ },
  { what: "gives no registry", script: gives({ IXFR: transfer([soa(6), txt("a")]) }), reason: /version\.drtm\.example\. TXT says \[\]/ },
  { what: "goes back in serial", serial: 4, script: gives({ IXFR: transfer(zone(4, ANOTHER)) }), reason: /serial 4 is not newer than 5, which we have/ },
  { what: "gives increments of another zone", script: gives({ IXFR: [soa(6), zone(5, MAB)[0]!, txt("not-there"), soa(6), soa(6)] }), reason: /REFUSED/ },
];

describe.concurrent("a primary that fails is told of, the last good catalogue serves on, and all is well when it is", () => {
  test.for(FAULTS)("$what", async ({ script, reason, serial = 6, deadlineSeconds = 20 }, { expect, onTestFinished }) => {
    const primary = await ScriptedPrimary.start(good(5, MAB), soa(5));
    onTestFinished(() => { primary.stop(); });
    const world = await served([primary], onTestFinished, { dns: { transferDeadlineSeconds: deadlineSeconds } });
    await expect.poll(() => mabsOf(world)).toBe(1);
    expect(await world.ask()).toBe(ETR);

    Object.assign(primary, { script, overUdp: soa(serial) });
    await expect.poll(() => world.statusText()).toMatch(complaint(primary, reason));
    expect(await world.ask()).toBe(ETR);
    expect((await world.status()).catalogue).toMatchObject({ mabs: 1, serials: { [APEX]: 5 } });

    Object.assign(primary, { script: good(7, MAB, ANOTHER), overUdp: soa(7) });
    await expect.poll(() => mabsOf(world)).toBe(2);
    await expect.poll(() => problemsOf(world)).toEqual([]);
    expect(await world.ask()).toBe(ETR);
  });

  test("is down", async ({ expect, onTestFinished }) => {
    const primary = await ScriptedPrimary.start(good(5, MAB), soa(5));
    const world = await served([primary], onTestFinished);
    await expect.poll(() => mabsOf(world)).toBe(1);
    primary.stop();
    await expect.poll(() => world.statusText()).toMatch(complaint(primary, /ECONNREFUSED/));
    expect(await world.ask()).toBe(ETR);
    const back = await ScriptedPrimary.start(good(6, MAB, ANOTHER), soa(6), primary.port);
    onTestFinished(() => { back.stop(); });
    await expect.poll(() => mabsOf(world)).toBe(2);
    await expect.poll(() => problemsOf(world)).toEqual([]);
  });
});

describe.concurrent("a primary whose zone is not signed as the trust anchor wants it is refused, and told of", () => {
  const [ours, others] = [makeKey(APEX), makeKey(APEX)];
  const now = Math.floor(Date.now() / 1000);
  const [valid, over] = [{ inception: now - DAY, expiration: now + DAY }, { inception: now - 2 * DAY, expiration: now - DAY }];
  const signed = (records: readonly ResourceRecord[], key = ours, times: SigningTimes = valid): ResourceRecord[] => signZone(APEX, records, [key], times);

  test.for<[string, ResourceRecord[], RegExp]>([
    ["signatures that have expired", signed(zone(6, MAB), ours, over), /serial 6 of drtm\.example\. is refused: .* expired at/],
    ["signatures that are stripped", signed(zone(6, MAB)).filter(({ type }) => type !== RecordType.RRSIG), /is refused: DNSKEY of drtm\.example\./],
    ["no signatures at all", zone(6, MAB), /is refused: DNSKEY of drtm\.example\./],
    ["another's key", signed(zone(6, MAB), others), /is refused: drtm\.example\.: no key of the zone is one of its trust anchors/],
    ["a record that nobody has signed for", [...signed(zone(6, MAB)), txt("x")], /is refused: ZONEMD of drtm\.example\./],
  ])("%s", async ([_what, bad, reason], { expect, onTestFinished }) => {
    const primary = await ScriptedPrimary.start(gives({ AXFR: transfer(signed(zone(5, MAB))) }, 50), soa(5));
    onTestFinished(() => { primary.stop(); });
    const world = await served([primary], onTestFinished, { trustAnchors: [dsText(ours)] });
    await expect.poll(() => mabsOf(world)).toBe(1);
    Object.assign(primary, { script: gives({ IXFR: transfer(bad) }, 50), overUdp: soa(6) });
    await expect.poll(() => world.statusText()).toMatch(complaint(primary, reason));
    expect(await world.ask()).toBe(ETR);
    Object.assign(primary, { script: gives({ IXFR: transfer(signed(zone(7, MAB, ANOTHER))) }, 50), overUdp: soa(7) });
    await expect.poll(() => mabsOf(world)).toBe(2);
    await expect.poll(() => problemsOf(world)).toEqual([]);
  });
});

describe.concurrent("of several primaries", () => {
  test("the next one is asked where the first fails; the status says what that did, until it does it no more", async ({ expect, onTestFinished }) => {
    const [first, second] = await started([answers(5), good(5, MAB)], [soa(5), soa(5)], onTestFinished);
    const world = await served([first, second], onTestFinished);
    await expect.poll(() => mabsOf(world)).toBe(1);
    expect(await world.statusText()).toMatch(complaint(first, /the server says REFUSED/));
    expect((await world.status()).catalogue!.sources[APEX]).toBe(`zone transfer from 127.0.0.1:${second.port}`);
    first.script = good(5, MAB);
    await expect.poll(() => problemsOf(world)).toEqual([]);
    expect(await world.ask()).toBe(ETR);
  });

  test("the one with news is followed, whichever is first; one that is behind is told of", async ({ expect, onTestFinished }) => {
    const [first, second] = await started([good(5, MAB), good(5, MAB)], [soa(5), soa(5)], onTestFinished);
    const world = await served([first, second], onTestFinished);
    await expect.poll(() => mabsOf(world)).toBe(1);
    Object.assign(second, { script: good(6, MAB, ANOTHER), overUdp: soa(6) });
    await expect.poll(() => mabsOf(world)).toBe(2);
    await expect.poll(() => world.statusText()).toMatch(complaint(first, /its serial 5 of drtm\.example\. is behind 6/));
    Object.assign(first, { script: good(7, MAB), overUdp: soa(7) });
    await expect.poll(() => mabsOf(world)).toBe(1);
    expect((await world.status()).catalogue!.serials).toEqual({ [APEX]: 7 });
    await expect.poll(() => world.statusText()).toMatch(complaint(second, /its serial 6 of drtm\.example\. is behind 7/));
  });

  test("all that fail are told of, each with what it does; where resolvers have the zone, it is read by queries", async ({ expect, onTestFinished }) => {
    const [first, second] = await started([answers(5), (_asked, socket) => socket.destroy()], [undefined, undefined], onTestFinished);
    const world = await served([first, second], onTestFinished, { walked: zone(5, MAB) });
    await expect.poll(() => mabsOf(world)).toBe(1);
    const text = await world.statusText();
    expect(text).toMatch(complaint(first, /the server says REFUSED/));
    expect(text).toMatch(complaint(second, /ended the connection before|ECONNRESET/));
    expect(text).toContain("problem     drtm.example.: read by query walk, since drtm.example.: no primary has given it: ");
    expect(await world.ask()).toBe(ETR);
  });
});

async function started(scripts: readonly [Script, Script], overUdp: readonly (ResourceRecord | undefined)[], onTestFinished: TestContext["onTestFinished"]): Promise<[ScriptedPrimary, ScriptedPrimary]> {
  const primaries = await Promise.all(scripts.map((script, index) => ScriptedPrimary.start(script, overUdp[index])));
  onTestFinished(() => { for (const primary of primaries) primary.stop(); });
  return primaries as [ScriptedPrimary, ScriptedPrimary];
}

function complaint({ port }: ScriptedPrimary, reason: RegExp): RegExp {
  return new RegExp(`^problem .*primary 127\\.0\\.0\\.1:${port}: .*(${reason.source})`, "m");
}

async function served(primaries: readonly ScriptedPrimary[], onTestFinished: TestContext["onTestFinished"], more: object = {}): Promise<ServedRegistry> {
  const world = await ServedRegistry.start({ apex: APEX, primaries: primaries.map(({ port }) => port), ...more });
  onTestFinished(() => world.stop());
  return world;
}

async function mabsOf(world: ServedRegistry): Promise<number> {
  return (await world.status()).catalogue!.mabs;
}

async function problemsOf(world: ServedRegistry): Promise<readonly string[]> {
  return (await world.status()).catalogue!.problems;
}
