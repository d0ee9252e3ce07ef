import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { KNOT, NSD, OPEN_ZONE, RealPrimary, type ZoneName } from "../support/primaries/index.ts";
import { freePort } from "../support/process.ts";
import { isWanted } from "../support/program.ts";
import { registry } from "../support/registry.ts";
import { ETR, MAB, SERVICE, ServedRegistry } from "../support/served-registry.ts";

const APEX = `${OPEN_ZONE}.`;
const areHere = isWanted("nsd") && isWanted("knotd");
const needs = "(needs nsd, knotd)";

/** Both zones of a primary at a serial, which is also how many MABs there are. */
const zonesAt = (serial: number) => (zone: ZoneName): ResourceRecord[] => {
  const more = Array.from({ length: serial - 1 }, (_, index) => `198.51.${index}.0/24`);
  return registry(serial, [{ services: [SERVICE], prefixes: [MAB, ...more] }], `${zone}.`);
};

describe("a QSR with NSD and Knot as primaries, of which one is killed and comes back", () => {
  const seen: { readonly serial: number; readonly etr: string }[] = [];
  let nsd: RealPrimary;
  let knot: RealPrimary;
  let world: ServedRegistry;

  beforeAll(async () => {
    if (!areHere) return;
    const notifyPort = await freePort();
    [nsd, knot] = await Promise.all([NSD, KNOT].map((kind) => RealPrimary.start(kind, notifyPort, zonesAt(1)))) as [RealPrimary, RealPrimary];
    world = await ServedRegistry.start({ apex: APEX, primaries: [nsd.place.port, knot.place.port], notifyPort });
  });

  afterAll(async () => {
    await world?.stop();
    await nsd?.stop();
    await knot?.stop();
  });

  test.runIf(areHere)(`follows the other one; the status says who is gone ${needs}`, async () => {
    await expect.poll(serial).toBe(1);
    await nsd.kill();
    knot.change(OPEN_ZONE, zonesAt(2)(OPEN_ZONE));
    await expect.poll(serial).toBe(2);
    expect(await source()).toBe(`zone transfer from 127.0.0.1:${knot.place.port}`);
    await expect.poll(() => world.statusText()).toMatch(problem(nsd, /it has not answered for the SOA of .* as it should/));
  });

  test.runIf(areHere)(`does not go back to one that comes back with an old zone, and says that it is behind ${needs}`, async () => {
    await nsd.resume(zonesAt(1));
    await expect.poll(() => world.statusText()).toMatch(problem(nsd, /its serial 1 of open\.example\. is behind 2/));
    expect(await serial()).toBe(2);
  });

  test.runIf(areHere)(`follows it again as soon as it has news, and has nothing more to complain of when both are the same ${needs}`, async () => {
    nsd.change(OPEN_ZONE, zonesAt(3)(OPEN_ZONE));
    await expect.poll(serial).toBe(3);
    expect(await source()).toBe(`zone transfer from 127.0.0.1:${nsd.place.port}`);
    knot.change(OPEN_ZONE, zonesAt(3)(OPEN_ZONE));
    await expect.poll(async () => (await catalogue()).problems).toEqual([]);
  });

  test.runIf(areHere)(`the other way round: Knot is killed, NSD moves on, Knot comes back with a zone newer still ${needs}`, async () => {
    await knot.kill();
    nsd.change(OPEN_ZONE, zonesAt(4)(OPEN_ZONE));
    await expect.poll(serial).toBe(4);
    await knot.resume(zonesAt(5));
    await expect.poll(serial).toBe(5);
    await expect.poll(() => world.statusText()).toMatch(problem(nsd, /its serial 4 of open\.example\. is behind 5/));
  });

  test.runIf(areHere)(`both are killed: the last good catalogue serves, each is named, and all goes on with the first that is back ${needs}`, async () => {
    await Promise.all([nsd.kill(), knot.kill()]);
    await expect.poll(() => world.statusText()).toMatch(problem(nsd, /ECONNREFUSED/));
    expect(await world.statusText()).toMatch(problem(knot, /ECONNREFUSED/));
    expect((await catalogue()).mabs).toBe(5);
    await nsd.resume(zonesAt(6));
    await expect.poll(serial).toBe(6);
  });

  test.runIf(areHere)(`whatever happened, it never went back, and always answered ${needs}`, () => {
    const serials = seen.map((one) => one.serial);
    expect(serials).toEqual(serials.toSorted((a, b) => a - b));
    expect([...new Set(serials)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(seen.map(({ etr }) => etr))).toEqual(new Set([ETR]));
  });

  async function catalogue() {
    return (await world.status()).catalogue!;
  }

  /** Of the zone that the catalogue in use was made of: it has as many MABs. Each time an address is asked for too. */
  async function serial(): Promise<number> {
    const { mabs } = await catalogue();
    if (mabs > 0) seen.push({ serial: mabs, etr: await world.ask() });
    return mabs;
  }

  async function source(): Promise<string> {
    return (await catalogue()).sources[APEX]!;
  }
});

function problem({ place }: RealPrimary, reason: RegExp): RegExp {
  return new RegExp(`^problem .*primary 127\\.0\\.0\\.1:${place.port}: .*(${reason.source})`, "m");
}
