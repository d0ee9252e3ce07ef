import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { Catalogue, EMPTY_CATALOGUE } from "../../src/core/mabs/catalogue.ts";
import { readCatalogue, writeCatalogue } from "../../src/io/catalogue-file.ts";
import { mailOf, openMail } from "../../src/io/catalogue-mail.ts";

test("a catalogue comes back from its file octet for octet, in memory that threads share", async () => {
  const directory = mkdtempSync(join(tmpdir(), "drtm-catalogue-"));
  try {
    const server = { name: "qsa1.dsoc-a.example.", address: parseIp("2001:db8::1"), port: 4344, tier: 10, region: "eu", weight: 100 };
    const services = [{ name: "s1.dsoc-a.example.", servers: [server] }, { name: "s1.dsoc-b.example.", servers: [] }];
    const prefixes = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "2001:db8::/32", "2001:db8:1::/48"].map(parsePrefix);
    const catalogue = Catalogue.of({ mabs: prefixes.map((prefix, index) => ({ prefix, services: [index % 2], set: `set${index % 2}` })), services });
    const path = join(directory, "catalogue.drtm");
    await writeCatalogue(path, { mail: mailOf(catalogue, undefined)!, confirmedAt: 1, scope: "all", stamp: 2 });
    const { mail, ...rest } = readCatalogue(path)!;
    expect(rest).toEqual({ confirmedAt: 1, scope: "all", stamp: 2 });
    const read = openMail(mail, EMPTY_CATALOGUE);
    expect({ ...read.columns, edition: 0 }).toEqual(catalogue.columns);
    for (const { buffer } of [read.columns.prefixes.lengths, read.columns.groupOf, read.columns.ipv6.prefix]) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
