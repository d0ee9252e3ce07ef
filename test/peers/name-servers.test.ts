import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseZoneFile } from "../../src/dns/zone-file/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { Daemon, NAME_SERVERS } from "../support/daemon.ts";
import { discoverOnce } from "../support/discover.ts";
import { isWanted } from "../support/program.ts";

const ZONES = ["drtm.example", "dsoc-a.example", "dsoc-b.example", "dsoc-c.example"];

let embedded: Awaited<ReturnType<typeof discoverOnce>>;

/** What the embedded server gives, over real sockets too. */
beforeAll(async () => {
  const zones = ZONES.map((zone) => {
    const url = new URL(`../../zones/${zone}.zone`, import.meta.url);
    return parseZoneFile(readFileSync(url, "utf8"), { file: url.pathname, origin: `${zone}.` }).records;
  });
  const server = new DnsServer(zones);
  const port = await server.listen("127.0.0.1", 0);
  embedded = await discoverOnce(port);
  await server.close();
});

test("the embedded server gives the whole sample world", () => {
  expect(embedded).toMatchObject({ problems: [], failures: [] });
  expect(embedded.catalogue.size).toBeGreaterThan(2000);
});

describe.each(NAME_SERVERS)("$name", (nameServer) => {
  let daemon: Daemon | undefined;

  afterAll(() => daemon?.stop());

  test.runIf(isWanted(nameServer.program))(`serves the zones of zones/ unchanged, and gives the same catalogue (needs ${nameServer.program})`, async () => {
    daemon = await Daemon.start(nameServer, ZONES);
    const { catalogue, problems, failures } = await discoverOnce(daemon.port);
    expect({ problems, failures }).toEqual({ problems: [], failures: [] });
    expect(catalogue.equals(embedded.catalogue)).toBe(true);
  });
});
