import { expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { Refused } from "../../src/dns/discovery/errors.ts";
import { ServiceWatch } from "../../src/io/service-watch.ts";
import { RecordTable, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const REASON = "SVCB of _drtm.s1.dsoc-a.example.: no RRSIG covers it";

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
