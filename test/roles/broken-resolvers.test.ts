import { type TestContext, describe, test, vi } from "vitest";
import { Flag } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord, encodeSoa, encodeTxt } from "../../src/dns/records/index.ts";
import { indexNode, setId } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { APEX, type SetDraft, registry, replaced } from "../support/registry.ts";
import { type Asked, type Misdeed, ScriptedResolver } from "../support/scripted-resolver.ts";
import { ETR, MAB, SERVICE, ServedRegistry } from "../support/served-registry.ts";
import { signedZone } from "../support/signed-dns.ts";
import { DAY, type SigningTimes, dsText, makeKey } from "../support/zone-signer.ts";

const ANOTHER = "198.51.100.0/24";
/** A service of the same QSAs, by another name. */
const OTHER_SERVICE = SERVICE.replace("s1.", "s2.");

function zone(serial: number, ...sets: SetDraft[]): ResourceRecord[] {
  return registry(serial, sets);
}

const at = (service: string, ...prefixes: string[]): SetDraft => ({ services: [service], prefixes });
const good = zone(5, at(SERVICE, MAB));
const isOf = ({ name }: Pick<Asked, "name">): boolean => name.endsWith(APEX);
/** For the registry; the DSOC's zone is answered for as ever. */
const ofRegistry = (misdeed: Misdeed): Misdeed => (asked) => (isOf(asked) ? misdeed(asked) : asked.answer());

/** More sets than a registry may have. */
function flooded(): ResourceRecord[] {
  const ghosts = [..."0123456789abcdef"].flatMap((digit) =>
    Array.from({ length: 300 }, (_, index) => ({ name: indexNode(digit, APEX), type: RecordType.TXT, ttl: 60, data: encodeTxt([`${digit}${String(index).padStart(9, "0")} ${"0".repeat(16)}`]) })),
  );
  return [...zone(6), ...ghosts];
}

function otherSoa(serial: number): ResourceRecord {
  return { name: "other.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa({ mname: "ns.example.", rname: "admin.example.", serial, refresh: 1, retry: 1, expire: 3_600, minimum: 60 }) };
}

/** Octets that begin like the answer, and go on as they like. */
function garbage({ answer }: Asked): Uint8Array {
  const octets = answer().slice(0, 200);
  octets.fill(0xab, octets.indexOf(0, 12) + 5);
  octets.set([0, 9], 6);
  return octets;
}

interface Fault {
  readonly what: string;
  /** What it is from now on. */
  readonly spoil: (resolver: ScriptedResolver) => void;
  readonly reason: RegExp;
}

const misdeed = (act: Misdeed) => (resolver: ScriptedResolver): void => { resolver.misdeed = ofRegistry(act); };
const serving = (records: () => readonly ResourceRecord[]) => (resolver: ScriptedResolver): void => { resolver.serve(APEX, records()); };

const FAULTS: readonly Fault[] = [
  { what: "refuses", spoil: misdeed(({ answer }) => answer({ rcode: 5 })), reason: /stays as it was: no answer for drtm\.example\. SOA \(127\.0\.0\.1:\d+: REFUSED\)/ },
  { what: "is lame: SERVFAIL", spoil: misdeed(({ answer }) => answer({ rcode: 2 })), reason: /no answer for drtm\.example\. SOA \(127\.0\.0\.1:\d+: SERVFAIL\): check that these name servers run and serve this zone/ },
  { what: "is silent", spoil: misdeed(() => undefined), reason: /no answer for drtm\.example\. SOA \(127\.0\.0\.1:\d+: no answer\)/ },
  { what: "truncates, over TCP too", spoil: misdeed(({ answer }) => answer({ flags: Flag.truncated })), reason: /its answer is truncated over TCP too/ },
  { what: "truncates, and is silent over TCP", spoil: misdeed(({ overTcp, answer }) => (overTcp ? undefined : answer({ flags: Flag.truncated }))), reason: /no complete answer over TCP/ },
  { what: "sends garbage", spoil: misdeed(garbage), reason: /its answer is malformed: / },
  { what: "sends what is no answer", spoil: misdeed(() => Uint8Array.from({ length: 40 }, () => 7)), reason: /no answer for drtm\.example\. SOA \(127\.0\.0\.1:\d+: no answer\)/ },
  { what: "has another zone there", spoil: serving(() => [otherSoa(6)]), reason: /drtm\.example\. has no SOA record: is it the apex of a registry zone\?/ },
  { what: "has no registry there", spoil: serving(() => zone(6).filter(({ type }) => type !== RecordType.TXT)), reason: /version\.drtm\.example\. TXT says \[\] and not "drtm1"/ },
  { what: "goes back in serial", spoil: serving(() => zone(4, at(SERVICE, ANOTHER))), reason: /has serial 4, older than 5 seen before: refused/ },
  { what: "floods with records", spoil: serving(flooded), reason: /has more than 4,096 sets: refused/ },
  { what: "has a set that does not fit its digest", spoil: serving(() => zone(6, at(SERVICE, MAB, ANOTHER)).filter(({ type }) => type !== RecordType.APL)), reason: /set stays as it was: .* does not have the digest/ },
  { what: "has a zone that changes all the time", spoil: changing, reason: /could not be read whole in 4 tries: its serial went from \d+ to \d+; is it being changed all the time\?/ },
];

function changing(resolver: ScriptedResolver): void {
  let serial = 5;
  resolver.dns.before = (name, type) => {
    if (name === APEX && type === RecordType.SOA) resolver.serve(APEX, zone(++serial, at(SERVICE, MAB, ANOTHER)));
  };
}

function mend(resolver: ScriptedResolver, records: readonly ResourceRecord[]): void {
  resolver.misdeed = undefined;
  resolver.dns.before = () => undefined;
  resolver.serve(APEX, records);
}

describe.concurrent("a resolver that fails, or has a registry that is broken, is told of; the last good catalogue serves on; and all is well when it is", { timeout: 60_000 }, () => {
  test.for(FAULTS)("$what", async ({ spoil, reason }, { expect, onTestFinished }) => {
    const { resolver, world } = await walking(good, onTestFinished);
    spoil(resolver);
    await expect.poll(() => world.statusText()).toMatch(problem(reason));
    await expect.poll(() => world.ask()).toBe(ETR);
    expect((await world.status()).catalogue!.mabs).toBe(1);
    mend(resolver, zone(1_000, at(SERVICE, MAB, ANOTHER)));
    await expect.poll(async () => [await mabsOf(world), await problemsOf(world)]).toEqual([2, []]);
    await expect.poll(() => world.ask()).toBe(ETR);
  });

  test("is down", async ({ expect, onTestFinished }) => {
    const { resolver, world } = await walking(good, onTestFinished);
    resolver.stop();
    await expect.poll(() => world.statusText()).toMatch(problem(/no answer for drtm\.example\. SOA \(127\.0\.0\.1:\d+: .*ECONNREFUSED/));
    await expect.poll(() => world.ask()).toBe(ETR);
    resolver.serve(APEX, zone(6, at(SERVICE, MAB, ANOTHER)));
    const back = await ScriptedResolver.start(resolver.dns, resolver.port);
    onTestFinished(() => { back.stop(); });
    await expect.poll(async () => [await mabsOf(world), await problemsOf(world)]).toEqual([2, []]);
  });

  test.for<[string, readonly SetDraft[]]>([
    ["changes", [at(SERVICE, MAB, "203.0.113.0/24", ANOTHER)]],
    ["has the MAB moved from set to set", [at(SERVICE, ANOTHER), at(OTHER_SERVICE, MAB, "203.0.113.0/24")]],
  ])("%s while it is read: it is read again, whole", async ([_what, sets], { expect, onTestFinished }) => {
    const { resolver, world } = await walking(good, onTestFinished);
    let changes = 0;
    resolver.dns.before = (_name, type) => {
      if (type === RecordType.APL && changes++ === 0) resolver.serve(APEX, zone(7, ...sets));
    };
    resolver.serve(APEX, zone(6, at(SERVICE, MAB, ANOTHER)));
    await expect.poll(() => mabsOf(world)).toBe(3);
    expect((await world.status()).catalogue).toMatchObject({ serials: { [APEX]: 7 }, problems: [] });
    await expect.poll(() => world.ask()).toBe(ETR);
  });

  test("has the MAB moved to another set, with the index node of that set from before", async ({ expect, onTestFinished }) => {
    const before = zone(5, at(SERVICE, MAB, ANOTHER), at(OTHER_SERVICE, "203.0.113.0/24"));
    const { resolver, world } = await walking(before, onTestFinished);
    const node = indexNode(setId([OTHER_SERVICE], sha256hex)[0]!, APEX);
    const after = zone(6, at(SERVICE, ANOTHER), at(OTHER_SERVICE, MAB, "203.0.113.0/24"));
    resolver.serve(APEX, [...after.filter(({ name }) => name !== node), ...before.filter(({ name }) => name === node)]);
    await expect.poll(() => world.statusText()).toMatch(problem(/1 MAB of serial 5 is not in serial 6 as seen so far, 192\.0\.2\.0\/24: it stays until/));
    await expect.poll(() => world.ask()).toBe(ETR);
    resolver.serve(APEX, after);
    await expect.poll(() => problemsOf(world)).toEqual([]);
    expect(await mabsOf(world)).toBe(3);
    await expect.poll(() => world.ask()).toBe(ETR);
  });
});

describe.concurrent("a registry whose answers are not signed as the trust anchor wants it is refused, and told of", { timeout: 60_000 }, () => {
  const [ours, others] = [makeKey(APEX), makeKey(APEX)];
  const now = Math.floor(Date.now() / 1000);
  const [valid, over] = [{ inception: now - DAY, expiration: now + DAY }, { inception: now - 2 * DAY, expiration: now - DAY }];
  const signed = (records: readonly ResourceRecord[], key = ours, times: SigningTimes = valid): ResourceRecord[] => signedZone(APEX, records, [key], times);
  const newer = zone(6, at(SERVICE, MAB, "203.0.113.0/24"));

  test.for<[string, readonly ResourceRecord[], RegExp]>([
    ["signatures that have expired", signed(newer, ours, over), /every answer for drtm\.example\. DNSKEY is refused \(127\.0\.0\.1:\d+: DNSKEY of drtm\.example\.: the signature by key \d+.* expired at/],
    ["signatures that are stripped", signed(newer).filter(({ type }) => type !== RecordType.RRSIG), /DNSKEY of drtm\.example\.: no RRSIG covers it/],
    ["no signatures at all", newer, /DNSKEY of drtm\.example\.: there is none/],
    ["another's key", signed(newer, others), /drtm\.example\.: no key of the zone is one of its trust anchors/],
    ["a bucket that nobody has signed", replaced(signed(newer), ({ type }) => type === RecordType.APL, good.find(({ type }) => type === RecordType.APL)!.data), /APL of \S+: the signature by key .* does not fit the records/],
    ["an index node that is kept back", signed(newer).filter(({ name }) => name !== indexNode(setId([SERVICE], sha256hex)[0]!, APEX)), /is said to be absent, but no NSEC record proves/],
  ])("%s", async ([_what, bad, reason], { expect, onTestFinished }) => {
    const { resolver, world } = await walking(signed(good), onTestFinished, [dsText(ours)]);
    resolver.serve(APEX, bad);
    await expect.poll(() => world.statusText()).toMatch(problem(reason));
    await expect.poll(() => world.ask()).toBe(ETR);
    expect((await world.status()).catalogue).toMatchObject({ mabs: 1, serials: { [APEX]: 5 } });
    resolver.serve(APEX, signed(zone(7, at(SERVICE, MAB, ANOTHER))));
    await expect.poll(async () => [await mabsOf(world), await problemsOf(world)]).toEqual([2, []]);
    await expect.poll(() => world.ask()).toBe(ETR);
  });
});

/** A QSR that has walked this registry, and answers for its MAB. */
async function walking(records: readonly ResourceRecord[], onTestFinished: TestContext["onTestFinished"], trustAnchors: readonly string[] = []): Promise<{ resolver: ScriptedResolver; world: ServedRegistry }> {
  const resolver = await ScriptedResolver.start();
  onTestFinished(() => { resolver.stop(); });
  resolver.serve(APEX, records);
  const world = await ServedRegistry.start({ apex: APEX, primaries: [], trustAnchors, resolver });
  onTestFinished(() => world.stop());
  await vi.waitUntil(async () => (await world.ask()) === ETR, { timeout: 15_000, interval: 100 });
  return { resolver, world };
}

function problem(reason: RegExp): RegExp {
  return new RegExp(`^problem .*(${reason.source})`, "m");
}

async function mabsOf(world: ServedRegistry): Promise<number> {
  return (await world.status()).catalogue!.mabs;
}

async function problemsOf(world: ServedRegistry): Promise<readonly string[]> {
  return (await world.status()).catalogue!.problems;
}
