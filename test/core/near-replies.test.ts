import { describe, expect, test } from "vitest";
import { World } from "../support/world.ts";

/** Asks a QSR with one QSA, so far away in milliseconds; gives what its engine says of near replies while it waits, and after. */
function askedAt(rttMs: number) {
  const { network, qsr, querier } = new World([rttMs]);
  const asked = network.now;
  querier.ask("192.0.2.7");
  // The request takes 50 us to the QSR.
  network.run(60);
  const whileWaiting = qsr.nearReplyBy - asked;
  network.run(rttMs * 1_000);
  return { whileWaiting, after: qsr.nearReplyBy };
}

describe("a reply that is near", () => {
  test("is expected within 200 us, until it is there", () => {
    expect(askedAt(0.15)).toEqual({ whileWaiting: 250, after: 0 });
  });

  test("is not one of a server farther away", () => {
    const { whileWaiting, after } = askedAt(5);
    expect(whileWaiting).toBeLessThan(0);
    expect(after).toBe(0);
  });
});
