import { expect, test } from "vitest";
import { statusText } from "../../src/cli/status-text.ts";
import type { StatusReport } from "../../src/roles/reports.ts";

function statusWith(count: number): StatusReport {
  const problems = Array.from({ length: count }, (_, index) => `set ${index + 1}: left out`);
  const catalogue = { mabs: 1, sets: 1, services: 1, qsas: 1, serials: {}, sources: {}, ageSeconds: 3, problems };
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
