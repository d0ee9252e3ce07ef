import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseEndpoint } from "../../src/config/fields.ts";
import { formatZoneFile } from "../../src/dns/zone-file/index.ts";
import { makeLog } from "../../src/io/log.ts";
import { type UpWorld, startWorld } from "../../src/roles/up.ts";
import { freePort } from "../support/process.ts";
import { registry } from "../support/registry.ts";

const hasIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1");

let directory: string;
let world: UpWorld | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
});

afterEach(async () => {
  await world?.close();
  world = undefined;
  rmSync(directory, { recursive: true });
});

/** A registry alone: no QSAs that would need addresses of their own. */
describe("drtm up, with a world without QSAs", () => {
  test.each(["127.0.0.1", ...(hasIpv6 ? ["[::1]"] : [])])("serves DNS on %s, and finds the registry there", async (host) => {
    writeFileSync(join(directory, "drtm.example.zone"), formatZoneFile(registry(7, []), { apex: "drtm.example." }));
    const options = { zones: directory, dns: parseEndpoint(`${host}:${await freePort()}`), listen: parseEndpoint(`127.0.0.1:${await freePort()}`), controlSocket: join(directory, "drtm.sock") };
    world = await startWorld(options, makeLog({ level: "error", format: "json" }));
    expect(world.dnsEndpoint).toMatch(/:[1-9]\d*$/);
    expect(world.dnsEndpoint.startsWith(`${host}:`)).toBe(true);
    expect(world.node.discovery.status.serials).toEqual({ "drtm.example.": 7 });
  });
});
