import { expect, test } from "vitest";
import { qsaTable } from "../../src/cli/qsa-table.ts";
import type { QsaReport } from "../../src/roles/reports.ts";

test("QSAs are told by the service's name in full, once, and by their own first label", () => {
  const qsa = { service: "s1.dsoc-a.example.", port: 4344, tier: 10, rttMs: 3.84, state: "up", share: null } as QsaReport;
  const fra1 = { ...qsa, name: "fra1.dsoc-a.example.", address: "192.0.2.1", rank: 1 };
  const lon1 = { ...qsa, name: "lon1.dsoc-a.example.", address: "2001:db8::1", rank: 2 };
  expect(qsaTable([fra1, lon1]).split("\n")).toEqual([
    "SERVICE             RANK  QSA   ADDRESS             TIER     RTT  STATE",
    "s1.dsoc-a.example.     1  fra1  192.0.2.1:4344        10  3.8 ms  up",
    "                       2  lon1  [2001:db8::1]:4344    10  3.8 ms  up",
  ]);
});
