import { afterEach, expect, test, vi } from "vitest";
import { statusText } from "../../src/cli/status-text.ts";
import type { RegistryReport, StatusReport } from "../../src/roles/reports.ts";

afterEach(() => vi.useRealTimers());

function statusWith(count: number): StatusReport {
  const problems = Array.from({ length: count }, (_, index) => `set ${index + 1}: left out`);
  const catalogue = { mabs: 1, sets: 1, services: 1, qsas: 1, serials: {}, sources: {}, registries: [], ageSeconds: 3, problems };
  return { role: "qsr", version: "1", pid: 1, uptimeSeconds: 1, listen: [], epoch: "0", cache: { entries: 0, maxEntries: 1, promises: 0 }, counters: {}, catalogue };
}

test("of many problems in DNS the first twenty are listed, and how many more there are", () => {
  const text = statusText(statusWith(1_254), false);
  expect(text.match(/^problem .*$/gm)).toHaveLength(21);
  expect(text).toContain("catalogue   1 MAB in 1 set, 1 service, 1 QSA; confirmed 3 s ago\n");
  expect(text).toContain("problem     set 20: left out\nproblem     and 1,234 more (see: drtm ctl status --all)\ncache ");
});

test.each([[20, false], [1_254, true]])("%d problems are listed whole where there are no more, or --all asks for them", (count, isWhole) => {
  const text = statusText(statusWith(count), isWhole);
  expect(text.match(/^problem .*$/gm)).toHaveLength(count);
  expect(text).not.toContain("more (see");
});

test("of several engine threads each has its part of the datagrams told", () => {
  expect(statusText({ ...statusWith(0), receivedByThread: [30, 10] }, false)).toContain("threads     2, with 75 %, 25 % of the datagrams received");
  expect(statusText({ ...statusWith(0), receivedByThread: [0, 0] }, false)).toContain("threads     2, with 0 %, 0 % of the datagrams received");
  expect(statusText(statusWith(0), false)).not.toContain("threads");
});

const WELL: RegistryReport = { apex: "drtm.example.", serial: 7, isServed: true, source: "zone transfer from 192.0.2.53:53", ageSeconds: 75, expiresInSeconds: 172_725, failingSeconds: null, failures: 0, nextLookInSeconds: 3_525 };

test.each<[string, Partial<RegistryReport>, string]>([
  ["all is well", {}, "drtm.example. serial 7, by zone transfer from 192.0.2.53:53, confirmed 1 min 15 s ago, next look in 58 min 45 s"],
  ["it is being looked at after a start", { source: null, ageSeconds: 90_000, nextLookInSeconds: 0 }, "drtm.example. serial 7, of the last run, confirmed 1 d 1 h ago, next look in 0 s"],
  ["it is being read for the first time", { serial: null, isServed: false, source: null, ageSeconds: null, expiresInSeconds: null }, "drtm.example. is being read for the first time, nothing of it is served yet"],
  [
    "it cannot be read",
    { ageSeconds: 7_200, expiresInSeconds: 165_600, failingSeconds: 3_600, failures: 9, nextLookInSeconds: 580 },
    "drtm.example. cannot be read since 2026-11-30T02:00:00Z, 1 h by now, 9 tries, next in 9 min 40 s, serial 7 is served meanwhile, confirmed 2 h ago, until 2026-12-02T01:00:00Z (1 d 22 h more)",
  ],
  [
    "it could not be read so far",
    { serial: null, isServed: false, source: null, ageSeconds: null, expiresInSeconds: null, failingSeconds: 1, failures: 1, nextLookInSeconds: 1 },
    "drtm.example. cannot be read since 2026-11-30T02:59:59Z, 1 s by now, 1 try, next in 1 s, nothing of it is served",
  ],
  [
    "it could not be read, and what the last run had of it is in use",
    { serial: null, source: null, ageSeconds: null, expiresInSeconds: 86_400, failingSeconds: 1, failures: 1, nextLookInSeconds: 1 },
    "drtm.example. cannot be read since 2026-11-30T02:59:59Z, 1 s by now, 1 try, next in 1 s, what the last run had of it is served meanwhile, until 2026-12-01T03:00:00Z (1 d more)",
  ],
  [
    "it has been forgotten",
    { serial: null, isServed: false, ageSeconds: 172_900, expiresInSeconds: null, failingSeconds: 172_000, failures: 300, nextLookInSeconds: 600 },
    "drtm.example. cannot be read since 2026-11-28T03:13:20Z, 1 d 23 h by now, 300 tries, next in 10 min, nothing of it is served, confirmed 2 d ago",
  ],
])("of a registry: %s", (_what, standing, line) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 30, 3) });
  const status = statusWith(0);
  const text = statusText({ ...status, catalogue: { ...status.catalogue!, registries: [{ ...WELL, ...standing }] } }, false);
  const lines = text.split("\n");
  const first = lines.findIndex((one) => one.startsWith("registry    "));
  const more = lines.slice(first + 1).findIndex((one) => !one.startsWith(" "));
  expect(lines.slice(first, first + 1 + more).map((one) => one.slice(12)).join(" ")).toBe(line);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});
