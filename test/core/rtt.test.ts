import { expect, test } from "vitest";
import { RTO_CEILING, RTO_FLOOR, RTO_INITIAL, addRttSample, addTimeout, newRtt, retransmissionTimeout } from "../../src/core/querier/rtt.ts";

test("RFC 6298: the first sample sets RTO = 3 R, the next move it by 1/8 and 1/4", () => {
  const rtt = newRtt();
  expect(retransmissionTimeout(rtt)).toBe(RTO_INITIAL);
  addRttSample(rtt, 100_000);
  expect(retransmissionTimeout(rtt)).toBe(300_000);
  addRttSample(rtt, 180_000);
  expect(rtt.smoothed).toBe(110_000);
  expect(rtt.variation).toBe(57_500);
  expect(retransmissionTimeout(rtt)).toBe(340_000);
});

test("a steady near server gets the floor; timeouts double it up to the ceiling; an answer ends that", () => {
  const rtt = newRtt();
  for (let sample = 0; sample < 50; sample++) addRttSample(rtt, 1_000);
  expect(retransmissionTimeout(rtt)).toBe(RTO_FLOOR);
  addTimeout(rtt);
  expect(retransmissionTimeout(rtt)).toBe(2 * RTO_FLOOR);
  for (let timeout = 0; timeout < 20; timeout++) addTimeout(rtt);
  expect(retransmissionTimeout(rtt)).toBe(RTO_CEILING);
  addRttSample(rtt, 1_000);
  expect(retransmissionTimeout(rtt)).toBe(RTO_FLOOR);
});
