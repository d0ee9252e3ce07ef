import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { RecordType, decodeSvcb } from "../../src/dns/records/index.ts";
import { planZones } from "../../src/zone-tools/build/plan.ts";
import { draftZones } from "../../src/zone-tools/build/drafts.ts";
import { checkZones } from "../../src/zone-tools/check/check.ts";
import { loadDescription } from "../../src/zone-tools/description/load.ts";
import { ZoneView } from "../../src/zone-tools/zone-view.ts";
import { readAllNetworks } from "../../zones/generator/address-plan.ts";
import { makeFullWorld } from "../../zones/generator/full-world.ts";

test("the full-size world has 200,000 MABs in 300 sets, 200 DSOCs with 20 sites, and no error", () => {
  const directory = mkdtempSync(join(tmpdir(), "drtm-full-"));
  for (const [name, text] of makeFullWorld(readAllNetworks(() => undefined)).files) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const description = loadDescription(join(directory, "world.yaml"));
  rmSync(directory, { recursive: true });
  const mabs = description.registry!.sets.flatMap((set) => set.mabs);
  expect([4, 6].map((family) => mabs.filter(({ prefix }) => prefix.family === family).length)).toEqual([170_000, 30_000]);
  expect({ sets: description.registry!.sets.length, dsocs: description.dsocs.length }).toEqual({ sets: 300, dsocs: 200 });
  const views = draftZones(description).map((draft) => new ZoneView(draft.apex, draft.apex, draft.records(1).map((record) => ({ record }))));
  const bindings = views.flatMap((view) => view.ofType(RecordType.SVCB)).map(({ record }) => decodeSvcb(record.data));
  expect(new Set(bindings.map(({ target }) => target)).size).toBe(4_000);
  const { findings } = checkZones(views, { addresses: { allowLoopback: true, allowPrivate: false }, nowSeconds: 0, soonDays: 7 });
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(planZones(description, () => undefined, 0)).toHaveLength(201);
}, 180_000);
