import { afterEach, describe, expect, test } from "vitest";
import { parsePrefix } from "../../src/address/index.ts";
import { queryOf } from "../../src/dns/discovery/image-query.ts";
import { walkRegistry } from "../../src/dns/discovery/registry-walk.ts";
import type { RegistryState } from "../../src/dns/discovery/types.ts";
import { ZoneImage } from "../../src/dns/zone-image/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { TransferReader } from "../../src/io/transfer-reader.ts";
import { ScriptedPrimary, gives } from "../support/hostile-primary.ts";
import { APEX, registry } from "../support/registry.ts";

const REGISTRY = { apex: APEX, space: [parsePrefix("0.0.0.0/0")] };
const TRUE = registry(5, [{ services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] }]);
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A reader that has the true zone, whose primary has nothing new from now on. */
async function caughtUp() {
  const primary = await ScriptedPrimary.start(gives({ AXFR: [...TRUE, TRUE[0]!], IXFR: [TRUE[0]!] }), TRUE[0]);
  const reader = new TransferReader({ registry: REGISTRY, primaries: [primary.primary], anchors: [], deadlineMs: 5_000 }, { sha256hex });
  ends.push(() => { reader.close(); }, () => { primary.stop(); });
  return { reader, known: await reader.read(undefined) };
}

/** What a walk made of another zone, as of one that is forged. */
function walked(serial: number): Promise<RegistryState> {
  const image = ZoneImage.of(APEX, registry(serial, [{ services: ["s1.elsewhere.example."], prefixes: ["192.0.2.0/24"] }]));
  return walkRegistry(REGISTRY, undefined, { query: queryOf(image), sha256hex });
}

function servicesOf({ sets }: RegistryState): string[] {
  return [...sets.values()].flatMap(({ services }) => services);
}

test("what has been forgotten binds nobody: then the zone is read whole, whatever its serial", async () => {
  const primary = await ScriptedPrimary.start(gives({ AXFR: [...TRUE, TRUE[0]!] }), TRUE[0]);
  const reader = new TransferReader({ registry: REGISTRY, primaries: [primary.primary], anchors: [], deadlineMs: 5_000 }, { sha256hex });
  ends.push(() => { reader.close(); }, () => { primary.stop(); });
  await reader.read(undefined);
  const older = registry(1, [{ services: ["s1.dsoc-b.example."], prefixes: ["192.0.2.0/24"] }]);
  Object.assign(primary, { script: gives({ AXFR: [...older, older[0]!] }, 50), overUdp: older[0] });
  expect((await reader.read(undefined)).serial).toBe(1);
});

describe("a primary that has nothing new", () => {
  test("confirms what it has given", async () => {
    const { reader, known } = await caughtUp();
    expect(await reader.read(known)).toBe(known);
  });

  test("does not confirm what came from elsewhere under its serial: that is replaced", async () => {
    const { reader } = await caughtUp();
    expect(servicesOf(await reader.read(await walked(5)))).toEqual(["s1.dsoc-a.example."]);
  });

  test("does not confirm what came from elsewhere under a later serial, and is told of as behind", async () => {
    const { reader } = await caughtUp();
    await expect(reader.read(await walked(1_005))).rejects.toThrow(/has serial 5, older than 1005 seen before/);
  });
});
