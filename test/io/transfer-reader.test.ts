import { afterEach, describe, expect, test, vi } from "vitest";
import { parsePrefix } from "../../src/address/index.ts";
import { queryOf } from "../../src/dns/discovery/image-query.ts";
import { walkRegistry } from "../../src/dns/discovery/registry-walk.ts";
import type { RegistryState } from "../../src/dns/discovery/types.ts";
import { type TrustAnchor, parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { ZoneImage } from "../../src/dns/zone-image/index.ts";
import { setId } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { TransferReader } from "../../src/io/transfer-reader.ts";
import { ScriptedPrimary, gives } from "../support/hostile-primary.ts";
import { APEX, type SetDraft, registry } from "../support/registry.ts";
import { DAY, dsText, makeKey, signZone } from "../support/zone-signer.ts";

const REGISTRY = { apex: APEX, space: [parsePrefix("0.0.0.0/0")] };
const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };
const TRUE = registry(5, [A]);
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A reader that has this zone, whose primary has nothing new from now on. */
async function holding(zone: readonly ResourceRecord[], anchors: readonly TrustAnchor[] = []) {
  const primary = await ScriptedPrimary.start(gives({ AXFR: [...zone, zone[0]!], IXFR: [zone[0]!] }), zone[0]);
  const reader = new TransferReader({ registry: { ...REGISTRY, anchors }, primaries: [primary.primary], anchors, deadlineMs: 5_000 }, { sha256hex });
  ends.push(() => { reader.close(); }, () => { primary.stop(); });
  return { primary, reader, known: await reader.read(undefined) };
}

function caughtUp() {
  return holding(TRUE);
}

/** What an increment from one zone to the other has, but for the SOA records. */
function difference(before: readonly ResourceRecord[], after: readonly ResourceRecord[]): { removed: ResourceRecord[]; added: ResourceRecord[] } {
  return { removed: without(before, after), added: without(after, before) };
}

function without(records: readonly ResourceRecord[], others: readonly ResourceRecord[]): ResourceRecord[] {
  const isThere = (wanted: ResourceRecord): boolean => others.some(({ name, type, data }) => name === wanted.name && type === wanted.type && Buffer.compare(data, wanted.data) === 0);
  return records.filter((record) => record.type !== RecordType.SOA && !isThere(record));
}

/** A zone that lacks the bucket of one set. */
function broken(serial: number): ResourceRecord[] {
  return registry(serial, [A, B]).filter(({ name, type }) => type !== RecordType.APL || !name.includes(setId(B.services, sha256hex)));
}

/** What a walk made of another zone, as of one that is forged. */
function walked(serial: number): Promise<RegistryState> {
  const image = ZoneImage.of(APEX, registry(serial, [{ services: ["s1.elsewhere.example."], prefixes: ["192.0.2.0/24"] }]));
  return walkRegistry(REGISTRY, undefined, { query: queryOf(image), sha256hex });
}

function servicesOf({ sets }: RegistryState): string[] {
  return [...sets.values()].flatMap(({ services }) => services);
}

test("what has been forgotten binds nobody: then the zone is read whole, whatever its serial", async () => {
  const primary = await ScriptedPrimary.start(gives({ AXFR: [...TRUE, TRUE[0]!] }), TRUE[0]);
  const reader = new TransferReader({ registry: REGISTRY, primaries: [primary.primary], anchors: [], deadlineMs: 5_000 }, { sha256hex });
  ends.push(() => { reader.close(); }, () => { primary.stop(); });
  await reader.read(undefined);
  const older = registry(1, [{ services: ["s1.dsoc-b.example."], prefixes: ["192.0.2.0/24"] }]);
  Object.assign(primary, { script: gives({ AXFR: [...older, older[0]!] }, 50), overUdp: older[0] });
  expect((await reader.read(undefined)).serial).toBe(1);
});

describe("a primary that has nothing new", () => {
  test("confirms what it has given", async () => {
    const { reader, known } = await caughtUp();
    expect(await reader.read(known)).toBe(known);
  });

  test("does not confirm what came from elsewhere under its serial: that is replaced", async () => {
    const { reader } = await caughtUp();
    expect(servicesOf(await reader.read(await walked(5)))).toEqual(["s1.dsoc-a.example."]);
  });

  test("does not confirm what came from elsewhere under a later serial, and is told of as behind", async () => {
    const { reader } = await caughtUp();
    await expect(reader.read(await walked(1_005))).rejects.toThrow(/has serial 5, older than 1005 seen before/);
  });
});

describe("increments that do not lead to the zone: the whole zone is fetched in their place", () => {
  const key = makeKey(APEX);
  const seconds = Math.floor(Date.now() / 1000);
  const times = { inception: seconds - DAY, expiration: seconds + DAY };
  const sign = (records: readonly ResourceRecord[]): ResourceRecord[] => signZone(APEX, records, [key], times);
  const before = registry(5, [A]);
  const after = registry(6, [A, B]);

  test.each<[string, boolean, (records: readonly ResourceRecord[]) => readonly ResourceRecord[]]>([
    ["a record is added that is there", false, (added) => [...added, before.at(-1)!]],
    ["a record is lacking, in a zone with signed digest", true, (added) => added.filter(({ type }) => type !== RecordType.APL)],
    ["a signature is lacking", true, (added) => added.filter(({ name, type }) => name !== APEX || type !== RecordType.RRSIG)],
    ["a record is lacking, in a zone without signatures", false, (added) => added.filter(({ type }) => type !== RecordType.APL)],
  ])("%s", async (_what, isSigned, spoil) => {
    const [old, now] = [before, after].map((records) => (isSigned ? sign(records) : records)) as [ResourceRecord[], ResourceRecord[]];
    const { primary, reader, known } = await holding(old, isSigned ? [parseTrustAnchor(dsText(key), APEX)] : []);
    const { removed, added } = difference(old, now);
    Object.assign(primary, { script: gives({ AXFR: [...now, now[0]!], IXFR: [now[0]!, old[0]!, ...removed, now[0]!, ...spoil(added), now[0]!] }), overUdp: now[0]! });
    const state = await reader.read(known);
    expect([state.serial, state.problems, servicesOf(state).toSorted()]).toEqual([6, [], [...A.services, ...B.services]]);
    expect(reader.given).toEqual({ unchanged: 0, increments: 1, whole: 2 });
    expect(primary.asked.filter((type) => type !== "SOA")).toEqual(["AXFR", "IXFR", "AXFR"]);
  });

  test("but not where the whole zone would be no better: its signatures have expired", async () => {
    const old = sign(before);
    const { primary, reader, known } = await holding(old, [parseTrustAnchor(dsText(key), APEX)]);
    const now = signZone(APEX, after, [key], { inception: seconds - 2 * DAY, expiration: seconds - DAY });
    const { removed, added } = difference(old, now);
    Object.assign(primary, { script: gives({ IXFR: [now[0]!, old[0]!, ...removed, now[0]!, ...added, now[0]!] }), overUdp: now[0]! });
    await expect(reader.read(known)).rejects.toThrow(/expired at/);
    expect(reader.given).toEqual({ unchanged: 0, increments: 1, whole: 1 });
  });

  test("and only once for a fault that the whole zone has too", async () => {
    const { primary, reader, known } = await holding(broken(5), []);
    let state = known;
    for (const serial of [6, 7]) {
      const [old, now] = [broken(serial - 1), broken(serial)];
      Object.assign(primary, { script: gives({ AXFR: [...now, now[0]!], IXFR: [now[0]!, old[0]!, now[0]!, now[0]!] }), overUdp: now[0]! });
      state = await reader.read(state);
    }
    expect([state.serial, state.settled, reader.given]).toEqual([7, false, { unchanged: 0, increments: 2, whole: 1 }]);
  });
});

test("signatures that ran out while the machine was suspended are told of when it wakes, and taken again when they are new", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  ends.push(() => { vi.useRealTimers(); });
  const key = makeKey(APEX);
  const today = Math.floor(Date.now() / 1000);
  const signed = (serial: number, expiration: number): ResourceRecord[] => signZone(APEX, registry(serial, [A]), [key], { inception: today - DAY, expiration });
  const { primary, reader, known } = await holding(signed(5, today + DAY), [parseTrustAnchor(dsText(key), APEX)]);
  expect(await reader.read(known)).toBe(known);
  vi.setSystemTime((today + 3 * DAY) * 1000);
  await expect(reader.read(known)).rejects.toThrow(/the signatures of serial 5 of drtm\.example\. have expired on .*: its operator must sign it again/);
  const again = signed(6, today + 9 * DAY);
  Object.assign(primary, { script: gives({ IXFR: [...again, again[0]!] }, 50), overUdp: again[0] });
  expect((await reader.read(known)).serial).toBe(6);
});

test("DS data of zones is followed through increments, and stays where they do not touch it; who tells of them is not asked for its serial before", async () => {
  const key = makeKey(APEX);
  const seconds = Math.floor(Date.now() / 1000);
  const times = { inception: seconds - DAY, expiration: seconds + DAY };
  const [first, second] = ["1 13 2 " + "00".repeat(32), "2 13 2 " + "11".repeat(32)];
  const zone = (serial: number, sets: readonly SetDraft[], ...keys: (readonly [zone: string, ds: string])[]): ResourceRecord[] => {
    return signZone(APEX, registry(serial, sets, APEX, keys.map(([of, ds]) => ({ zone: of, ds: [ds] }))), [key], times);
  };
  const more = { ...A, prefixes: [...A.prefixes, "203.0.113.0/24"] };
  const [a, b] = ["dsoc-a.example.", "dsoc-b.example."];
  const zones = [zone(5, [A], [a, first]), zone(6, [more], [a, first]), zone(7, [more], [a, second]), zone(8, [more, B], [a, second], [b, first]), zone(9, [more, B], [b, first])];
  const { primary, reader, known } = await holding(zones[0]!, [parseTrustAnchor(dsText(key), APEX)]);
  const seen = [known.keys];
  let state = known;
  for (const [index, now] of zones.slice(1).entries()) {
    const old = zones[index]!;
    const { removed, added } = difference(old, now);
    Object.assign(primary, { script: gives({ IXFR: [now[0]!, old[0]!, ...removed, now[0]!, ...added, now[0]!] }), overUdp: now[0]! });
    reader.heard(primary.primary.address);
    state = await reader.read(state);
    seen.push(state.keys);
  }
  expect(seen).toEqual([{ [a]: [first] }, { [a]: [first] }, { [a]: [second] }, { [a]: [second], [b]: [first] }, { [b]: [first] }]);
  expect(seen[1]).toBe(seen[0]);
  expect(primary.asked).toEqual(["AXFR", "IXFR", "IXFR", "IXFR", "IXFR"]);
});
