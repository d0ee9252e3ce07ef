import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatWords, parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { Floors } from "../../src/core/cache/floors.ts";
import { Version } from "../../src/core/version.ts";
import { type MabMapping, MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { type MapReply, RequestFlag, ResultCode, UpdateAction } from "../../src/wire/index.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { LIMITS, MAPPING, QSR_ENDPOINT, World } from "../support/world.ts";

const SECOND = 1_000_000;

function etrText({ body }: MapReply): string {
  return formatWords(body.etrFamily === 4 ? 4 : 6, body.etr0, body.etr1, body.etr2, body.etr3);
}

describe("floors", () => {
  test("over any key is never below any floor that was raised there, and with room for all is the highest", () => {
    const raise = fc.record({ first: fc.nat({ max: 250 }), length: fc.nat({ max: 8 }), number: fc.integer({ min: 1, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(raise, { maxLength: 60 }), fc.integer({ min: 1, max: 64 }), (raises, capacity) => {
        const floors = new Floors(capacity);
        const truth = new Map<number, number>();
        for (const { first, length, number } of raises) {
          const last = Math.min(255, first + length);
          floors.raise(0, 4, 24, first, 0, last, 0, new Version().set(1, 0, number));
          for (let key = first; key <= last; key++) truth.set(key, Math.max(number, truth.get(key) ?? 0));
        }
        expect(floors.size).toBeLessThanOrEqual(capacity);
        expect(floors.lost).toBe(0);
        for (const [key, number] of truth) {
          const found = new Version();
          floors.over(0, 4, 24, key, 0, key, 0, found);
          expect(found.lo).toBeGreaterThanOrEqual(number);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("end after an hour, and leave keys beside them alone", () => {
    const floors = new Floors(8);
    floors.raise(0, 4, 24, 10, 0, 19, 0, new Version().set(1, 0, 7));
    const at = (nowMs: number, key: number): number => {
      const found = new Version();
      floors.over(nowMs, 4, 24, key, 0, key, 0, found);
      return found.lo;
    };
    expect([at(0, 9), at(0, 10), at(0, 19), at(0, 20), at(3_599_999, 15), at(3_600_000, 15)]).toEqual([0, 7, 7, 0, 7, 0]);
    floors.sweep(3_600_000, 8);
    expect(floors.size).toBe(0);
  });

  test("that are over have no say in what is raised within them", () => {
    const floors = new Floors(8);
    const raise = (nowMs: number, first: number, last: number, number: number): void => {
      floors.raise(nowMs, 4, 24, first, 0, last, 0, new Version().set(1, 0, number));
    };
    const at = (nowMs: number, key: number): number => {
      const found = new Version();
      floors.over(nowMs, 4, 24, key, 0, key, 0, found);
      return found.lo;
    };
    raise(0, 10, 19, 7);
    raise(1_000, 12, 13, 5);
    expect([at(1_000, 10), at(1_000, 12), floors.size]).toEqual([7, 7, 1]);
    raise(2_000, 12, 13, 9);
    expect([at(2_000, 10), at(2_000, 19), floors.size]).toEqual([9, 9, 1]);
    raise(3_700_000, 12, 13, 2);
    expect([at(3_700_000, 11), at(3_700_000, 12), at(3_700_000, 14), floors.size]).toEqual([0, 2, 0, 1]);
    raise(7_400_000, 12, 13, 1);
    expect([at(7_400_000, 12), floors.size]).toEqual([1, 1]);
  });

  test("with more MABs than room the oldest of another MAB goes, and that is counted", () => {
    const floors = new Floors(2);
    for (const mab of [1, 2, 3]) floors.raise(0, 4, 24, mab << 8, 0, mab << 8, 0, new Version().set(1, 0, mab));
    expect([floors.size, floors.lost]).toEqual([2, 1]);
  });
});

describe("nobody goes back", () => {
  test("after a change, a QSA that lags behind is not believed: another is asked", () => {
    const world = new World([12, 40, 60]);
    world.querier.answer("192.0.2.7");
    const [first, lagging, last] = world.sites;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7", [first!, last!]);
    world.network.run(SECOND);
    first!.station.leave();
    world.network.run(4 * SECOND);
    expect(etrText(world.querier.answer("192.0.2.7").reply)).toBe("203.0.113.7");
    expect(lagging!.qsa.server.responder.counters.requests).toBeGreaterThan(0);
    expect(last!.qsa.server.responder.counters.requests).toBe(1);
  });

  test("the floor stays when what it stands for is gone: flushed, or split", () => {
    const world = new World([12, 40]);
    world.querier.answer("192.0.2.7");
    const [first, lagging] = world.sites;
    world.change("192.0.2.10-192.0.2.19", "203.0.113.7", [first!]);
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushRange]);
    first!.station.leave();
    world.network.run(11 * SECOND);
    expect(world.querier.answer("192.0.2.15").reply.result).not.toBe(ResultCode.mapping);
    world.change("192.0.2.10-192.0.2.19", "203.0.113.7", [lagging!]);
    expect(etrText(world.querier.answer("192.0.2.15").reply)).toBe("203.0.113.7");
  });

  test("after an answer that could only be passed on, nothing older is given", () => {
    const world = new World([12, 40]);
    const [first] = world.sites;
    // It knows no cookies yet, so it promises nothing; and it is gone before it can be asked again.
    world.restart(first!);
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7", [first!]);
    const passedOn = world.querier.answer("192.0.2.7").reply;
    expect([etrText(passedOn), passedOn.body.cachingMs]).toEqual(["203.0.113.7", 0]);
    first!.station.leave();
    world.network.run(3 * SECOND);
    expect(world.querier.answer("192.0.2.7").reply.result).not.toBe(ResultCode.mapping);
  });

  test("after an entry that had to make room for another, nothing older is given", () => {
    const world = new World([12, 40], { limits: { ...LIMITS, maxEntries: 1 } });
    const [first] = world.sites;
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7", [first!]);
    const lookUpOnce = (address: string): MapReply => {
      world.querier.ask(address, ({ header }) => (header.flags = RequestFlag.oneShot));
      world.network.run(3 * SECOND);
      return world.querier.replies.at(-1)!.reply;
    };
    expect(etrText(lookUpOnce("192.0.2.7"))).toBe("203.0.113.7");
    lookUpOnce("2001:db8::1");
    first!.station.leave();
    expect(lookUpOnce("192.0.2.7").result).not.toBe(ResultCode.mapping);
  });

  test("a reply overtaken by an update is not taken", () => {
    const world = new World([40, 60]);
    const [near] = world.sites;
    let delayed = 0;
    world.network.delay = (from, to) => (from === near!.endpoint && to.endsWith(":40000") && delayed++ === 0 ? 45_000 : 20_000);
    world.querier.ask("192.0.2.7");
    world.network.run(21_000);
    world.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    world.network.run(SECOND);
    expect(world.querier.replies.map(({ reply }) => etrText(reply))).toEqual(["203.0.113.7"]);
  });

  test("a querier may say its floor: a server below it asks on, an authority says that it lags", () => {
    const world = new World([12]);
    world.querier.answer("192.0.2.7");
    const askAbove = (number: number): number => {
      world.querier.replies.length = 0;
      world.querier.ask("192.0.2.7", (request) => {
        request.header.flags = RequestFlag.floor;
        Object.assign(request, { floorLineage: 1, floorHi: 0, floorLo: number });
      });
      world.network.run(3 * SECOND);
      return world.querier.replies[0]!.reply.result;
    };
    expect([askAbove(10), askAbove(11)]).toEqual([ResultCode.mapping, ResultCode.notAuthoritativeNow]);
    world.change("192.0.2.150", "203.0.113.7");
    world.network.run(SECOND);
    expect(askAbove(11)).toBe(ResultCode.mapping);
  });

  test("a higher lineage ends all that its MAB had before, here and downstream", () => {
    const world = new World([12, 40]);
    world.querier.answer("192.0.2.7");
    world.querier.answer("192.0.2.150");
    const [first, second] = world.sites;
    const restored = MAPPING.map(({ prefix, micronets }) => ({ prefix, lineage: 2, position: 1, micronets: micronets.map(({ range, etr }) => ({ range, etr, version: 1 })) }));
    Object.defineProperty(second!.qsa, "store", { value: new MappingStore(restored) });
    first!.station.leave();
    world.network.run(4 * SECOND);
    world.querier.answer("192.0.2.230");
    world.network.run(SECOND);
    expect(world.querier.updates.map(({ update }) => update.action)).toEqual([UpdateAction.flushMab]);
    first!.station.rejoin();
    world.network.run(60 * SECOND);
    expect(world.querier.answer("192.0.2.7").reply.body.versionLineage).toBe(2);
  });

  test("what one MAB has come to says nothing of a longer MAB inside it", () => {
    const world = new World([12, 40]);
    const prefix = parsePrefix("2001:db8:1::/48");
    const inner: MabMapping = { prefix, lineage: 1, position: 5, micronets: [{ range: parseRange("2001:db8:1::"), etr: parseIp("203.0.113.9"), version: 5 }] };
    const outer = MAPPING[1]!;
    const [first, second] = world.sites;
    Object.defineProperty(first!.qsa, "store", { value: new MappingStore([outer, inner]) });
    Object.defineProperty(second!.qsa, "store", { value: new MappingStore([{ ...outer, lineage: 2 }, inner]) });
    world.publish({ ...world.content(), mabs: [outer, inner].map((mab) => ({ prefix: mab.prefix, services: [0], set: "s" })) });
    world.querier.answer("2001:db8::1");
    first!.station.leave();
    world.network.run(4 * SECOND);
    expect(world.querier.answer("2001:db8:9::1").reply.body.positionLineage).toBe(2);
    expect(etrText(world.querier.answer("2001:db8:1::1").reply)).toBe("203.0.113.9");
  });

  test("who asks for more than there is gets nothing, and spoils it for nobody who waits for the same address", () => {
    const world = new World([20]);
    const forger = new TestQuerier(world.network, "10.0.0.66:5000", QSR_ENDPOINT);
    forger.ask("192.0.2.7", (request) => {
      request.header.flags = RequestFlag.floor;
      Object.assign(request, { floorLineage: 0xffffffff, floorHi: 0, floorLo: 1 });
    });
    world.network.run(1_000);
    expect(world.querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
    world.network.run(3 * SECOND);
    expect(forger.replies.map(({ reply }) => reply.result)).toEqual([ResultCode.notAuthoritativeNow]);
  });
});
