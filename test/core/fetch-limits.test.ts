import { describe, expect, test } from "vitest";
import { Agenda } from "../../src/core/agenda.ts";
import { RequestTable } from "../../src/core/querier/request-table.ts";
import { ResultCode } from "../../src/wire/index.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { seeded } from "../support/virtual-network.ts";
import { QSR_ENDPOINT, World } from "../support/world.ts";

const UPSTREAM = 3;

describe("keys asked for at one time", () => {
  test.each([64, 100, 200])("no more than %i where that is the limit; who asks for more hears so at once", (maxFetches) => {
    const world = new World([10], { maxFetches });
    const asked = 150;
    for (let host = 0; host < asked; host++) world.querier.ask(`192.0.2.${host}`);
    world.network.run(5_000);
    const inTime = world.querier.replies.map(({ reply }) => reply.result);
    expect(world.qsr.querier.fetcher.inFlight).toBe(Math.min(asked, maxFetches));
    expect(inTime).toEqual(Array.from({ length: Math.max(0, asked - maxFetches) }, () => ResultCode.overloaded));
    world.network.run(1_000_000);
    const results = world.querier.replies.map(({ reply }) => reply.result);
    expect(results.filter((result) => result === ResultCode.mapping)).toHaveLength(Math.min(asked, maxFetches));
    expect(results).toHaveLength(asked);
  });
});

test("who has not proved its address gets half of the room at most", () => {
  const world = new World([10], { maxFetches: 64 });
  const stranger = new TestQuerier(world.network, "10.0.0.8:5000", QSR_ENDPOINT);
  for (let host = 0; host < 50; host++) stranger.ask(`192.0.2.${host}`);
  world.network.run(5_000);
  expect(world.qsr.querier.fetcher.inFlight).toBe(32);
  for (let host = 50; host < 100; host++) world.querier.ask(`192.0.2.${host}`);
  world.network.run(5_000);
  expect(world.qsr.querier.fetcher.inFlight).toBe(64);
});

describe("open requests", () => {
  test("a hundred thousand are told apart, and so are those that have their slots later", () => {
    const requests = new RequestTable(100_000, 4, seeded(5), new Agenda());
    const slots = Array.from({ length: 100_000 }, (_, fetch) => requests.open(fetch, fetch + 1_000_000, UPSTREAM, fetch));
    const marks = slots.map((slot) => [requests.sequence(slot), requests.nonceHi(slot), requests.nonceLo(slot)] as const);
    const matches = (): number[] => marks.map(([sequence, hi, lo]) => requests.match(sequence, hi, lo, UPSTREAM));
    expect(new Set(marks.map(([sequence]) => sequence)).size).toBe(100_000);
    expect(matches()).toEqual(slots);
    for (const slot of slots) requests.close(slot);
    for (const fetch of slots.keys()) requests.open(0, 1, UPSTREAM, fetch);
    expect(matches().filter((slot) => slot >= 0)).toEqual([]);
  });

  test("there are as many as asked for, and no more than the power of two above", () => {
    const requests = new RequestTable(1_000, 4, seeded(5), new Agenda());
    for (let slot = 0; slot < 1_024; slot++) expect(requests.open(0, 1, UPSTREAM, slot)).toBe(slot);
    expect(requests.open(0, 1, UPSTREAM, 0)).toBe(-1);
  });
});
