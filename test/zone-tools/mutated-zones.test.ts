import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { checkFiles } from "../../src/zone-tools/check/run.ts";
import { compareSides } from "../../src/zone-tools/diff/compare.ts";
import { openFiles } from "../../src/zone-tools/diff/open-side.ts";
import { WalkError, readSides } from "../../src/zone-tools/diff/side.ts";
import { ZoneWorld } from "../support/zone-world.ts";

const ROUNDS = 150;
const REQUEST = { addresses: { allowLoopback: false, allowPrivate: false }, nowSeconds: 1_800_000_000, soonDays: 7, probeTimeoutMs: undefined, anchors: undefined };
/** What stands in zones, and what nobody would write there. */
const WORDS = ["@", "(", ")", '"x"', ";", "..", "-1", "4294967296", "99999999999h", "\\000", "*.x", "TXT", "SOA", "APL", "TYPE65280 \\# 2 0102", "CNAME x", "PTR .", "NSEC x TXT", "RRSIG", "ZONEMD 1 1 1 00", "DNSKEY 257 3 13 AAAA", "DS 1 13 2 00", "NSEC3PARAM 1 0 9 -", "1:0.0.0.0/0", "2:::/0", "!1:10.0.0.0/8", "ipv4hint=0.0.0.0", "mandatory=port", "no-default-alpn", "$ORIGIN .", "$TTL 0"];

let world: ZoneWorld;
let seed = 1;

beforeAll(() => {
  world = new ZoneWorld();
});

afterAll(() => {
  world.remove();
});

function below(count: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % count;
}

function one<T>(items: readonly T[]): T {
  return items[below(items.length)]!;
}

/** A line lost, doubled, with other words or numbers, or something behind it. */
function mutate(lines: string[]): void {
  const at = below(lines.length);
  const line = lines[at]!;
  const changes = [
    () => lines.splice(at, 1),
    () => lines.splice(at, 0, one(lines)),
    () => (lines[at] = line.replaceAll(/\S+/g, (word) => (below(6) === 0 ? one(WORDS) : word))),
    () => (lines[at] = line.replace(/\d+/, () => String(below(100_000)))),
    () => (lines[at] = `${line} ${one(WORDS)}`),
    () => lines.splice(at, 0, `${one(["", "@", "x", "9.idx", "_drtm.s1"])} ${one(WORDS)}`),
  ];
  one(changes)();
}

test(`whatever is wrong in zone files is told: ${ROUNDS} rounds of check and diff`, async () => {
  const before = world.files.map((file) => readFileSync(file, "utf8"));
  const right = openFiles(world.directory);
  let faulty = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, file] of world.files.entries()) {
      const lines = before[index]!.split("\n");
      for (let left = 1 + below(3); left > 0; left--) mutate(lines);
      writeFileSync(file, lines.join("\n"));
    }
    const { findings } = await checkFiles(world.files, REQUEST);
    if (findings.length > 0) faulty++;
    for (const { problem, remedy } of findings) expect(`${problem} ${remedy}`).not.toMatch(/undefined|NaN|\[object/);
    await difference(right);
  }
  expect(faulty).toBeGreaterThan(ROUNDS * 0.9);
});

/** Files that cannot be read, and registries that do not agree with themselves, have no difference to others. */
async function difference(right: ReturnType<typeof openFiles>): Promise<void> {
  try {
    compareSides(...(await readSides(right, openFiles(world.directory))));
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof WalkError)) throw error;
  }
}
