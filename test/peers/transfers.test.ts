import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, encodeAddress, encodeApl, encodeHostName, encodeSoa, encodeTxt } from "../../src/dns/records/index.ts";
import { TsigKey } from "../../src/dns/tsig/index.ts";
import { NotifyListener } from "../../src/io/notify-listener.ts";
import type { TlsTrust } from "../../src/io/tls-trust.ts";
import { type FetchedZone, type Primary, fetchZone } from "../../src/io/zone-transfer.ts";
import { CERTIFICATE_NAME, pinOf } from "../support/certificate.ts";
import { KEY, KEYED_ZONE, OPEN_ZONE, PRIMARY_KINDS, RealPrimary, ZONES, type ZoneName } from "../support/primaries/index.ts";
import { isWanted } from "../support/program.ts";

const LOOPBACK = parseIp("127.0.0.1");
const TSIG_KEY = TsigKey.parse(KEY.name, KEY.secret);
const CHANGES = 8;
const TOLD = [/\(BADSIG\): the secret is not the same/, /does not know TSIG key nobody\.example\. \(BADKEY\)/, /\(BADTIME; its clock is 3[56]\d\d s behind ours\)/];

describe.each(PRIMARY_KINDS)("$name", (kind) => {
  const isHere = isWanted(kind.program);
  const needs = `(needs ${kind.program})`;
  const notices: string[] = [];
  const listener = new NotifyListener({
    zones: ZONES.map((zone) => (zone === KEYED_ZONE ? { apex: `${zone}.`, sources: [], keys: [TSIG_KEY] } : { apex: `${zone}.`, sources: [LOOPBACK], keys: [] })),
    quietMs: 20,
    onNotice: ({ apex }) => void notices.push(apex),
  });
  let server: RealPrimary;

  beforeAll(async () => {
    if (isHere) server = await RealPrimary.start(kind, await listener.listen("127.0.0.1", 0), firstZone);
  });

  afterAll(async () => {
    await server?.stop();
    await listener.close();
  });

  const primary = (zone: ZoneName): Primary => ({ address: LOOPBACK, port: server.place.port, ...(zone === KEYED_ZONE ? { key: TSIG_KEY } : {}) });
  const fetch = (zone: ZoneName, from?: number, changes: Partial<Primary> = {}): Promise<FetchedZone> => fetchZone({ apex: `${zone}.`, primaries: [{ ...primary(zone), ...changes }], from });

  test.runIf(isHere).each(ZONES)(`AXFR of %s ${needs}`, async (zone) => {
    const fetched = await fetch(zone);
    expect(fetched).toMatchObject({ kind: "whole", serial: 1 });
    expect(fetched.messageCount).toBeGreaterThan(1);
    expect(asSet(recordsOf(fetched))).toEqual(asSet(firstZone(zone)));
    // By UDP nothing of a transfer is read; that its answer is believed shows that its signature fits.
    expect(await fetch(zone, 1)).toMatchObject({ kind: "unchanged", serial: 1, octets: 0 });
    expect(await fetchZone({ apex: `${zone}.`, primaries: [primary(zone)], from: 1, deadlines: { probeMs: 0 } })).toMatchObject({ kind: "unchanged", serial: 1 });
  });

  test.runIf(isHere).each(ZONES)(`changes of %s are told by NOTIFY, and lead to the same zone as AXFR ${needs}`, async (zone) => {
    const random = generator(zone.length);
    let truth = firstZone(zone);
    let copy = asSet(recordsOf(await fetch(zone)));
    const kinds = new Set<string>();
    for (let serial = 2; serial <= CHANGES + 1; serial++) {
      truth = changed(zone, truth, serial, random);
      await tellsOf(zone, () => { server.change(zone, truth); });
      const update = await expectSerial(() => fetch(zone, serial - 1), serial);
      kinds.add(update.kind);
      copy = applied(copy, update);
      expect(copy).toEqual(asSet(recordsOf(await fetch(zone))));
      expect(copy).toEqual(asSet(truth));
    }
    expect([...kinds]).toEqual([kind.hasIncrements ? "increments" : "whole"]);
  });

  test.runIf(isHere)(`several changes at once come in steps, or as a whole ${needs}`, async () => {
    const steps = { kind: "increments", steps: [{ from: CHANGES - 2 }, { from: CHANGES - 1 }, { from: CHANGES }] };
    expect(await fetch(OPEN_ZONE, CHANGES - 2)).toMatchObject({ serial: CHANGES + 1, ...(kind.hasIncrements ? steps : { kind: "whole" }) });
  });

  test.runIf(isHere)(`a serial that it has no increments from gives the whole zone ${needs}`, async () => {
    expect(await fetch(OPEN_ZONE, 0)).toMatchObject({ kind: "whole", serial: CHANGES + 1 });
  });

  test.runIf(isHere)(`a wrong key, or none, is explained ${needs}`, async () => {
    const wrongSecret = TsigKey.parse(KEY.name, Buffer.alloc(32, 1).toString("base64"));
    const wrongName = TsigKey.parse("nobody.example.", KEY.secret);
    const [badSig, badKey, badTime] = kind.explainsTsig ? TOLD : [/NOTAUTH/, /NOTAUTH/, /NOTAUTH/];
    await expect(fetch(KEYED_ZONE, undefined, { key: wrongSecret })).rejects.toThrow(badSig!);
    await expect(fetch(KEYED_ZONE, undefined, { key: wrongName })).rejects.toThrow(badKey!);
    await expect(inAnHour(() => fetch(KEYED_ZONE))).rejects.toThrow(badTime!);
    await expect(fetchZone({ apex: `${KEYED_ZONE}.`, primaries: [{ address: LOOPBACK, port: server.place.port }] })).rejects.toThrow(/(REFUSED|NOTAUTH): .*allow transfers to this client/);
    await expect(fetchZone({ apex: "nowhere.example.", primaries: [primary(OPEN_ZONE)] })).rejects.toThrow(/NOTAUTH: ask a server that serves the zone/);
  });

  test.runIf(isHere).each(kind.hasTls ? ["TLS"] : [])(`transfers over %s ${needs}`, async () => {
    const certificate = readFileSync(join(server.place.directory, "certificate.pem"), "utf8");
    const pin = pinOf(server.place.directory);
    const overTls = (tls: TlsTrust, from?: number): Promise<FetchedZone> => fetch(OPEN_ZONE, from, { port: server.place.tlsPort, tls });
    const whole = await overTls({ name: CERTIFICATE_NAME, ca: certificate });
    expect(asSet(recordsOf(whole))).toEqual(asSet(recordsOf(await fetch(OPEN_ZONE))));
    expect(await overTls({ pins: [pin] }, CHANGES + 1)).toMatchObject({ kind: "unchanged" });
    await expect(overTls({ name: CERTIFICATE_NAME })).rejects.toThrow(/not trusted \(self-signed certificate\): configure/);
    await expect(overTls({ name: "other.example", ca: certificate })).rejects.toThrow(/not trusted .*other\.example/);
    await expect(overTls({ pins: [pin.replace(/^./, (first) => (first === "A" ? "B" : "A"))] })).rejects.toThrow(`has the pin ${pin}, which is not configured`);
    const noTls = { ...primary(OPEN_ZONE), tls: { pins: [pin] } };
    await expect(fetchZone({ apex: `${OPEN_ZONE}.`, primaries: [noTls], deadlines: { connectMs: 500 } })).rejects.toThrow(/could not be transferred/);
  });

  async function tellsOf(zone: ZoneName, change: () => void): Promise<void> {
    const before = notices.filter((apex) => apex === `${zone}.`).length;
    change();
    await expect.poll(() => notices.filter((apex) => apex === `${zone}.`).length, { timeout: 15_000, message: server.output }).toBeGreaterThan(before);
  }
});

/** With a clock of ours that is an hour ahead. */
async function inAnHour<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

/** A server may tell of a change before it serves it. */
async function expectSerial(fetch: () => Promise<FetchedZone>, serial: number): Promise<FetchedZone> {
  let fetched = await fetch();
  for (let attempt = 0; fetched.serial !== serial && attempt < 100; attempt++) {
    await new Promise((done) => void setTimeout(done, 50));
    fetched = await fetch();
  }
  expect(fetched.serial).toBe(serial);
  return fetched;
}

function recordsOf(fetched: FetchedZone): readonly ResourceRecord[] {
  if (fetched.kind !== "whole") throw new Error(`the whole zone was expected, this is ${fetched.kind}`);
  return fetched.records;
}

function applied(zone: ReadonlySet<string>, update: FetchedZone): Set<string> {
  if (update.kind === "whole") return asSet(update.records);
  if (update.kind === "unchanged") return new Set(zone);
  const result = new Set(zone);
  for (const { removed, added } of update.steps) {
    for (const record of removed) if (!result.delete(line(record))) throw new Error(`not there to be removed: ${line(record)}`);
    for (const record of added) result.add(line(record));
  }
  return new Set([...result].toSorted());
}

function asSet(records: readonly ResourceRecord[]): Set<string> {
  return new Set(records.map(line).toSorted());
}

function line({ name, type, ttl, data }: ResourceRecord): string {
  return `${name} ${ttl} ${type} ${Buffer.from(data).toString("hex")}`;
}

function firstZone(zone: ZoneName): ResourceRecord[] {
  const apex = `${zone}.`;
  const random = generator(7);
  return [
    soa(apex, 1),
    { name: apex, type: RecordType.NS, ttl: 60, data: encodeHostName(`ns.${apex}`) },
    { name: `ns.${apex}`, type: RecordType.A, ttl: 60, data: encodeAddress(LOOPBACK) },
    ...Array.from({ length: 1_500 }, (_, index) => someRecord(`r${index}.sets.${apex}`, random)),
  ];
}

function soa(apex: string, serial: number): ResourceRecord {
  return { name: apex, type: RecordType.SOA, ttl: 60, data: encodeSoa({ mname: `ns.${apex}`, rname: `admin.${apex}`, serial, refresh: 600, retry: 60, expire: 604_800, minimum: 60 }) };
}

/** As registries have them: lists of prefixes, texts, pointers; one a name. */
function someRecord(name: string, random: () => number): ResourceRecord {
  const octet = (): number => Math.floor(random() * 256);
  const forms: readonly Pick<ResourceRecord, "type" | "data">[] = [
    { type: RecordType.APL, data: encodeApl([parsePrefix(`198.51.${octet()}.0/24`), parsePrefix(`2001:db8:${octet().toString(16)}::/48`)]) },
    { type: RecordType.TXT, data: encodeTxt([`text ${octet()} with "quotes" and \\`]) },
    { type: RecordType.PTR, data: encodeHostName(`s${octet()}.dsoc-a.example.`) },
    { type: RecordType.AAAA, data: encodeAddress(parseIp(`2001:db8::${octet().toString(16)}`)) },
  ];
  return { name, ttl: 60, ...forms[Math.floor(random() * forms.length)]! };
}

/** A few records are removed, some are others, some are new. */
function changed(zone: ZoneName, records: readonly ResourceRecord[], serial: number, random: () => number): ResourceRecord[] {
  const apex = `${zone}.`;
  const [head, rest] = [records.slice(1, 3), records.slice(3)];
  const kept = rest.filter(() => random() > 0.03).map((record) => (random() > 0.03 ? record : someRecord(record.name, random)));
  const added = Array.from({ length: Math.floor(random() * 5) }, (_, index) => someRecord(`r${serial}-${index}.sets.${apex}`, random));
  return [soa(apex, serial), ...head, ...kept, ...added];
}

/** The same numbers from the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
