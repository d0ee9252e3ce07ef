import { afterEach, describe, expect, test } from "vitest";
import { type Difference, compareSides } from "../../src/zone-tools/diff/compare.ts";
import { openFiles } from "../../src/zone-tools/diff/open-side.ts";
import { readSides } from "../../src/zone-tools/diff/side.ts";
import { ZoneWorld } from "../support/zone-world.ts";

const worlds: ZoneWorld[] = [];

afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
});

describe("MABs", () => {
  test.each<[string, string, string, readonly string[]]>([
    ["nothing", "fra1", "fra1", []],
    ["one more", "198.51.100.0/24, 203", "198.51.100.0/24, 192.0.3.0/24, 203", ["added 192.0.3.0/24:  to s1.dsoc-a.example."]],
    ["one less", "198.51.100.0/24, ", "", ["removed 198.51.100.0/24: s1.dsoc-a.example. to "]],
    ["one in another set", '203.0.113.0/24, "2001:db8::/32"] }\n    - { services: [s1.dsoc-a.example, s1.dsoc-b.example], mabs: [', '"2001:db8::/32"] }\n    - { services: [s1.dsoc-a.example, s1.dsoc-b.example], mabs: [203.0.113.0/24, ', ["moved 203.0.113.0/24: s1.dsoc-a.example. to s1.dsoc-a.example.,s1.dsoc-b.example."]],
    ["a set that gets a service", "services: [s1.dsoc-a.example],", "services: [s1.dsoc-b.example],", ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"].map((mab) => `moved ${mab}: s1.dsoc-a.example. to s1.dsoc-b.example.`)],
  ])("%s", async (_what, from, to, expected) => {
    const { mabs } = await difference(from, to);
    expect(mabs.map(({ change, mab, before, after }) => `${change} ${mab}: ${before.join()} to ${after.join()}`)).toEqual(expected);
  });
});

describe("QSAs", () => {
  test.each<[string, string, string, readonly string[]]>([
    ["nothing", "fra1", "fra1", []],
    ["one more", "[fra1, nyc1]", "[fra1]", ["removed nyc1.dsoc-a.example. "]],
    ["another address", "addresses: [198.51.100.1]", "addresses: [198.51.100.7]", ["changed fra1.dsoc-a.example. endpoints"]],
    ["an address more", "addresses: [198.51.100.1]", 'addresses: [198.51.100.1, "2001:db8::1"]', ["changed fra1.dsoc-a.example. endpoints"]],
    ["another port and weight", "weight: 50", "weight: 60, port: 4345", ["changed nyc1.dsoc-a.example. endpoints,weight"]],
    ["another region", "eu-fra", "eu-ffm", ["changed fra1.dsoc-a.example. region"]],
    ["another tier", "{ tier: 10, qsas: [fra1, nyc1] }", "{ tier: 10, qsas: [fra1] }, { tier: 20, qsas: [nyc1] }", ["changed nyc1.dsoc-a.example. tier"]],
    ["another name", "qsas: [{ name: tyo2", "qsas: [{ name: tyo3", ["removed tyo2.dsoc-b.example. ", "added tyo3.dsoc-b.example. "]],
  ])("%s", async (_what, from, to, expected) => {
    const { qsas } = await difference(from, to);
    expect(qsas.map(({ change, before, after, fields }) => `${change} ${(after ?? before)!.name} ${fields.join()}`)).toEqual(expected);
  });
});

test("what only one side has the zone of is not compared, and said", async () => {
  const [a, b] = [new ZoneWorld(), new ZoneWorld((text) => text.replace("198.51.100.1]", "198.51.100.9]"))];
  worlds.push(a, b);
  const alone = compareSides(...(await readSides(openFiles(a.registry), openFiles(b.directory))));
  expect(alone).toEqual({ mabs: [], qsas: [], serials: [], notCompared: ["s1.dsoc-a.example.", "s1.dsoc-b.example."] });
  const dsocs = compareSides(...(await readSides(openFiles(a.dsocA), openFiles(b.dsocA))));
  expect(dsocs).toMatchObject({ mabs: [], qsas: [{ change: "changed", fields: ["endpoints"] }], notCompared: [] });
});

test("a service that is gone from a zone that is given has lost its QSAs", async () => {
  const [a, b] = [new ZoneWorld(), new ZoneWorld()];
  worlds.push(a, b);
  b.spoil(b.dsocB, /^_drtm.*\n/m, "");
  const { qsas, notCompared } = compareSides(...(await readSides(openFiles(a.dsocB), openFiles(b.dsocB))));
  expect({ qsas: qsas.map(({ change, before }) => `${change} ${before?.name}`), notCompared }).toEqual({ qsas: ["removed tyo2.dsoc-b.example."], notCompared: [] });
});

test("a set with a wrong digest is a problem of its side", async () => {
  const [a, b] = [new ZoneWorld(), new ZoneWorld()];
  worlds.push(a, b);
  b.spoil(b.registry, /"6-0-0 [0-9a-f]{16}"/, '"6-0-0 0123456789abcdef"');
  const [, side] = await readSides(openFiles(a.directory), openFiles(b.directory));
  expect(side.problems.map(({ problem }) => problem)).toEqual([expect.stringContaining("set left out: ")]);
});

async function difference(from: string, to: string): Promise<Difference> {
  const [a, b] = [new ZoneWorld(), new ZoneWorld((text) => spoilt(text, from, to))];
  worlds.push(a, b);
  return compareSides(...(await readSides(openFiles(a.directory), openFiles(b.directory))));
}

/** A renamed QSA is renamed where its tier lists it, too. */
function spoilt(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the description has no ${from}`);
  return to.includes("tyo3") ? text.replaceAll("tyo2", "tyo3") : text.replace(from, to);
}
