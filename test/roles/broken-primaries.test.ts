import { afterAll, beforeAll, describe, test } from "vitest";
import { framed } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { type Script, ScriptedPrimary, gives, pour, reply, trickle } from "../support/hostile-primary.ts";
import { registry } from "../support/registry.ts";
import { ETR, SERVICE, ServedRegistries } from "../support/served-registry.ts";
import { flood, soa, txt } from "../support/transfers.ts";
import { type SigningTimes, dsText, makeKey, signZone } from "../support/zone-signer.ts";

const DAY = 86_400;

/** A registry of its own for each fault: all of them are read side by side by one QSR, and none may hold up another. */
interface Place {
  readonly apex: string;
  readonly mab: string;
  readonly another: string;
}

const placeOf = (label: string, index: number): Place => ({ apex: `${label}${index}.example.`, mab: `198.18.${index}.0/24`, another: `198.19.${index}.0/24` });

function zone(serial: number, { apex }: Place, ...mabs: string[]): ResourceRecord[] {
  return registry(serial, [{ services: [SERVICE], prefixes: mabs }], apex);
}

/** As a transfer has it: the SOA at both ends. */
function transfer(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...records, records[0]!];
}

const whole = (records: readonly ResourceRecord[]): Script => gives({ AXFR: transfer(records), IXFR: transfer(records) }, 50);
const good = (serial: number, place: Place, ...mabs: string[]): Script => whole(zone(serial, place, ...mabs));
const answers = (rcode: number): Script => (asked, socket) => socket.write(framed(reply(asked, [], { rcode })));
const begins: Script = (asked, socket) => socket.write(framed(reply(asked, [soa(6, asked.name)])));
const inZone = (label: string, apex: string): ResourceRecord => ({ ...txt(label), name: `${label}.${apex}` });

interface Fault {
  readonly what: string;
  readonly script: Script;
  /** What the status says that the primary does. */
  readonly reason: RegExp;
  /** The serial that it gives by a datagram; 6 unless said. */
  readonly serial?: number;
}

const ofPlace = (make: (place: Place) => Script): Script => (asked, socket) => {
  const index = Number(/(\d+)\.example\.$/.exec(asked.name)![1]);
  make(placeOf(asked.name.replace(/\d+\.example\.$/, ""), index))(asked, socket);
};

const FAULTS: readonly Fault[] = [
  { what: "refuses", script: answers(5), reason: /the server says REFUSED: allow transfers/ },
  { what: "is lame: SERVFAIL", script: answers(2), reason: /the server says SERVFAIL/ },
  { what: "is lame: not authoritative", script: answers(9), reason: /the server says NOTAUTH: ask a server that serves the zone/ },
  { what: "is lame: nothing is in its answer", script: answers(0), reason: /there are no records in its first message/ },
  { what: "hangs up in the middle", script: (asked, socket) => { begins(asked, socket); socket.end(framed(reply(asked, [inZone("a", asked.name)])).subarray(0, 20)); }, reason: /ended the connection before the transfer was complete/ },
  { what: "truncates", script: (asked, socket) => socket.write(framed(reply(asked, [soa(6, asked.name)], { flags: 0x8600 }))), reason: /it says that it is truncated, over TCP/ },
  { what: "sends garbage", script: (_asked, socket) => socket.write(Buffer.alloc(70_000, 7)), reason: /IXFR of .*: it has 1799 questions/ },
  { what: "gives another zone", script: gives({ IXFR: transfer([soa(6, "other.example."), txt("a")]) }), reason: /other\.example\. is not in the zone/ },
  { what: "gives no registry", script: ofPlace(({ apex }) => gives({ IXFR: transfer([soa(6, apex), inZone("a", apex)]) })), reason: /version\..* TXT says \[\]/ },
  { what: "goes back in serial", serial: 4, script: ofPlace((place) => gives({ IXFR: transfer(zone(4, place, place.another)) })), reason: /serial 4 is not newer than 5, which we have/ },
  {
    what: "gives increments of another zone",
    script: ofPlace((place) => gives({ IXFR: [soa(6, place.apex), zone(5, place, place.mab)[0]!, inZone("not-there", place.apex), soa(6, place.apex), soa(6, place.apex)] })),
    reason: /REFUSED/,
  },
];

/** These end only when their time is over, or so much has come that it is enough. */
const ENDLESS: readonly Fault[] = [
  { what: "is silent", script: () => undefined, reason: /not complete within 1000 ms/ },
  { what: "sends an octet now and then", script: (_asked, socket) => { trickle(socket); }, reason: /not complete within 1000 ms/ },
  { what: "never ends", script: (asked, socket) => { begins(asked, socket); pour(socket, () => reply(asked, [])); }, reason: /more than [\d,]+ messages|not complete within 1000 ms/ },
  { what: "floods with records", script: (asked, socket) => { begins(asked, socket); pour(socket, () => flood(asked.id, "IXFR", asked.name)); }, reason: /more than [\d,]+ records|not complete within 1000 ms/ },
];

/** Of each place. */
type Primaries = readonly (readonly ScriptedPrimary[])[];

/** One QSR and QSA, and for each place primaries that give it in good order. */
class World {
  readonly #served: ServedRegistries;
  readonly #primaries: Primaries;

  private constructor(served: ServedRegistries, primaries: Primaries) {
    this.#served = served;
    this.#primaries = primaries;
  }

  static async start(places: readonly Place[], primaries: Primaries, more: Partial<Parameters<typeof ServedRegistries.start>[0]> & { readonly trustAnchors?: (place: Place) => readonly string[] } = {}): Promise<World> {
    const { trustAnchors = () => [], ...rest } = more;
    const registries = places.map((place, index) => ({ apex: place.apex, primaries: primaries[index]!.map(({ port }) => port), trustAnchors: trustAnchors(place) }));
    return new World(await ServedRegistries.start({ registries, mabs: places.map(({ mab }) => mab), ...rest }), primaries);
  }

  primaries(index: number): readonly ScriptedPrimary[] {
    return this.#primaries[index]!;
  }

  /** Of a MAB that is served. */
  ask({ mab }: Place): Promise<string> {
    return this.#served.ask(mab);
  }

  async serialOf({ apex }: Place): Promise<number | undefined> {
    return (await this.#served.status()).catalogue!.serials[apex];
  }

  /** What `drtm ctl status` says is wrong with it. */
  async problemsOf({ apex }: Place): Promise<string> {
    const lines = (await this.#served.statusText()).split("\n");
    return lines.filter((line) => line.startsWith(`problem     ${apex}`)).join("\n");
  }

  async sourceOf({ apex }: Place): Promise<string | undefined> {
    return (await this.#served.status()).catalogue!.sources[apex];
  }

  async stop(): Promise<void> {
    await this.#served.stop();
    for (const primary of this.#primaries.flat()) primary.stop();
  }
}

describe.each([["in time", FAULTS, 20], ["without end", ENDLESS, 1]] as const)("a primary that fails %s is told of, the last good catalogue serves on, and all is well when it is", (label, faults, transferDeadlineSeconds) => {
  const places = faults.map((_, index) => placeOf(label.replaceAll(" ", "-"), index));
  let world: World;

  beforeAll(async () => {
    const primaries = await Promise.all(places.map(async (place) => [await ScriptedPrimary.start(good(5, place, place.mab), soa(5, place.apex))]));
    world = await World.start(places, primaries, { dns: { transferDeadlineSeconds } });
  });

  afterAll(() => world.stop());

  test.concurrent.for(faults.map((fault, index) => ({ ...fault, index })))("$what", async ({ script, reason, serial = 6, index }, { expect }) => {
    const [place, [primary]] = [places[index]!, world.primaries(index)];
    await expect.poll(() => world.serialOf(place)).toBe(5);
    await expect.poll(() => world.ask(place)).toBe(ETR);

    Object.assign(primary!, { script, overUdp: soa(serial, place.apex) });
    await expect.poll(() => world.problemsOf(place)).toMatch(complaint(primary!, reason));
    expect(await world.ask(place)).toBe(ETR);
    expect(await world.serialOf(place)).toBe(5);

    Object.assign(primary!, { script: good(7, place, place.mab, place.another), overUdp: soa(7, place.apex) });
    await expect.poll(() => world.serialOf(place)).toBe(7);
    await expect.poll(() => world.problemsOf(place)).toBe("");
    expect(await world.ask(place)).toBe(ETR);
  });
});

describe("a primary whose zone is not signed as the trust anchor wants it is refused, and told of", () => {
  const now = Math.floor(Date.now() / 1000);
  const [valid, over] = [{ inception: now - DAY, expiration: now + DAY }, { inception: now - 2 * DAY, expiration: now - DAY }];
  const places = Array.from({ length: 5 }, (_, index) => placeOf("signed", index));
  const [ours, others] = [new Map(places.map(({ apex }) => [apex, makeKey(apex)])), new Map(places.map(({ apex }) => [apex, makeKey(apex)]))];
  const signed = (place: Place, records: readonly ResourceRecord[], keys = ours, times: SigningTimes = valid): ResourceRecord[] => signZone(place.apex, records, [keys.get(place.apex)!], times);
  const BAD: readonly [string, (place: Place, records: readonly ResourceRecord[]) => ResourceRecord[], RegExp][] = [
    ["signatures that have expired", (place, records) => signed(place, records, ours, over), /serial 6 of .* is refused: .* expired at/],
    ["signatures that are stripped", (place, records) => signed(place, records).filter(({ type }) => type !== RecordType.RRSIG), /is refused: DNSKEY of/],
    ["no signatures at all", (_place, records) => [...records], /is refused: DNSKEY of/],
    ["another's key", (place, records) => signed(place, records, others), /is refused: .*: no key of the zone is one of its trust anchors/],
    ["a record that nobody has signed for", (place, records) => [...signed(place, records), inZone("x", place.apex)], /is refused: ZONEMD of/],
  ];
  let world: World;

  beforeAll(async () => {
    const primaries = await Promise.all(places.map(async (place) => [await ScriptedPrimary.start(whole(signed(place, zone(5, place, place.mab))), soa(5, place.apex))]));
    world = await World.start(places, primaries, { trustAnchors: ({ apex }) => [dsText(ours.get(apex)!)] });
  });

  afterAll(() => world.stop());

  test.concurrent.for(BAD.map(([what, spoil, reason], index) => ({ what, spoil, reason, index })))("$what", async ({ spoil, reason, index }, { expect }) => {
    const [place, [primary]] = [places[index]!, world.primaries(index)];
    await expect.poll(() => world.serialOf(place)).toBe(5);
    Object.assign(primary!, { script: whole(spoil(place, zone(6, place, place.mab))), overUdp: soa(6, place.apex) });
    await expect.poll(() => world.problemsOf(place)).toMatch(complaint(primary!, reason));
    await expect.poll(() => world.ask(place)).toBe(ETR);
    Object.assign(primary!, { script: whole(signed(place, zone(7, place, place.mab, place.another))), overUdp: soa(7, place.apex) });
    await expect.poll(() => world.serialOf(place)).toBe(7);
    await expect.poll(() => world.problemsOf(place)).toBe("");
  });
});

describe("of several primaries", () => {
  const places = Array.from({ length: 4 }, (_, index) => placeOf("several", index));
  const [passedOver, followed, walked, down] = places as [Place, Place, Place, Place];
  let world: World;

  beforeAll(async () => {
    const primaries = await Promise.all([
      started([answers(5), good(5, passedOver, passedOver.mab)], [soa(6, passedOver.apex), soa(5, passedOver.apex)]),
      started([good(5, followed, followed.mab), good(5, followed, followed.mab)], [soa(5, followed.apex), soa(5, followed.apex)]),
      started([answers(5), (_asked, socket) => socket.destroy()], [undefined, undefined]),
      started([good(5, down, down.mab)], [soa(5, down.apex)]),
    ]);
    world = await World.start(places, primaries, { walked: zone(5, walked, walked.mab) });
  });

  afterAll(() => world.stop());

  test.concurrent("the next one is asked where the first fails; the status says what that did, until it does it no more", async ({ expect }) => {
    const [first, second] = world.primaries(0) as [ScriptedPrimary, ScriptedPrimary];
    await expect.poll(() => world.problemsOf(passedOver)).toMatch(complaint(first, /the server says REFUSED/));
    await expect.poll(() => world.sourceOf(passedOver)).toBe(`zone transfer from 127.0.0.1:${second.port}`);
    for (const primary of [first, second]) Object.assign(primary, { script: good(6, passedOver, passedOver.mab), overUdp: soa(6, passedOver.apex) });
    await expect.poll(() => world.serialOf(passedOver)).toBe(6);
    await expect.poll(() => world.problemsOf(passedOver)).toBe("");
    expect(await world.ask(passedOver)).toBe(ETR);
  });

  test.concurrent("the one with news is followed, whichever is first; one that is behind is told of", async ({ expect }) => {
    const [first, second] = world.primaries(1) as [ScriptedPrimary, ScriptedPrimary];
    await expect.poll(() => world.serialOf(followed)).toBe(5);
    Object.assign(second, { script: good(6, followed, followed.mab, followed.another), overUdp: soa(6, followed.apex) });
    await expect.poll(() => world.serialOf(followed)).toBe(6);
    await expect.poll(() => world.problemsOf(followed)).toMatch(complaint(first, /its serial 5 of .* is behind 6/));
    Object.assign(first, { script: good(7, followed, followed.mab), overUdp: soa(7, followed.apex) });
    await expect.poll(() => world.serialOf(followed)).toBe(7);
    await expect.poll(() => world.problemsOf(followed)).toMatch(complaint(second, /its serial 6 of .* is behind 7/));
  });

  test.concurrent("all that fail are told of, each with what it does; where resolvers have the zone, it is read by queries", async ({ expect }) => {
    const [first, second] = world.primaries(2) as [ScriptedPrimary, ScriptedPrimary];
    await expect.poll(() => world.serialOf(walked)).toBe(5);
    await expect.poll(() => world.problemsOf(walked)).toMatch(complaint(first, /the server says REFUSED/));
    const text = await world.problemsOf(walked);
    expect(text).toMatch(complaint(second, /ended the connection before|ECONNRESET/));
    expect(text).toContain(`problem     ${walked.apex}: read by query walk, since ${walked.apex}: no primary has given it: `);
    expect(await world.ask(walked)).toBe(ETR);
  });

  test.concurrent("the only one that is down is told of, and followed when it is back", async ({ expect, onTestFinished }) => {
    const [primary] = world.primaries(3) as [ScriptedPrimary];
    await expect.poll(() => world.serialOf(down)).toBe(5);
    primary.stop();
    await expect.poll(() => world.problemsOf(down)).toMatch(complaint(primary, /ECONNREFUSED/));
    expect(await world.ask(down)).toBe(ETR);
    const back = await ScriptedPrimary.start(good(6, down, down.mab, down.another), soa(6, down.apex), primary.port);
    onTestFinished(() => { back.stop(); });
    await expect.poll(() => world.serialOf(down)).toBe(6);
    await expect.poll(() => world.problemsOf(down)).toBe("");
  });
});

function started(scripts: readonly Script[], overUdp: readonly (ResourceRecord | undefined)[]): Promise<ScriptedPrimary[]> {
  return Promise.all(scripts.map((script, index) => ScriptedPrimary.start(script, overUdp[index])));
}

function complaint({ port }: ScriptedPrimary, reason: RegExp): RegExp {
  return new RegExp(`^problem .*primary 127\\.0\\.0\\.1:${port}: .*(${reason.source})`, "m");
}
