import { expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { Refused } from "../../src/dns/discovery/errors.ts";
import { ServiceWatch } from "../../src/io/service-watch.ts";
import { RecordTable, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const REASON = "SVCB of _drtm.s1.dsoc-a.example.: no RRSIG covers it";

const STATE = { name: SERVICE, servers: [{ name: "fra1.dsoc-a.example.", address: parseIp("198.51.100.1"), port: 4344, tier: 10, region: "", weight: 100 }], ttl: 3_600, problems: [] };
const DAY = 86_400;

/** A watch on a clock of its own, of a service that cannot be read. */
function silent(addresses = { allowLoopback: false, allowPrivate: false }) {
  const time = { now: 1_000 };
  const watch = new ServiceWatch({
    limits: { serviceTtlMinSeconds: 60, serviceTtlMaxSeconds: 3_600 },
    addresses,
    trust: () => ({ markOf: () => "", queryFor: () => Promise.reject(new Error("no answer")) }),
    onFailure: () => undefined,
    maxAgeSeconds: 7 * DAY,
    clock: () => time.now,
  });
  return { watch, time };
}

test("a service that cannot be read counts as it was for its maximum age, and then has no QSAs; the time for which the program did not run counts", async () => {
  const { watch, time } = silent();
  watch.resume([{ state: STATE, confirmedAt: Date.now() - 3 * DAY * 1_000 }]);
  time.now += 3 * DAY;
  await watch.read([SERVICE]);
  expect(watch.states).toEqual([STATE]);
  expect(watch.failures).toEqual([{ name: SERVICE, problem: "stays as it was: no answer" }]);
  expect(watch.toKeep[0]!.confirmedAt / 1_000).toBeCloseTo(Date.now() / 1_000 - 6 * DAY, -1);
  time.now += DAY;
  await watch.read([SERVICE]);
  expect(watch.states[0]!.servers).toEqual([]);
  expect(watch.failures).toEqual([{ name: SERVICE, problem: "has no QSAs: no answer" }]);
  expect(watch.toKeep).toEqual([]);
  watch.resume([{ state: STATE, confirmedAt: Date.now() - 7 * DAY * 1_000 }]);
  expect(watch.states[0]!.servers).toEqual([]);
});

test("a service is due by a clock that counts for how long the machine was suspended", async () => {
  const { watch, time } = silent();
  await watch.read([SERVICE]);
  expect(watch.due).toEqual([]);
  time.now += 61;
  expect(watch.due).toEqual([SERVICE]);
  expect([watch.mayRecheck(SERVICE), watch.mayRecheck(SERVICE)]).toEqual([true, false]);
  time.now += 5;
  expect(watch.mayRecheck(SERVICE)).toBe(true);
});

test("a service that is refused stays as it was, and its reason is told until it is taken again; it is outdated when others vouch for it", async () => {
  const { query } = new RecordTable([svcb(SERVICE, { target: "fra1.dsoc-a.example.", ipv4hint: [parseIp("198.51.100.1")] })]);
  let isRefused = false;
  let mark = "";
  const failures: string[] = [];
  const watch = new ServiceWatch({
    limits: { serviceTtlMinSeconds: 60, serviceTtlMaxSeconds: 60 },
    addresses: { allowLoopback: false, allowPrivate: false },
    trust: () => ({ markOf: () => mark, queryFor: () => (isRefused ? Promise.reject(new Refused(REASON)) : Promise.resolve(query)) }),
    onFailure: (what, error) => failures.push(`${what} ${error.message}`),
  });
  await watch.read([SERVICE]);
  const taken = watch.states;
  expect([taken[0]!.servers.length, watch.failures]).toEqual([1, []]);
  isRefused = true;
  await watch.read([SERVICE]);
  expect(watch.states).toEqual(taken);
  expect(watch.failures).toEqual([{ name: SERVICE, problem: `stays as it was: ${REASON}` }]);
  expect(failures).toEqual([`${SERVICE} ${REASON}`]);
  isRefused = false;
  await watch.read([SERVICE]);
  expect(watch.failures).toEqual([]);
  expect(watch.outdated([SERVICE, "s2.dsoc-a.example."])).toEqual(["s2.dsoc-a.example."]);
  mark = "DS data";
  expect(watch.outdated([SERVICE])).toEqual([SERVICE]);
});
