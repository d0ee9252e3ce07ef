import { expect, test } from "vitest";
import { Qsa } from "../../src/core/qsa.ts";
import { MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { ResultCode } from "../../src/wire/index.ts";
import { TestQuerier } from "../support/test-querier.ts";
import { EngineStation, VirtualNetwork, seeded } from "../support/virtual-network.ts";
import { CLIENTS, LIMITS, MAPPING } from "../support/world.ts";

const SECOND = 1_000_000;

test("a QSA whose feed says nothing for 5 s takes back what it gave, and answers again when the feed does", () => {
  const network = new VirtualNetwork();
  const qsa = new Qsa({ limits: LIMITS, clients: CLIENTS, nextU32: seeded(1), cachingMs: 600_000, negativeCachingMs: 30_000, feedLimitMs: 5_000 }, new MappingStore(MAPPING));
  const station = new EngineStation(network, qsa, ["127.0.1.1:4344"]);
  const querier = new TestQuerier(network, "10.0.0.9:5000", "127.0.1.1:4344");
  querier.introduce();
  expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.notAuthoritativeNow);

  qsa.noteFeed(network.now);
  expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  network.run(4 * SECOND);
  qsa.noteFeed(network.now);
  station.flush();
  const heard = network.now;
  expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
  network.runUntil(() => querier.updates.length > 0, 6 * SECOND);
  expect(network.now - heard).toBeLessThanOrEqual(5 * SECOND + 10_000);
  expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.notAuthoritativeNow);

  qsa.noteFeed(network.now);
  expect(querier.answer("192.0.2.7").reply.result).toBe(ResultCode.mapping);
});
