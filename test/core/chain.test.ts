import { describe, expect, test } from "vitest";
import { formatIp, formatRange, parseIp } from "../../src/address/index.ts";
import { MessageType, ResultCode } from "../../src/wire/index.ts";
import { Chain, QSC_ENDPOINT } from "../support/chain.ts";
import { QSR_ENDPOINT } from "../support/world.ts";

const SECOND = 1_000_000;
const FIRST_ETR = parseIp("203.0.113.1").words.join(".");
const NEW_ETR = parseIp("203.0.113.7").words.join(".");

describe("QSA, QSR, QSC and ITR in a chain", () => {
  test("an answer comes through, and is at hand the next time", () => {
    const chain = new Chain([20]);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ etr: FIRST_ETR, result: ResultCode.mapping });
    expect(chain.lookUp("192.0.2.99")).toMatchObject({ etr: FIRST_ETR, elapsed: 0 });
    expect(chain.lookUp("192.0.2.230")).toMatchObject({ etr: null, result: ResultCode.negative });
    expect(chain.lookUp("198.51.100.1")).toMatchObject({ etr: null, result: ResultCode.notInAnyMab });
  });

  test("a change is at the ITR after the path's delay", () => {
    const chain = new Chain([20]);
    chain.lookUp("192.0.2.7");
    const changed = chain.network.now;
    chain.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    let seen = false;
    chain.network.runUntil(() => {
      chain.drain();
      const update = chain.events.find((event) => event.type === "update");
      seen = update?.type === "update" && formatIp(update.mapping.etr!) === "203.0.113.7";
      return seen;
    }, SECOND);
    expect(chain.network.now - changed).toBeLessThan(12_000);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ etr: NEW_ETR, elapsed: 0 });
  });

  test("a split is a flush of what was one", () => {
    const chain = new Chain([20]);
    chain.lookUp("192.0.2.7");
    chain.change("192.0.2.10", "203.0.113.7");
    chain.network.run(SECOND);
    chain.drain();
    expect(chain.events.flatMap((event) => (event.type === "flush" ? [formatRange(event.range)] : []))).toEqual(["192.0.2.0-192.0.2.99"]);
    expect(chain.lookUp("192.0.2.10")).toMatchObject({ etr: NEW_ETR });
    expect(chain.lookUp("192.0.2.11")).toMatchObject({ etr: FIRST_ETR });
  });

  test("a QSC that is gone: the ITR asks its QSR after at most 100 ms", () => {
    const chain = new Chain([20], [QSC_ENDPOINT, QSR_ENDPOINT]);
    chain.network.run(10 * SECOND);
    for (const { upstream } of [0, 1].map((place) => chain.itr.querier.upstreams.ranking(0).at(place))) upstream.rtt.smoothed = upstream.port === 4344 && formatIp(upstream.address) === "10.0.0.2" ? 90 : 100;
    chain.qscStation.leave();
    const { result, elapsed } = chain.lookUp("192.0.2.7")!;
    expect(result).toBe(ResultCode.mapping);
    expect(elapsed).toBeLessThanOrEqual(100_000 + 21_000);
  });

  test("without any way to the QSAs the ITR forgets within 10 s a hop", () => {
    const chain = new Chain([20]);
    chain.lookUp("192.0.2.7");
    chain.network.run(2 * SECOND);
    const cut = chain.network.now;
    for (const site of chain.sites) site.station.leave();
    chain.network.runUntil(() => {
      chain.drain();
      return chain.events.some((event) => event.type === "flush");
    }, 11 * SECOND);
    expect(chain.network.now - cut).toBeLessThanOrEqual(10 * SECOND + 1_000);
  });

  test("cut off from its servers, it forgets after 10 s by itself", () => {
    const chain = new Chain([20]);
    chain.lookUp("192.0.2.7");
    chain.network.run(2 * SECOND);
    chain.qscStation.leave();
    chain.network.run(10 * SECOND);
    chain.drain();
    expect(chain.events.filter((event) => event.type === "flush")).toHaveLength(1);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ result: ResultCode.noAnswer });
  });

  test("an ITR at a DITR site may ask a QSA itself", () => {
    const chain = new Chain([20], ["127.0.1.1:4344"]);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ etr: FIRST_ETR });
    chain.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    chain.network.run(SECOND);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ etr: NEW_ETR, elapsed: 0 });
  });

  test("a late reply whose acknowledgement was lost comes again, and is acknowledged again", () => {
    const chain = new Chain([100]);
    let lost = 0;
    chain.network.loses = ({ to, bytes }) => to === QSR_ENDPOINT && bytes[1] === MessageType.mapReplyAck && lost++ === 0;
    chain.lookUp("192.0.2.7");
    chain.network.run(SECOND);
    expect(chain.qsr.server.responder.repeater.counters).toEqual({ repliesRepeated: 1, repliesAcknowledged: 1 });
  });

  test("an update with the nonce of a refresh whose reply was lost: the entry is changed, not flushed", () => {
    const chain = new Chain([20], ["127.0.1.1:4344"]);
    chain.lookUp("192.0.2.7");
    const qsa = chain.sites[0]!.endpoint;
    let isReplyLost = false;
    chain.network.loses = ({ from, bytes }) => {
      if (from !== qsa || bytes[1] !== MessageType.mapReply || bytes[40] !== ResultCode.mapping || isReplyLost) return false;
      isReplyLost = true;
      return true;
    };
    chain.network.runUntil(() => {
      if (!isReplyLost) chain.lookUp("192.0.2.7");
      return isReplyLost;
    }, 600 * SECOND);
    chain.drain();
    chain.events.length = 0;
    chain.change("192.0.2.0-192.0.2.99", "203.0.113.7");
    chain.network.run(15_000);
    chain.drain();
    expect(chain.events.map(({ type }) => type)).toEqual(["update"]);
    expect(chain.lookUp("192.0.2.7")).toMatchObject({ etr: NEW_ETR, elapsed: 0 });
  });

  test.each([0, 1.3, 2.1, 2.9])("what is in use at the ITR is renewed all along the chain before it expires (%d s later)", (seconds) => {
    const chain = new Chain([20]);
    let round = 0;
    const { delay } = chain.network;
    chain.network.delay = (from, to) => delay(from, to) + ((round += 617) % 2_000);
    chain.network.run(seconds * 1_000_000);
    for (let second = 0; second < 2_000; second++) {
      chain.lookUp("192.0.2.7");
      chain.network.run(1_000_000);
    }
    chain.drain();
    expect([chain.itr.counters.misses, chain.events.filter(({ type }) => type === "flush")]).toEqual([1, []]);
  });
});
