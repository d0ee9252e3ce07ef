import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatPrefix, parseIp } from "../../src/address/index.ts";
import { EMPTY_CATALOGUE } from "../../src/core/mabs/catalogue.ts";
import { RecordType, encodeSoa } from "../../src/dns/records/index.ts";
import { readCatalogue } from "../../src/io/catalogue-file.ts";
import { openMail } from "../../src/io/catalogue-mail.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { CatalogueKeeper } from "../../src/roles/discovery/catalogue-keeper.ts";
import { discoveryOn } from "../support/discover.ts";
import { registry, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const ends: (() => Promise<unknown>)[] = [];
let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-keeper-"));
  ends.push(() => Promise.resolve(rmSync(directory, { recursive: true })));
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What has been read from DNS, and a keeper of it in a directory; `keep` has it on disk, and gives what is wrong then. */
async function keeping(place: string) {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const dsoc = [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb(SERVICE, { target: "qsa1.dsoc-a.example.", ipv4hint: [parseIp("127.0.1.1")] })];
  const server = new DnsServer([registry(1, [{ services: [SERVICE], prefixes: ["192.0.2.0/24"] }]), dsoc]);
  const { loop, catalogues } = discoveryOn(await server.listen("127.0.0.1", 0));
  ends.push(() => server.close(), () => loop.close());
  await loop.start();
  const troubles: (string | undefined)[] = [];
  const keeper = new CatalogueKeeper({ directory: place, scope: "all", discovery: loop, onKept: () => undefined, onTrouble: (trouble) => troubles.push(trouble) });
  const keep = async (): Promise<string | undefined> => {
    keeper.note(catalogues.at(-1)!);
    await keeper.close();
    return troubles.at(-1);
  };
  return { keep, troubles };
}

test("a directory that another QSR writes to as well is told of, and what is there is whole", async () => {
  const [one, other] = [await keeping(directory), await keeping(directory)];
  expect([await one.keep(), await other.keep()]).toEqual([undefined, undefined]);
  expect(await one.keep()).toBe(`something else writes to ${directory} too: give each QSR a state.directory of its own`);
  const catalogue = openMail(readCatalogue(join(directory, "catalogue.drtm"))!.mail, EMPTY_CATALOGUE);
  expect(Array.from(catalogue.mabs(), ({ prefix }) => formatPrefix(prefix))).toEqual(["192.0.2.0/24"]);
  expect(await one.keep()).toBeUndefined();
});

test("what may be removed at any time is nobody else's", async () => {
  const { keep } = await keeping(join(directory, "state"));
  expect(await keep()).toBeUndefined();
  rmSync(join(directory, "state"), { recursive: true });
  expect(await keep()).toBeUndefined();
});

test("a directory that cannot be written is told of, until it can", async () => {
  const place = join(directory, "state");
  writeFileSync(place, "");
  const { keep } = await keeping(place);
  expect(await keep()).toMatch(/^the catalogue cannot be kept in .*state: E.*; a restart will have an older one, or need DNS$/);
  rmSync(place);
  expect(await keep()).toBeUndefined();
  expect(readCatalogue(join(place, "catalogue.drtm"))).toBeDefined();
});
